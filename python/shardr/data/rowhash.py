"""A digest of the rows of a table that does not depend on their order, on how they are spread, or on the format.

Each row is hashed to 2 × 64 bits from its cells (``cells.py`` says when two cells are the same) and the *names* of
their columns, so the order of columns does not matter; missing cells count for nothing, so neither does a column that
is not there from one that is empty. The digest of a table is the sum of its rows, so rows can be summed shard by
shard, in any order, and a lost, repeated or changed row shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shardr.data.tables import as_data_error, batches

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["RowDigest", "combine", "row_digest", "row_hashes"]

_LANE = 1 << 64


@dataclass(frozen=True)
class RowDigest:
    """How many rows there are, and 128 bits that say which: two sums, each modulo 2^64, side by side."""

    rows: int
    digest: int


def row_digest(path: str | os.PathLike[str]) -> RowDigest:
    """The digest of the rows of one CSV, TSV, JSON lines, Parquet or recordIO file, read block by block.

    Raises DataError naming the file when it is no table or not what its name promises.
    """
    total = RowDigest(0, 0)
    for hashes in row_hashes(path):
        high, low = (int(lane) for lane in hashes.sum(axis=1))
        total = combine([total, RowDigest(hashes.shape[1], high * _LANE + low)])
    return total


def combine(digests: Iterable[RowDigest]) -> RowDigest:
    """The digest of the rows of several files together.

    >>> combine([RowDigest(2, 7), RowDigest(1, 5)])
    RowDigest(rows=3, digest=12)
    """
    rows = high = low = 0
    for part in digests:
        rows += part.rows
        high += part.digest // _LANE
        low += part.digest % _LANE
    return RowDigest(rows, high % _LANE * _LANE + low % _LANE)


def row_hashes(path: str | os.PathLike[str]) -> Iterator[NDArray[np.uint64]]:
    """The hashes of the rows in their order, block by block: arrays of shape 2 × rows."""
    path = Path(path)
    for batch in batches(path):
        with as_data_error(path):
            hashes = _batch_hashes(batch)
        yield hashes


def _batch_hashes(batch: pa.RecordBatch) -> NDArray[np.uint64]:
    import numpy as np

    from shardr.data.cells import mix

    sums = np.zeros((2, batch.num_rows), np.uint64)
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        hashes, codes = _column_hashes(name, column)
        for lane in range(2):
            sums[lane] += hashes[lane][codes]
    return mix(sums)


def _column_hashes(name: str, column: pa.Array) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """The hashes of the different cells of a column, 0 for a missing one, and which row has which."""
    import numpy as np
    import pyarrow as pa

    from shardr.data.cells import cell_hashes, mix, seed

    if pa.types.is_nested(column.type):
        values, codes = column, np.arange(len(column), dtype=np.int32)
    else:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        encoded = column.dictionary_encode(null_encoding="encode")
        values, codes = encoded.dictionary, encoded.indices.to_numpy()
    hashes, there = cell_hashes(values)
    hashes = mix(hashes + seed("shardr column", name)[:, None])
    hashes[:, ~there] = 0
    return hashes, codes
