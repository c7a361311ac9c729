"""Arrow batches written out: CSV, TSV, JSON lines, Parquet."""

from __future__ import annotations

import gzip
import json
import math
from typing import IO, TYPE_CHECKING, Any, cast

from shardr.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa

    from shardr.data.formats import Format

_GROUP_ROWS = 1 << 17
_GROUP_BYTES = 32 << 20

__all__ = ["open_to_write", "write"]


def write(path: Path, fmt: Format, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write batches of one schema in a format; missing values are empty fields, or null.

    Raises DataError for a column that the format cannot hold.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if fmt.kind == "parquet":
            with pq.ParquetWriter(path, schema) as writer:
                for group in _row_groups(batches):
                    writer.write_table(pa.Table.from_batches(group, schema))
            return
        if fmt.kind == "recordio":
            from shardr.data.recordio_tables import encoded

            with path.open("wb") as out:
                out.writelines(encoded(batches, schema, path.name))
            return
        with open_to_write(path, gzipped=fmt.gzipped) as out:
            if fmt.kind == "jsonl":
                for batch in batches:
                    out.writelines(_json_line(row) for row in _as_doubles(batch).to_pylist())
            else:
                delimiter = "," if fmt.kind == "csv" else "\t"
                out.write(_lines([pa.array([name]) for name in schema.names], delimiter))
                for batch in batches:
                    out.write(_lines(batch.columns, delimiter))
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid, pa.ArrowTypeError) as err:
        raise DataError(f"These columns cannot be written as {fmt.kind}", why=str(err)) from err


def _row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    """Small batches gathered, for each write makes a row group and those want to be large."""
    group: list[pa.RecordBatch] = []
    for batch in batches:
        group.append(batch)
        if sum(part.num_rows for part in group) >= _GROUP_ROWS or sum(part.nbytes for part in group) >= _GROUP_BYTES:
            yield group
            group = []
    if group:
        yield group


def open_to_write(path: Path, *, gzipped: bool) -> IO[bytes]:
    """A new file opened for writing bytes, through gzip or not."""
    return cast("IO[bytes]", gzip.open(path, "wb", compresslevel=6) if gzipped else path.open("wb"))


def _as_doubles(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Single precision as the double of the same few digits: 0.1 and not 0.10000000149."""
    import pyarrow as pa

    columns = [c.cast(pa.string()).cast(pa.float64()) if pa.types.is_float32(c.type) else c for c in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _json_line(row: dict[str, Any]) -> bytes:
    plain = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
    return json.dumps(plain, ensure_ascii=False, default=str).encode() + b"\n"


def _lines(columns: list[pa.Array], delimiter: str) -> bytes:
    """The rows as lines of text, each field quoted only where it must be: also where it would look missing."""
    import pyarrow.compute as pc

    if not columns or not len(columns[0]):
        return b""
    rows = pc.binary_join_element_wise(*(_fields(column, delimiter) for column in columns), delimiter)
    lines = pc.binary_join_element_wise(rows, "", "\n")
    return cast("bytes", lines.buffers()[2].to_pybytes())


def _fields(column: pa.Array, delimiter: str) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    text = column.cast(pa.string())
    special = pc.match_substring_regex(text, f'["\\r\\n{delimiter}]|^(NA)?$')
    if pc.any(special).as_py():
        escaped = pc.binary_join_element_wise('"', pc.replace_substring(text, '"', '""'), '"', "")
        text = pc.if_else(special, escaped, text)
    return text.fill_null("")
