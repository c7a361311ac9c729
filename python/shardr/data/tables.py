"""Tabular files as streams of Arrow batches, whatever their format. Text stays the text it is until asked."""

from __future__ import annotations

import json
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

from shardr.data.answers import answered, column_names, flat, is_answer
from shardr.data.formats import KNOWN, Format, tabular
from shardr.data.text import BOM, Header, blocks, read_header, reading, unreadable
from shardr.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

__all__ = ["as_data_error", "batches", "columns", "format_of"]

_BLOCK_BYTES = 2 << 20  # Arrow reads up to 32 blocks ahead, so this is memory; no record of CSV may be longer
_BATCH_ROWS = 1 << 17


def format_of(path: Path) -> Format:
    """The format of a file; raises DataError when its name is not that of a table, nor of answers of a model."""
    fmt = answered(path) if is_answer(path) else tabular(path)
    if fmt is None:
        raise DataError(f"{path} is not a table", fix=f"name it by what it holds: {KNOWN}")
    return fmt


def columns(path: Path) -> list[str] | None:
    """The names of the columns; None when the file does not say (JSON lines, or no byte of text, or no record)."""
    fmt = format_of(path)
    if fmt.kind == "parquet":
        import pyarrow.parquet as pq

        with as_data_error(path):
            return cast("list[str]", pq.read_schema(path).names)
    if fmt.kind == "recordio":
        from shardr.data.recordio_tables import blocks_in, names

        first = next(blocks_in(path), None)
        return None if first is None else names(first)
    if not fmt.header:
        return column_names(path) or None
    header = read_header(path) if fmt.delimited else None
    return list(header.names) if header else None


def batches(path: Path) -> Iterator[pa.RecordBatch]:
    """The rows of a file, block by block.

    CSV and TSV come as text (see ``_text_batches``), Parquet, recordIO and JSON lines in their own types; a JSON string
    is a string, also when it looks like a date. Raises DataError naming the file when it is not what its name promises.
    """
    fmt = format_of(path)
    with as_data_error(path):
        if fmt.kind == "parquet":
            import pyarrow.parquet as pq

            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(batch_size=_BATCH_ROWS)
        elif fmt.kind == "recordio":
            from shardr.data.recordio_tables import batches_of

            yield from batches_of(path)
        elif fmt.kind == "jsonl":
            yield from map(flat, _json_batches(path)) if is_answer(path) else _json_batches(path)
        elif not fmt.header:
            names = column_names(path)
            yield from _text_batches(path, b",", names, header=False) if names else ()
        elif header := read_header(path):
            yield from _headed_batches(path, header)


def _headed_batches(path: Path, header: Header) -> Iterator[pa.RecordBatch]:
    repeated = sorted({name for name in header.names if header.names.count(name) > 1})
    if repeated:
        raise DataError(f"{path} has two columns of the same name: {', '.join(repeated)}")
    if header.raw.endswith((b"\n", b"\r")):  # else the file ends with its header, for which Arrow has only an error
        yield from _text_batches(path, header.delimiter, header.names, header=True)


def _text_batches(path: Path, delimiter: bytes, names: Sequence[str], *, header: bool) -> Iterator[pa.RecordBatch]:
    """The rows of a CSV or TSV file, each column as strings.

    An empty field and ``NA`` are null; in quotes both are text, for that is how a writer tells them apart.
    """
    import pyarrow as pa
    from pyarrow import csv

    yield from csv.open_csv(
        path,
        read_options=csv.ReadOptions(block_size=_BLOCK_BYTES, column_names=None if header else names),
        parse_options=csv.ParseOptions(
            delimiter=delimiter.decode(),
            newlines_in_values=True,
            ignore_empty_lines=len(names) > 1,
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=["", "NA"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _json_batches(path: Path) -> Iterator[pa.RecordBatch]:
    with reading(path) as stream:
        first = 1
        for block in blocks(stream, _BLOCK_BYTES):
            text = block.removeprefix(BOM) if first == 1 else block
            if text.strip():
                yield from _json_table(path, text, first).to_batches()
            first += block.count(b"\n")


def _json_table(path: Path, text: bytes, first_line: int) -> pa.Table:
    import pyarrow as pa
    from pyarrow import json as pajson

    try:
        table = pajson.read_json(BytesIO(text), pajson.ReadOptions(use_threads=False, block_size=2 * len(text)))
        stamps = [field.name for field in table.schema if pa.types.is_timestamp(field.type)]
        if stamps:
            strings = pa.schema([(name, pa.string()) for name in stamps])
            typed = pajson.read_json(
                BytesIO(text),
                pajson.ReadOptions(use_threads=False, block_size=2 * len(text)),
                pajson.ParseOptions(explicit_schema=strings),
            )
            table = typed.select(table.column_names)  # Arrow puts the columns of a given schema first
    except pa.ArrowInvalid:  # a line that is no JSON, or a column of more than one type
        return _mixed_json_table(path, text, first_line)
    return table


def _mixed_json_table(path: Path, text: bytes, first_line: int) -> pa.Table:
    """The same without Arrow's demand that a column has one type: what is not alike becomes text."""
    import pyarrow as pa

    rows = []
    for number, line in enumerate(text.split(b"\n"), first_line):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as err:
            raise DataError(f"{path} line {number} is not JSON", why=str(err)) from err
        if not isinstance(row, dict):
            raise DataError(f"{path} line {number} is not a JSON object", fix="write one {...} on each line")
        rows.append(row)
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pa.table({name: _one_type([row.get(name) for row in rows]) for name in names})


def _one_type(cells: list[Any]) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.array(cells)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return pa.array([cell if cell is None or isinstance(cell, str) else json.dumps(cell) for cell in cells])


@contextmanager
def as_data_error(path: Path) -> Iterator[None]:
    """Arrow's errors and the system's, raised as DataError naming the file."""
    import pyarrow as pa

    try:
        yield
    except pa.ArrowException as err:
        raise DataError(f"Cannot read {path} as {format_of(path).kind}", why=str(err)) from err
    except OSError as err:
        raise unreadable(path, err) from err
