"""Rows as arrays, as many at a time as a reader gives."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shardr.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

VALUES = "values"
"""What all of SageMaker's algorithms call the tensor of features, and that of labels."""


@dataclass(frozen=True)
class Sparse:
    """Rows that name their columns: row i has ``values[ends[i] - counts[i] : ends[i]]`` in the ``columns`` there."""

    values: Any
    columns: Any
    counts: Any
    width: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.counts), self.width

    @property
    def dtype(self) -> Any:
        """Of the values."""
        return self.values.dtype

    def dense(self, dtype: Any = None) -> Any:
        """The rows written out."""
        found = np.zeros(self.shape, dtype or self.values.dtype)
        found[np.repeat(np.arange(len(self.counts)), self.counts), self.columns] = self.values
        return found

    def astype(self, dtype: Any) -> Sparse:
        """The same with values of another type."""
        return replace(self, values=self.values.astype(dtype))

    def csr(self) -> Any:
        """The rows as ``scipy.sparse.csr_matrix``; scipy must be installed."""
        from scipy import sparse

        ends = np.concatenate([[0], np.cumsum(self.counts)])
        return sparse.csr_matrix((self.values, self.columns, ends), self.shape)

    def __getitem__(self, rows: slice) -> Sparse:
        begin, end, _ = rows.indices(len(self.counts))
        first, last = int(self.counts[:begin].sum()), int(self.counts[:end].sum())
        return Sparse(self.values[first:last], self.columns[first:last], self.counts[begin:end], self.width)


@dataclass(frozen=True)
class Block:
    """Rows that follow each other in a file.

    ``features`` are a table of numbers, ``Sparse`` rows, or None where records have none, as answers of models do.
    ``labels`` has an array of a number, or of several, for each row, by the name of the label, which is ``values`` but
    in answers. ``uids`` and ``metadata`` have a text or None for each row, or are None. ``first`` is the number of the
    first record in its file, from 1.
    """

    features: Any
    labels: dict[str, Any] = field(default_factory=dict)
    uids: list[str | None] | None = None
    metadata: list[str | None] | None = None
    first: int = 1
    rows: int = 0

    def __len__(self) -> int:
        return self.rows

    @property
    def label(self) -> Any:
        """The label called ``values``, else the only one; None where there is none."""
        only = next(iter(self.labels.values())) if len(self.labels) == 1 else None
        return self.labels.get(VALUES, only)

    @property
    def width(self) -> int | None:
        """How many columns the features have; None where there are none."""
        return None if self.features is None else int(self.features.shape[1])

    @property
    def label_widths(self) -> dict[str, int]:
        """How many numbers each label has."""
        return {name: 1 if values.ndim == 1 else values.shape[1] for name, values in self.labels.items()}

    @property
    def sparse(self) -> bool:
        """Whether the rows name their columns."""
        return isinstance(self.features, Sparse)

    def table(self) -> Any:
        """The features as a table, sparse rows written out."""
        return self.features.dense() if isinstance(self.features, Sparse) else self.features

    def missing(self) -> int:
        """How many features are no numbers (NaN): they are kept as they are."""
        held = self.features.values if isinstance(self.features, Sparse) else self.features
        return int(np.isnan(held).sum()) if held is not None and held.dtype.kind == "f" else 0

    def __getitem__(self, rows: slice) -> Block:
        begin, end, step = rows.indices(self.rows)
        if step != 1:
            raise ValueError("a block is cut into rows that follow each other")
        return replace(
            self,
            features=None if self.features is None else self.features[begin:end],
            labels={name: values[begin:end] for name, values in self.labels.items()},
            uids=None if self.uids is None else self.uids[begin:end],
            metadata=None if self.metadata is None else self.metadata[begin:end],
            first=self.first + begin,
            rows=max(0, end - begin),
        )


def joined(blocks: Sequence[Block]) -> Block:
    """One block of all rows; raises DataError for blocks that do not have the same labels or columns."""
    if len(blocks) == 1:
        return blocks[0]
    if not blocks:
        return Block(None)
    if len({(tuple(block.labels), block.width) for block in blocks}) > 1:
        raise DataError("These rows do not have the same labels and columns", fix="read the files one by one")
    return Block(
        _features([block.features for block in blocks]),
        {name: np.concatenate([block.labels[name] for block in blocks]) for name in blocks[0].labels},
        _texts([block.uids for block in blocks], blocks),
        _texts([block.metadata for block in blocks], blocks),
        blocks[0].first,
        sum(block.rows for block in blocks),
    )


def _features(parts: list[Any]) -> Any:
    if parts[0] is None:
        return None
    if not any(isinstance(part, Sparse) for part in parts):
        return np.concatenate(parts)
    rows = [part if isinstance(part, Sparse) else as_sparse(part) for part in parts]
    values, columns, counts = (
        np.concatenate([getattr(row, name) for row in rows]) for name in ("values", "columns", "counts")
    )
    return Sparse(values, columns, counts, rows[0].width)


def as_sparse(table: Any) -> Sparse:
    """Each row of a table with all of its columns."""
    rows, width = table.shape
    return Sparse(table.ravel(), np.tile(np.arange(width), rows), np.full(rows, width), width)


def _texts(parts: list[list[str | None] | None], blocks: Sequence[Block]) -> list[str | None] | None:
    if all(part is None for part in parts):
        return None
    return [text for part, block in zip(parts, blocks, strict=True) for text in part or [None] * block.rows]
