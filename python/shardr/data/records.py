"""How many records a file holds. Standard library only, so that counting starts at once, but for what is no text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO, TYPE_CHECKING

from shardr.data.formats import tabular
from shardr.data.tables import as_data_error
from shardr.data.text import blocks, never_closed, parse_header, reading, unquoted, unreadable

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

__all__ = ["count"]

_EMPTY_LINES = re.compile(rb"\n{2,}")


class GivenUpError(Exception):
    """Nobody wants to know the number any more."""


def count(path: str | os.PathLike[str], *, wanted: Callable[[], bool] | None = None) -> int | None:
    """The number of records in a file; None when its name is not that of a table.

    - CSV and TSV: records after the header. Newlines inside quotes belong to their record, and the last line counts
      without its newline too. Empty lines are no records, except in a file of one column, where R writes a missing
      value as an empty line. Empty and header-only files have 0.
    - JSON lines: lines that are not blank.
    - Parquet: what the footer says.
    - recordIO: frames that follow each other as their lengths say, a record in several parts once.

    ``wanted`` is asked before each block. Raises DataError naming the file when it cannot be read or breaks off inside
    a quoted field, and GivenUpError when the number is no longer wanted.
    """
    path = Path(path)
    fmt = tabular(path)
    if fmt is None:
        return None
    if fmt.kind == "parquet":
        import pyarrow.parquet as pq

        with as_data_error(path):
            rows: int = pq.read_metadata(path).num_rows
        return rows
    if fmt.kind == "recordio":
        return _frames(path, wanted)
    with reading(path) as stream:
        read = _blocks(stream, wanted)
        return _delimited_records(path, read) if fmt.delimited else _lines(read)


def _frames(path: Path, wanted: Callable[[], bool] | None) -> int:
    from shardr.recordio.reading import pieces

    total = 0
    try:
        with path.open("rb", buffering=0) as stream:
            for records in pieces(stream, str(path)):
                if wanted is not None and not wanted():
                    raise GivenUpError
                total += len(records)
    except OSError as err:
        raise unreadable(path, err) from err
    return total


def _blocks(stream: IO[bytes], wanted: Callable[[], bool] | None) -> Iterator[bytes]:
    for block in blocks(stream):
        if wanted is not None and not wanted():
            raise GivenUpError
        yield block


def _delimited_records(path: Path, read: Iterator[bytes]) -> int:
    records, inside, header = 0, False, None
    for block in read:
        if header is None:
            header = parse_header(path, block)
            if header is None:
                continue
            block = block[len(header.raw) :]
        text, inside = unquoted(block, header.delimiter, inside)
        records += _count_lines(text, count_empty=header.one_column, whole=not inside)
    if inside:
        raise never_closed(path)
    return records


def _count_lines(text: bytes, *, count_empty: bool, whole: bool) -> int:
    """Lines of a block; ``whole`` says that what follows the last line end, if anything, is a line as well."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = text.count(b"\n")
    if whole and text and not text.endswith(b"\n"):
        lines += 1
    if count_empty or not (b"\n\n" in text or text.startswith(b"\n")):
        return lines
    return lines - sum(len(run[0]) - 1 for run in _EMPTY_LINES.finditer(b"\n" + text))


def _lines(read: Iterator[bytes]) -> int:
    total = 0
    for block in read:
        if any(blank in block for blank in (b"\n ", b"\n\t", b"\n\n", b"\r")) or block[:1].isspace():
            total += sum(1 for line in block.splitlines() if line.strip())
        else:
            total += block.count(b"\n") + (not block.endswith(b"\n"))
    return total
