"""Objects cut into records, records put into requests, as batch transform does it: bounded memory, order kept.

Where the service's documents are silent, this is what holds here:

- An empty line is a record, so that answers stay beside their inputs; an empty object has no records.
- A line keeps its carriage return, the first one its byte order mark: the model sees what is in the object.
- A request never has more than ``most_bytes``, the newline at its end counted.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from shardr.data.framed import READERS, too_large
from shardr.data.gzipped import expanded
from shardr.data.text import BOM, unquoted, unreadable
from shardr.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from pathlib import Path

__all__ = ["Batch", "assembled", "batches", "opened", "records"]

_BLOCK_BYTES = 1 << 18


def opened(path: Path, compression: str) -> BinaryIO:
    """The content of a file as a stream, expanded while it is read when ``compression`` is ``Gzip``.

    Raises DataError, at once or while it is read, for what cannot be read; a file of no bytes has none expanded either.
    """
    try:
        if compression == "Gzip" and path.stat().st_size:
            return cast("BinaryIO", io.BufferedReader(_Expanded(path), _BLOCK_BYTES))
        return path.open("rb")
    except OSError as err:
        raise unreadable(path, err) from err


class _Expanded(io.RawIOBase):
    """What a gzip file holds, block after block."""

    def __init__(self, path: Path) -> None:
        self._blocks = cast("Generator[bytes, None, None]", expanded(path))
        self._block = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        if not self._block:
            self._block = memoryview(next(self._blocks, b""))
        size = min(len(target), len(self._block))
        target[:size] = self._block[:size]
        self._block = self._block[size:]
        return size

    def close(self) -> None:
        self._blocks.close()
        super().close()


def records(stream: BinaryIO, split_type: str, most_bytes: int, *, csv: bool = False) -> Iterator[bytes]:
    """The records of an object, in order, holding no more than one of them and a block of 256 KB.

    - ``None``: the whole object. ``Line``: each line without its newline. ``RecordIO``, ``TFRecord``: each record with
      its framing.
    - ``csv`` (beyond the service): with ``Line``, a newline inside a quoted field does not end a record.

    Raises DataError with the record's number, from 1, for one of more than ``most_bytes`` or one that is cut off.

    >>> list(records(io.BytesIO(b"1,2\\n3,4"), "Line", 100))
    [b'1,2', b'3,4']
    """
    if split_type == "None":
        return _whole(stream, most_bytes)
    if split_type == "Line":
        return _csv_records(stream, most_bytes) if csv else _lines(stream, most_bytes)
    return READERS[split_type][0](stream, most_bytes)


def _whole(stream: BinaryIO, most_bytes: int) -> Iterator[bytes]:
    blocks, size = [], 0
    while block := stream.read(_BLOCK_BYTES):
        blocks.append(block)
        size += len(block)
        if size > most_bytes:
            raise too_large(1, most_bytes, why="with SplitType None, an object is one record")
    if size:
        yield b"".join(blocks)


def _lines(stream: BinaryIO, most_bytes: int) -> Iterator[bytes]:
    number, begun, size = 1, list[bytes](), 0  # number of the record that has begun, and its blocks so far
    while block := stream.read(_BLOCK_BYTES):
        first, *more = block.split(b"\n")
        begun.append(first)
        size += len(first)
        if size > most_bytes:
            raise too_large(number, most_bytes)
        if not more:
            continue
        last = more.pop()
        yield b"".join(begun)
        for number, line in enumerate(more, number + 1):  # noqa: B020
            if len(line) > most_bytes:
                raise too_large(number, most_bytes)
            yield line
        number, begun, size = number + 1, [last], len(last)
        if size > most_bytes:
            raise too_large(number, most_bytes)
    if size:
        yield b"".join(begun)


def _csv_records(stream: BinaryIO, most_bytes: int) -> Iterator[bytes]:
    number, begun, size = 1, list[bytes](), 0
    for line in _lines(stream, most_bytes):
        if not begun and b'"' not in line:
            yield line
            number += 1
            continue
        text = line.removeprefix(BOM) if number == 1 and not begun else line
        _, inside = unquoted(text, b",", bool(begun))
        begun.append(line)
        size += len(line) + 1
        if size - 1 > most_bytes:
            raise too_large(number, most_bytes, why="perhaps a field opens with a quote that is never closed")
        if not inside:
            yield b"\n".join(begun)
            number, begun, size = number + 1, [], 0
    if begun:
        raise DataError(
            f"Record {number} is cut off",
            why="a field opens with a quote that is never closed",
            fix='close the quote, or write a quote inside a field as ""',
        )


@dataclass(frozen=True)
class Batch:
    """What one request carries.

    ``records`` are those of the object, as they are in it; ``body`` is what is sent. ``first`` is the number of the
    first record within its object, from 1; a header is record 1 and in no batch's ``records``.
    """

    records: list[bytes]
    first: int
    body: bytes

    @property
    def last(self) -> int:
        """The number of the last record."""
        return self.first + len(self.records) - 1


def batches(
    records: Iterable[bytes],
    split_type: str,
    strategy: str,
    most_bytes: int,
    *,
    header: bool = False,
    as_sent: Callable[[bytes, int], bytes] | None = None,
) -> Iterator[Batch]:
    """The requests of an object: each as full as ``most_bytes`` allows, or with ``SingleRecord`` each of one record.

    - Lines are joined by newlines, with one at the end; a single one goes without. Single RecordIO and TFRecord records
      go without their framing, several with it.
    - ``header`` (beyond the service): the first line is a header, and each request begins with it.
    - ``as_sent`` makes what the model gets of a record and its number: the input filter, ``Joining.request``.

    Raises DataError for a record that does not fit into a request.

    >>> [batch.body for batch in batches([b"1,2", b"3,4", b"5,6"], "Line", "MultiRecord", 8)]
    [b'1,2\\n3,4\\n', b'5,6\\n']
    """
    lines = split_type == "Line"
    if header and not lines:
        raise ValueError(f"only lines have a header, not {split_type}")
    alone = strategy == "SingleRecord"
    end = b"\n" if lines and not alone else b""
    bare = READERS[split_type][1] if alone and split_type in READERS else None
    numbered = enumerate(records, 1)
    top = b""
    if header and (line := next(numbered, None)):
        top = (as_sent(line[1], 1) if as_sent else line[1]) + b"\n"
    taken, sent, first, size = list[bytes](), list[bytes](), 1, len(top)
    for number, record in numbered:
        one = as_sent(record, number) if as_sent else record
        one = bare(one) if bare else one + end
        if taken and (alone or size + len(one) > most_bytes):
            yield Batch(taken, first, top + b"".join(sent))
            taken, sent, size = [], [], len(top)
        if size + len(one) > most_bytes:
            raise too_large(number, most_bytes, why="the newline and the header, if any, count too" if lines else None)
        if not taken:
            first = number
        taken.append(record)
        sent.append(one)
        size += len(one)
    if taken:
        yield Batch(taken, first, top + b"".join(sent))


def assembled(body: bytes, assemble_with: str) -> bytes:
    """An answer as it is put behind the ones before: with ``Line`` it ends in a newline, which is added if missing.

    None is taken away: the last line of ``a\\n\\n`` may be the empty answer to a record. So the empty answer is an
    empty line.

    >>> assembled(b"0.5", "Line"), assembled(b"0.5\\n", "Line"), assembled(b"", "Line"), assembled(b"0.5", "None")
    (b'0.5\\n', b'0.5\\n', b'\\n', b'0.5')
    """
    return body if assemble_with != "Line" or body.endswith(b"\n") else body + b"\n"
