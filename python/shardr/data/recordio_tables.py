"""Tables as rows of numbers for recordIO-protobuf, and such rows as tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from shardr.data.formats import tabular
from shardr.data.recordio_numbers import as_type, label_of, labelled
from shardr.data.tables import batches
from shardr.data.text import unreadable
from shardr.errors import DataError, Problem
from shardr.recordio.blocks import Block, Sparse
from shardr.recordio.encoding import encode
from shardr.recordio.reading import blocks
from shardr.recordio.tensors import DTYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt
    import pyarrow as pa

__all__ = ["as_blocks", "as_table", "batches_of", "blocks_in", "encoded", "names"]

PIECE_ROWS = 1 << 15
NUMBER = r"(?i)^([-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?|nan|-?inf)$"


def as_blocks(
    rows: Any,
    label: str | npt.ArrayLike | None = None,
    labels: npt.ArrayLike | None = None,
    dtype: str | None = None,
    uid: str | None = None,
    metadata: str | None = None,
) -> Iterator[Block]:
    """The rows of a table as blocks to write: of a data frame, an Arrow table, a matrix of numpy or scipy, or a file.

    - ``label``: the column that is the label, of what has named columns, or, as ``labels`` is, a number for each row.
    - ``uid``, ``metadata``: the columns that are these texts, of what has named columns.
    - ``dtype``: what the numbers become: ``float32``, ``float64`` or ``int32``. By default a matrix keeps what it has,
      where it has one of these, and all else is float32, which the algorithms read.

    Raises DataError naming each column, with its first row, that is no numbers or has some that ``dtype`` cannot hold.
    """
    if dtype is not None and dtype not in DTYPES:
        raise DataError(f'There are no tensors of "{dtype}"', fix=f"take {', '.join(DTYPES)}")
    for argument, text in (("uid", uid), ("metadata", metadata)):
        if not isinstance(text, str | None):
            raise DataError(f"{argument}= is the name of a column, found {type(text).__name__}")
    name, values = label_of(label, labels)
    found = _blocks(rows, (name, uid, metadata), dtype, whole=values is None)
    return found if values is None else labelled(found, values, dtype)


def _blocks(
    rows: Any, special: tuple[str | None, str | None, str | None], dtype: str | None, *, whole: bool
) -> Iterator[Block]:
    """The rows with the columns that are label, uid and metadata; blocks are ``whole`` as they are."""
    if isinstance(rows, (str, Path)) and dtype is None and special == (None,) * 3 and _of_records(Path(rows)):
        return blocks_in(Path(rows))
    if isinstance(rows, (str, Path)):
        parts = _named(batches(Path(rows)), str(rows))
        return _of_batches(parts, special, dtype or "float32", str(rows))
    if hasattr(rows, "tocsr") or type(rows).__module__ == "numpy":
        for name in special:
            if name is not None:
                raise DataError(
                    f'A matrix has no column "{name}"', fix="label= takes a number for each row; or give a table"
                )
        return _of_matrix(rows, dtype)
    if hasattr(rows, "to_records"):
        import pyarrow as pa

        rows = pa.Table.from_pandas(rows, preserve_index=False)
    if hasattr(rows, "to_batches"):
        return _of_batches(rows.to_batches(PIECE_ROWS), special, dtype or "float32", "the table")
    if not whole or special != (None,) * 3:
        raise DataError("Blocks have labels and texts of their own")
    return iter([rows] if isinstance(rows, Block) else cast("Iterable[Block]", rows))


def _named(parts: Iterator[pa.RecordBatch], name: str) -> Iterator[pa.RecordBatch]:
    """The same rows, of which none was taken for the names of the columns; raises DataError where one was."""
    for i, part in enumerate(parts):
        if i == 0 and part.num_columns and all(re.match(NUMBER, column.strip()) for column in part.schema.names):
            raise DataError(
                f"{name} has no line of names: {','.join(part.schema.names)[:80]} would be lost",
                fix="write the names of the columns before the rows",
            )
        yield part


def _of_matrix(rows: Any, dtype: str | None) -> Iterator[Block]:
    import numpy as np

    sparse = hasattr(rows, "tocsr")
    matrix: Any = rows.tocsr().sorted_indices() if sparse else np.asarray(rows)
    if matrix.ndim != 2:
        raise DataError(f"Rows are a table of two dimensions, found {matrix.ndim}", fix="reshape it: a row each record")
    kind = dtype or (str(matrix.dtype) if str(matrix.dtype) in DTYPES else "float32")
    for first in range(0, matrix.shape[0], PIECE_ROWS):
        part = matrix[first : first + PIECE_ROWS]
        held: Any = (
            Sparse(as_type(part.data, kind, "the matrix"), part.indices, np.diff(part.indptr), part.shape[1])
            if sparse
            else as_type(part, kind, "the matrix")
        )
        yield Block(held, first=first + 1, rows=part.shape[0])


def _of_batches(
    parts: Iterable[pa.RecordBatch], special: tuple[str | None, str | None, str | None], dtype: str, name: str
) -> Iterator[Block]:
    """The rows of a table, of which label, uid and metadata may be columns."""
    import numpy as np

    label, *texts = special

    first, columns = 1, None
    for batch in parts:
        if columns is None:
            columns = batch.schema.names
            if lacking := [column for column in special if column is not None and column not in columns]:
                raise DataError(f'{name} has no column "{lacking[0]}"', fix=f"it has {', '.join(columns)}")
        if batch.schema.names != columns:
            raise DataError(f"{name} does not have the same columns in all rows", fix="write them all in each row")
        problems: list[Problem] = []
        numbers = [column for column in columns if column not in texts]
        held = {column: _numbers(batch, column, dtype, first, problems) for column in numbers}
        if problems:
            raise DataError(f"{name} cannot be written as recordIO-protobuf of {dtype}", problems=problems)
        mine = {} if label is None else {"values": held.pop(label)}
        uids, metadata = (None if text is None else _text(batch.column(text)) for text in texts)
        features = np.column_stack(list(held.values())) if held else None
        yield Block(features, mine, uids, metadata, first=first, rows=batch.num_rows)
        first += batch.num_rows


def _text(column: pa.Array) -> list[str | None]:
    import pyarrow as pa

    found: list[str | None] = column.cast(pa.string()).to_pylist()
    return found


def _numbers(batch: pa.RecordBatch, column: str, dtype: str, first: int, problems: list[Problem]) -> Any:
    """A column as numbers, missing ones as NaN; what keeps it from being that is put to the problems."""
    import pyarrow as pa
    import pyarrow.compute as pc

    held = batch.column(column)
    place, kind = f'column "{column}"', held.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        held = pc.utf8_trim_whitespace(held)
        if pc.any(wrong := pc.invert(pc.match_substring_regex(held, NUMBER))).as_py():
            at = pc.index(wrong, value=True).as_py()
            problems.append(Problem(place, f'row {first + at}: "{held[at]}" is no number'))
            return None
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        problems.append(Problem(place, f"{kind} is no type of numbers", "leave it out, or make numbers of it"))
        return None
    try:
        doubles = (held.cast(pa.int8()) if pa.types.is_boolean(kind) else held).cast(pa.float64())
        return as_type(doubles.to_numpy(zero_copy_only=False), dtype, place, whole=pa.types.is_integer(kind))
    except pa.ArrowInvalid as err:
        problems.append(Problem(place, str(err)))
    except DataError as err:
        problems.append(Problem(place, err.why or err.what, err.fix))
    return None


def names(block: Block) -> list[str]:
    """The columns of the table that ``as_table`` makes: label, then V1, V2 … as R numbers columns without names.

    A label of several numbers has a column for each, ``projection_1``, ``projection_2`` … as in answers in JSON lines.
    """
    found = [] if block.uids is None else ["uid"]
    for name, values in block.labels.items():
        plain = "label" if name == "values" else name
        found += [plain] if values.ndim == 1 else [f"{plain}_{i + 1}" for i in range(values.shape[1])]
    found += [f"V{i + 1}" for i in range(block.width or 0)]
    return found + ([] if block.metadata is None else ["metadata"])


def as_table(block: Block) -> pa.Table:
    """The rows of a block, sparse ones written out, as columns."""
    import pyarrow as pa

    columns: list[Any] = [] if block.uids is None else [pa.array(block.uids, pa.string())]
    for values in block.labels.values():
        columns += [pa.array(part) for part in ([values] if values.ndim == 1 else values.T)]
    if block.features is not None:
        columns += [pa.array(column) for column in block.table().T.copy()]
    if block.metadata is not None:
        columns.append(pa.array(block.metadata, pa.string()))
    return pa.table(columns, names=names(block))


def _of_records(path: Path) -> bool:
    fmt = tabular(path)
    return fmt is not None and fmt.kind == "recordio"


def blocks_in(path: Path, **asked: Any) -> Iterator[Block]:
    """The rows of a file of recordIO-protobuf, block by block; asked and held to it as ``blocks``."""
    try:
        with path.open("rb", buffering=0) as file:
            yield from blocks(file, str(path), **asked)
    except OSError as err:
        raise unreadable(path, err) from err


def batches_of(path: Path) -> Iterator[pa.RecordBatch]:
    """The same as ``as_table`` has them."""
    for block in blocks_in(path):
        yield from as_table(block).to_batches()


def encoded(parts: Iterable[pa.RecordBatch], schema: pa.Schema, name: str) -> Iterator[Any]:
    """The bytes of records of float32 for the rows of a table, as ``as_table`` names its columns; raises DataError."""
    label, uid, metadata = (column if column in schema.names else None for column in ("label", "uid", "metadata"))
    for block in _of_batches(parts, (label, uid, metadata), "float32", name):
        yield encode(block.features, block.labels, block.uids, block.metadata).content.data
