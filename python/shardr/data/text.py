"""How text holds records: where one ends, what the header says. Standard library only, and fast.

A quote opens a quoted field only at the start of a field, as R's fread and pyarrow read it; inside, ``""`` is a quote
and a newline is content. Text is read in blocks that end with a line, so the only thing to remember between two blocks
is whether a quoted field is still open.
"""

from __future__ import annotations

import csv
import errno
import gzip
import io
import re
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from shardr.data.files import system_reason
from shardr.data.formats import tabular
from shardr.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "BOM",
    "Header",
    "blocks",
    "never_closed",
    "parse_header",
    "read_header",
    "reading",
    "unquoted",
    "unreadable",
]

BOM = b"\xef\xbb\xbf"
_BLOCK_BYTES = 1 << 19
_HEADER_BYTES = 1 << 16

_NO_QUOTE_NO_LINE_END = bytes(b for b in range(256) if b not in b'"\r\n')

_FIRST_RECORD = re.compile(
    rb"""(?:\xef\xbb\xbf | (?!\xef\xbb\xbf)) [\r\n]*                   # empty lines in front are skipped
         ( (?: (?:(?<![^,;\t\r\n\xbf])|^) "[^"]*(?:""[^"]*)*" | [^\r\n] )+ ) # quoted fields, or anything but a line end
         ( \r\n | \n | \r | \Z )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Header:
    """The header of a CSV or TSV file.

    ``raw`` is everything from the first byte of the file to the end of the header line, line end included.
    """

    names: tuple[str, ...]
    delimiter: bytes
    raw: bytes

    @property
    def one_column(self) -> bool:
        """Whether an empty line is a record with a missing value, and not just an empty line."""
        return len(self.names) == 1


@contextmanager
def reading(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, unzipped when its name ends in ``.gz``.

    Raises DataError naming the file when it cannot be opened or read to its end.
    """
    fmt = tabular(path)
    try:
        zipped = fmt is not None and fmt.gzipped
        stream = cast("IO[bytes]", gzip.GzipFile(path)) if zipped else path.open("rb")
    except OSError as err:
        raise unreadable(path, err) from err
    with stream:
        try:
            yield stream
        except (gzip.BadGzipFile, EOFError, zlib.error) as err:
            raise unreadable(path, err) from err
        except OSError as err:
            if err.errno != errno.EIO:  # not the reading: what is done with the bytes went wrong, a full disk perhaps
                raise
            raise unreadable(path, err) from err


def unreadable(path: Path, err: BaseException) -> DataError:
    """The error for a file that cannot be read, with the system's own reason."""
    why = system_reason(err) if isinstance(err, OSError) else str(err)
    return DataError(f"Cannot read {path}", why=why or type(err).__name__)


def never_closed(path: Path) -> DataError:
    """The error for a file that ends while a quoted field is open."""
    return DataError(
        f"{path} breaks off inside a quoted field",
        why="a field opens with a quote that is never closed",
        fix='close the quote, or write a quote inside a field as ""',
    )


def blocks(stream: IO[bytes], size: int = _BLOCK_BYTES) -> Iterator[bytes]:
    """The rest of a stream in blocks of about ``size`` bytes, each of whole lines."""
    while block := stream.read(size):
        yield block if block.endswith(b"\n") else block + stream.readline()


def unquoted(block: bytes, delimiter: bytes, inside: bool) -> tuple[bytes, bool]:
    """The block without its quoted line ends, and whether a quoted field is still open at its end.

    ``inside`` says whether the block begins within a quoted field. Every line end in the result ends a record;
    fields that span lines are cut down to one quote.
    """
    if inside:
        block = b'"' + block
    if b'"' not in block or _lines_pair_their_quotes(block):
        return block, False
    pieces = block.split(b'"')
    still_open = len(pieces) % 2 == 0
    text = b'"'.join(pieces[::2])  # two quotes in a row leave an empty piece: a doubled quote changes nothing
    if still_open:
        text += b'"'
    if b'x"' not in text.translate(_shape(delimiter)):
        return text, still_open
    # A quote in the middle of a field (5" pipe) is content, so counting quotes misleads: find each quoted field.
    still_open = False

    def cut(field: re.Match[bytes]) -> bytes:
        nonlocal still_open
        still_open = not field[1]
        return b'"'

    return _quoted_field(delimiter).sub(cut, block), still_open


def _lines_pair_their_quotes(block: bytes) -> bool:
    """Whether each line has an even number of quotes: the cheap sign, true of most files, that no field spans two."""
    return b'"' not in block.translate(None, _NO_QUOTE_NO_LINE_END).replace(b'""', b"")


def _shape(delimiter: bytes) -> bytes:
    """A translation that turns every byte which may not stand before an opening quote into ``x``."""
    return bytes(b if b in b'"\r\n' + delimiter else ord("x") for b in range(256))


def _quoted_field(delimiter: bytes) -> re.Pattern[bytes]:
    return re.compile(rb'(?<![^\r\n%s])"[^"]*(?:""[^"]*)*("?)' % re.escape(delimiter))


def read_header(path: Path) -> Header | None:
    """The header of a CSV or TSV file; None when the file has no line with anything on it."""
    with reading(path) as stream:
        return parse_header(path, next(blocks(stream, _HEADER_BYTES), b""))


def parse_header(path: Path, block: bytes) -> Header | None:
    """The header at the beginning of the first block of a file.

    The columns of a ``.tsv`` are separated by tabs, those of a ``.csv`` by commas, or by semicolons or tabs when the
    header has no comma (R's ``write.csv2`` and many spreadsheets).
    """
    first = _FIRST_RECORD.match(block)
    if first is None:
        return None
    try:
        line = first[1].decode()
    except UnicodeDecodeError as err:
        raise DataError(f"The header of {path} is not UTF-8", why=str(err), fix="save it as UTF-8") from err
    fmt = tabular(path)
    delimiters = "\t" if fmt is not None and fmt.kind == "tsv" else ",;\t"
    read = {d: tuple(next(csv.reader(io.StringIO(line, newline=""), delimiter=d))) for d in delimiters}
    delimiter = next((d for d, names in read.items() if len(names) > 1), delimiters[0])
    return Header(read[delimiter], delimiter.encode(), first[0])
