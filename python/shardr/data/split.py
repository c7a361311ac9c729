"""One big file cut into shards of whole records, with memory for one block."""

from __future__ import annotations

import re
import shutil
import sys
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING

from shardr.data.files import copy_range, workplace
from shardr.data.formats import Format, stem
from shardr.data.tables import as_data_error, batches, format_of
from shardr.data.text import blocks, never_closed, read_header, reading, unquoted
from shardr.data.write import write
from shardr.errors import DataError
from shardr.runtime.shares import row_range

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["first_part", "split"]


def split(source: Path, shards: int, to: Path, *, overwrite: bool = False) -> list[Path]:
    """The paths of ``shards`` files in the folder ``to`` that hold the records of ``source``, in their order.

    ``bank.csv`` becomes ``bank-00001-of-00004.csv`` and so on. CSV and TSV shards all have the header; text is cut at
    about equal bytes, never inside a record (quoted newlines included), and stays as it is byte for byte; Parquet and
    recordIO are cut at equal rows. There are always ``shards`` files: with fewer records than that the last ones have
    none, only the header. A gzipped source is unpacked on the way. The shards appear together, when all are written;
    ``to`` is made when it is not there, but no folder above it.

    Raises DataError when ``source`` cannot be read or breaks off inside a quoted field, when the folder of ``to`` is
    not there, and when ``to`` has shards of this source already, unless ``overwrite``: then those are replaced, also
    when they were of another number.
    """
    source, to = Path(source), Path(to)
    if shards < 1:
        raise DataError(f"{source} cannot be split into {shards} shards", fix="ask for at least 1")
    fmt = format_of(source)
    base, ending = stem(source)
    names = [f"{base}-{k:05d}-of-{shards:05d}{ending}" for k in range(1, shards + 1)]
    old = _shards_of(base, ending, to)
    if old and not overwrite:
        raise DataError(
            f"{to} has {len(old)} shards of {source.name} already, {old[0].name} for one",
            fix="split into an empty folder, or replace them: overwrite=True (R: overwrite = TRUE, shell: --overwrite)",
        )
    with workplace(to, make=True) as folder:
        written = [folder / name for name in names]
        if fmt.kind == "parquet":
            _split_parquet(source, written)
        elif fmt.kind == "recordio":
            _split_records(source, written)
        elif fmt.gzipped:
            _split_text(_unpacked(source, folder / f"{base}{ending}"), written)
        else:
            _split_text(source, written)
        for path in old:
            path.unlink()
        return [path.replace(to / path.name) for path in written]


def first_part(source: Path, parts: int, to: Path) -> int:
    """Writes the first ``1/parts`` of the records of ``source`` to the file ``to``; its weight in bytes of ``source``.

    It is the first shard of ``split``, but of text no more is read than is written. A file of records has at least one
    in its part. Raises DataError as ``split`` does.
    """
    fmt = format_of(source)
    # weighed by their part: packed again, they may weigh something else
    if fmt.kind in ("parquet", "recordio") or fmt.gzipped:
        folder = to.parent / f".{to.name}.parts"
        split(source, parts, folder)[0].replace(to.with_name(to.name.removesuffix(".gz")))
        shutil.rmtree(folder)
        return source.stat().st_size // parts
    header = read_header(source) if fmt.delimited else None
    start = len(header.raw) if header else 0
    targets = [start + (source.stat().st_size - start) // parts]
    with reading(source) as stream, to.open("wb") as out:
        if header:
            stream.seek(start)
            cut = next(_cuts_outside_quotes(source, stream, start, targets, header.delimiter))
        else:
            cut = _cuts(source, start, targets, b"")[0]
        copy_range(stream.fileno(), out.fileno(), 0, cut)
    return cut


def _shards_of(base: str, ending: str, folder: Path) -> list[Path]:
    shard = re.compile(rf"{re.escape(base)}-\d{{5,}}-of-\d{{5,}}{re.escape(ending)}")
    return sorted(path for path in folder.iterdir() if shard.fullmatch(path.name)) if folder.is_dir() else []


def _split_records(source: Path, written: list[Path]) -> None:
    import numpy as np

    from shardr.recordio.reading import pieces

    with source.open("rb", buffering=0) as stream:
        begins = np.concatenate([np.zeros(0, np.int64), *(records.offsets for records in pieces(stream, str(source)))])
    places = np.append(begins, source.stat().st_size)
    with source.open("rb") as stream:
        for k, path in enumerate(written):
            first, end = row_range(k, len(written), len(begins))
            with path.open("wb") as out:
                copy_range(stream.fileno(), out.fileno(), int(places[first]), int(places[end] - places[first]))


def _unpacked(source: Path, to: Path) -> Path:
    with reading(source) as packed, to.open("wb") as plain:
        shutil.copyfileobj(packed, plain)
    return to


def _split_text(source: Path, written: list[Path]) -> None:
    delimited = format_of(source).delimited
    header = read_header(source) if delimited else None
    top = header.raw if header else b""
    size = source.stat().st_size
    body = size - len(top)
    targets = [len(top) + k * body // len(written) for k in range(1, len(written))]
    cuts = _cuts(source, len(top), targets, header.delimiter if header else b"")
    with reading(source) as stream:
        for path, (start, end) in zip(written, pairwise([len(top), *cuts, size]), strict=True):
            with path.open("wb") as out:
                out.write(top)
                out.flush()
                copy_range(stream.fileno(), out.fileno(), start, end - start)


def _cuts(source: Path, start: int, targets: list[int], delimiter: bytes) -> list[int]:
    """For each target the end of the record it falls into, each behind the one before as long as there are records.

    Whether a newline of CSV ends a record, only the text from the very beginning can tell, so all of it is looked at.
    JSON lines have no newline inside a record: looking ahead from the target is enough (``delimiter`` is empty then).
    """
    with reading(source) as stream:
        if delimiter:
            stream.seek(start)
            return list(_cuts_outside_quotes(source, stream, start, targets, delimiter))
        found = [start]
        for target in targets:
            stream.seek(max(target, found[-1] + 1) - 1)
            found.append(stream.tell() + len(stream.readline()))
        return [min(cut, source.stat().st_size) for cut in found[1:]]


def _cuts_outside_quotes(
    source: Path, stream: IO[bytes], start: int, targets: list[int], delimiter: bytes
) -> Iterator[int]:
    wanted = iter([*targets, sys.maxsize])
    cut, target, inside = start, next(wanted), False
    for block in blocks(stream):
        done = 0  # the bytes of the block that have been looked at
        while (newline := block.find(b"\n", max(done, target - start - 1))) >= 0:
            _, inside = unquoted(block[done : newline + 1], delimiter, inside)
            done = newline + 1
            if not inside:
                cut = start + done
                yield cut
                target = max(next(wanted), cut + 1)
        _, inside = unquoted(block[done:], delimiter, inside)
        start += len(block)
    if inside:
        raise never_closed(source)
    # No record is left for the pending target and those still wanted, of which the last only marks the end.
    yield from (start for _ in wanted)


def _split_parquet(source: Path, written: list[Path]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with as_data_error(source):
        metadata, schema = pq.read_metadata(source), pq.read_schema(source)
    rest = batches(source)
    batch = pa.RecordBatch.from_pylist([], schema)

    def rows(count: int) -> Iterator[pa.RecordBatch]:
        nonlocal batch
        while count:
            batch = batch if batch.num_rows else next(rest)
            yield batch.slice(0, count)
            count, batch = max(count - batch.num_rows, 0), batch.slice(count)

    for rank, path in enumerate(written):
        start, end = row_range(rank, len(written), metadata.num_rows)
        write(path, Format("parquet"), schema, rows(end - start))
