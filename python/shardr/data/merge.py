"""The shards of one table put together again: into one file, or into one table in memory."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

from shardr.data.answers import filled, is_answer
from shardr.data.files import copy_range, workplace
from shardr.data.formats import KNOWN, tabular
from shardr.data.tables import batches, columns, format_of
from shardr.data.text import BOM, Header, read_header, reading
from shardr.data.write import open_to_write, write
from shardr.errors import ColumnsDifferError, DataError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pyarrow as pa

    from shardr.data.formats import Format

    Pieces = Callable[[], Iterable[pa.RecordBatch]]

_BLOCK_BYTES = 1 << 20

__all__ = ["MergeResult", "merge", "read"]


@dataclass(frozen=True)
class MergeResult:
    """What ``merge`` wrote: where, from how many files, and its size in ``bytes``."""

    path: Path
    files: int
    bytes: int


def merge(files: Sequence[Path], to: Path, *, fill: bool = False) -> MergeResult:
    """One file with the records of all ``files``, in the order in which they are given.

    Shards are CSV, TSV, JSON lines, Parquet or recordIO, all of one kind; ``to`` may be of another. CSV shards with
    equal headers, and recordIO, are joined byte by byte, one header kept; others keep their values as they are
    written, a missing one becomes an empty field. Into Parquet, each column gets the one type that its values in all
    shards fit; into recordIO, all become float32, but ``label``, ``uid`` and ``metadata``, which are what they are
    called. Shards without records, or without a single byte, add nothing. ``to`` appears whole or not at all.

    With ``fill=True`` the columns may differ: the result has all of them, in the order of their first appearance, and
    a shard that lacks one has missing values there.

    Raises ColumnsDifferError naming each shard whose columns differ, and DataError for no files, files of several
    kinds, files that cannot be read, and a target that is one of the shards, whose folder is not there, or that cannot
    be written.
    """
    files, to = filled([Path(file) for file in files]), Path(to)
    fmt, names = _check(files, fill=fill)
    target = format_of(to)
    if to.resolve() in {file.resolve() for file in files}:
        raise DataError(f"{to} is one of the shards to merge", fix="give the result another name or folder")
    with workplace(to.parent) as folder:
        whole = folder / to.name
        headers = [read_header(file) for file in files] if fmt.delimited and fmt.header else []
        if fmt.kind == target.kind and (fmt.kind == "jsonl" or (headers and _alike(headers))):
            _concatenate(files, headers, whole, gzipped=target.gzipped)
        elif fmt.kind == target.kind == "recordio" and not fill:
            _join_records(files, whole)
        else:
            _rewrite(files, fmt, names, whole, target)
        size = whole.stat().st_size
        whole.replace(to)
    return MergeResult(to, len(files), size)


def read(files: Sequence[Path], *, fill: bool = False) -> pa.Table:
    """One Arrow table with the records of all ``files``, in the order in which they are given.

    Each column has one type for all shards. Text is read as whole numbers (int64), numbers (double), logicals, dates,
    date-times or, when a single value fits none of these, strings; ``007`` stays text. An empty field and ``NA`` are
    null; in quotes, and among strings, they are text. Parquet and JSON lines bring their types; JSON has neither NaN
    nor infinity, so where a writer left them out or wrote null, they are null. ``fill`` and errors are those of
    :func:`merge`.
    """
    import pyarrow as pa

    files = filled([Path(file) for file in files])
    fmt, names = _check(files, fill=fill)
    kept = [list(batches(file)) for file in files]
    pieces: list[Pieces] = [partial(iter, piece) for piece in kept]
    schema = _schema(pieces, fmt, names)
    return pa.Table.from_batches(_aligned(pieces, schema, as_written=not fmt.delimited), schema)


def _check(files: Sequence[Path], *, fill: bool) -> tuple[Format, list[str]]:
    """The one kind of the shards, and their columns; raises for what keeps them from being one table."""
    if not files:
        raise DataError("There are no files to merge")
    if strange := [file for file in files if tabular(file) is None and not is_answer(file)]:
        raise DataError(
            f"{strange[0]} is not a table",
            fix=f"name it by what it holds: {KNOWN}; or merge the files yourself: merge= (shell: --files)",
        )
    formats = {file: format_of(file) for file in files}
    kinds = {fmt.kind for fmt in formats.values()}
    if len(kinds) > 1:
        first = {kind: next(file for file, fmt in formats.items() if fmt.kind == kind) for kind in sorted(kinds)}
        raise DataError(
            f"Shards of different formats cannot be merged: {', '.join(first)}",
            problems=[Problem(str(file), f"is {kind}") for kind, file in first.items()],
            fix="merge the files of each format by themselves",
        )
    found = {file: names for file in files if (names := columns(file)) is not None}
    if not fill:
        _refuse_different(found)
    return formats[files[0]], list(dict.fromkeys(name for names in found.values() for name in names))


def _refuse_different(columns_of: dict[Path, list[str]]) -> None:
    usual = Counter(map(tuple, columns_of.values())).most_common(1)
    problems = [
        Problem(str(file), _difference(names, list(usual[0][0])))
        for file, names in columns_of.items()
        if tuple(names) != usual[0][0]
    ]
    if problems:
        raise ColumnsDifferError(
            f"{len(problems)} of {len(columns_of)} shards {'has' if len(problems) == 1 else 'have'} other columns",
            why=f"the columns are {', '.join(usual[0][0])}",
            problems=problems,
            fix="write the same columns in the same order in each shard, or let them differ, missing ones becoming NA: "
            "fill=True (R: fill = TRUE, shell: --fill)",
        )


def _difference(names: list[str], usual: list[str]) -> str:
    missing = [name for name in usual if name not in names]
    extra = [name for name in names if name not in usual]
    parts = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has {', '.join(extra)} besides"] * bool(extra)
    return " and ".join(parts) or f"has the columns in another order: {', '.join(names)}"


def _alike(headers: Sequence[Header | None]) -> bool:
    return len({(header.names, header.delimiter) for header in headers if header}) <= 1


def _concatenate(files: Sequence[Path], headers: Sequence[Header | None], to: Path, *, gzipped: bool) -> None:
    """Join text byte by byte: the first header as it stands, then what follows the header in each shard."""
    first = next((header for header in headers if header), None)
    starts = [len(header.raw) if header else 0 for header in headers] or [_after_bom(file) for file in files]
    with open_to_write(to, gzipped=gzipped) as out:
        last = b"\n"
        if first:
            out.write(first.raw)
            last = first.raw[-1:]
        end_of_line = b"\r\n" if first and first.raw.endswith(b"\r\n") else b"\n"
        for k, file in enumerate(files):
            if headers and headers[k] is None:
                continue  # not a byte, or nothing but empty lines
            with reading(file) as source:
                plain = not (gzipped or format_of(file).gzipped)
                last = _append(source, starts[k], out, last, end_of_line, plain=plain)


def _join_records(files: Sequence[Path], to: Path) -> None:
    """Join records byte by byte, when all have been looked at."""
    from shardr.data.recordio_tables import blocks_in  # most files are text, and need no numpy

    for file in files:
        for _ in blocks_in(file):
            pass
    with to.open("wb") as out:
        for file in files:
            with file.open("rb") as source:
                copy_range(source.fileno(), out.fileno(), 0, file.stat().st_size)


def _after_bom(file: Path) -> int:
    with reading(file) as stream:
        return len(BOM) if stream.read(len(BOM)) == BOM else 0


def _append(source: IO[bytes], start: int, out: IO[bytes], last: bytes, end_of_line: bytes, *, plain: bool) -> bytes:
    """Append what follows ``start``, after mending a line that was left open; the last byte written."""
    source.seek(start)
    block = source.read(1 if plain else _BLOCK_BYTES)
    if block and last not in (b"\n", b"\r"):
        out.write(end_of_line)
    if block and plain:
        size = os.fstat(source.fileno()).st_size
        out.flush()
        copy_range(source.fileno(), out.fileno(), start, size - start)
        return os.pread(source.fileno(), 1, size - 1)
    while block:
        out.write(block)
        last = block[-1:]
        block = source.read(_BLOCK_BYTES)
    return last


def _rewrite(files: Sequence[Path], fmt: Format, names: list[str], to: Path, target: Format) -> None:
    """Join tables batch by batch, reading the shards twice: once for their types and once for their rows."""
    import pyarrow as pa

    pieces: list[Pieces] = [partial(batches, file) for file in files]
    if fmt.delimited and target.delimited:  # text stays as it was written, to the letter
        schema = pa.schema([(name, pa.string()) for name in names])
        write(to, target, schema, _aligned(pieces, schema, as_written=True))
    else:
        schema = _schema(pieces, fmt, names)
        write(to, target, schema, _aligned(pieces, schema, as_written=not fmt.delimited))


def _schema(pieces: Sequence[Pieces], fmt: Format, names: list[str]) -> pa.Schema:
    """The columns of all shards, each with the one type that fits it everywhere."""
    import pyarrow as pa

    from shardr.data.infer import ANY, narrow, settle, unify

    if fmt.delimited:
        narrowed = dict.fromkeys(names, ANY)
        for piece in pieces:
            for batch in piece():
                for name in batch.schema.names:
                    narrowed[name] = narrow(narrowed[name], batch.column(name))
        return pa.schema([(name, settle(types)) for name, types in narrowed.items()])
    seen: dict[str, dict[pa.DataType, None]] = {name: {} for name in names}
    for piece in pieces:
        for schema in dict.fromkeys(batch.schema for batch in piece()):
            for field in schema:
                seen.setdefault(field.name, {})[field.type] = None
    return pa.schema([(name, unify(types)) for name, types in seen.items()])


def _aligned(pieces: Sequence[Pieces], schema: pa.Schema, *, as_written: bool) -> Iterator[pa.RecordBatch]:
    """The batches of all shards with the columns of ``schema``; text means what it says unless kept ``as_written``."""
    import pyarrow as pa

    from shardr.data.infer import convert

    for piece in pieces:
        for batch in piece():
            have = set(batch.schema.names)
            filled = []
            for field in schema:
                if field.name not in have:
                    filled.append(pa.nulls(batch.num_rows, field.type))
                elif as_written:
                    filled.append(_cast(batch.column(field.name), field))
                else:
                    filled.append(convert(batch.column(field.name), field.type))
            yield pa.RecordBatch.from_arrays(filled, schema=schema)


def _cast(column: pa.Array, field: pa.Field) -> pa.Array:
    import pyarrow as pa

    try:
        return column.cast(field.type)
    except pa.ArrowException as err:
        raise DataError(f'Column "{field.name}" has types that do not go together in its shards', why=str(err)) from err
