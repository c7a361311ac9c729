"""Pieces of recordIO-protobuf for threads to read, and the rows that come out; the format is ``shardr.recordio``'s."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from place import UserError

from shardr.errors import DataError
from shardr.recordio.blocks import Sparse, joined
from shardr.recordio.decoding import block_of
from shardr.recordio.encoding import encode
from shardr.recordio.frames import Records, alike, scanned
from shardr.recordio.framing import HEAD_BYTES, flag_and_length, padded
from shardr.recordio.reading import pieces as read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROW_HEAD_BYTES = 32
"""What a row of float32 has besides its numbers, about."""
WINDOW_BYTES = 16 << 20
"""What is looked at for frames of several sizes at a time."""


@dataclass(frozen=True)
class Rows:
    """Rows of as many columns: a table, or those that name their columns."""

    features: Any
    where: str = "the request, row"
    first: int = 1

    def dense(self, kind: Any) -> Any:
        """The table, a new one."""
        return self.features.dense(kind) if isinstance(self.features, Sparse) else self.features.astype(kind)

    def finite(self, table: Any, sums: Any) -> Any:
        """The table; raises ``UserError`` where a value is missing or no finite number, which ``sums`` of it tell."""
        # quicker than a look at each value: sums are finite only if all are
        if not np.isfinite(sums).all() and not (good := np.isfinite(table).all(axis=1)).all():
            at = f"{self.where} {self.first + int(np.argmin(good))}"
            raise UserError(f"{at}: a value is missing or no finite number")
        return table


def pieces(content: memoryview, width: int, rows: int, name: str) -> Iterator[Callable[[], Rows]]:
    """What makes the rows of the content, so many at a time; each may be called in a thread of its own."""
    held, at, number = np.frombuffer(content, np.uint8), 0, 1
    while at < len(held):
        if count := _of_one_size(held, at, rows):
            end = at + count * _size(held, at)
            yield partial(_alike, held[at:end], count, at, width, name, number)
            at, number = end, number + count
            continue
        begin = at
        for records, behind in _scanned(held, begin, name, number):
            for first in range(0, len(records), rows):
                yield partial(_rows, records.part(slice(first, first + rows)), width, name, number + first)
            number, at = number + len(records), begin + behind


def streamed(stream: BinaryIO, width: int, rows: int, name: str) -> Iterator[Callable[[], Rows]]:
    """The same of a stream, of which no more than the pieces under way is in memory."""
    number = 1
    with as_user_error():
        for records in read(stream, name, rows * (ROW_HEAD_BYTES + 4 * width)):
            yield partial(_rows, records, width, name, number)
            number += len(records)


def _of_one_size(held: Any, at: int, rows: int) -> int:
    """How many frames seem to have the size of the first: behind them another begins, or the file ends; else 0."""
    size = _size(held, at)
    count = min(rows, (len(held) - at) // size)
    end = at + count * size
    seems = end == len(held) or np.array_equal(held[end : end + HEAD_BYTES], held[at : at + HEAD_BYTES])
    return count if count > 1 and seems else 0


def _size(held: Any, at: int) -> int:
    head = held[at : at + HEAD_BYTES].tobytes().ljust(HEAD_BYTES, b"\0")
    return HEAD_BYTES + padded(flag_and_length(head)[1])


def _scanned(held: Any, at: int, name: str, number: int) -> list[tuple[Records, int]]:
    """The next records, each time with the place behind them, counted from ``at``."""
    size = WINDOW_BYTES
    while True:
        whole = at + size >= len(held)
        with as_user_error():
            if found := list(scanned(held[at : at + size], at, name, number, whole=whole)):
                return found
        size *= 2  # of a record that is larger


def _alike(held: Any, count: int, offset: int, width: int, name: str, number: int) -> Rows:
    records = alike(held, offset, count)
    if records is not None:
        return _rows(records, width, name, number)
    parts = []
    with as_user_error():
        for some, _ in scanned(held, offset, name, number):
            parts.append(block_of(some, name, number, width))
            number += len(some)
    return Rows(joined(parts).features, f"{name}, record", parts[0].first)


def _rows(records: Records, width: int, name: str, number: int) -> Rows:
    with as_user_error():
        return Rows(block_of(records, name, number, width).features, f"{name}, record", number)


@contextmanager
def as_user_error() -> Iterator[None]:
    """Raises ``UserError`` for what is no record, or another one than is wanted."""
    try:
        yield
    except DataError as error:
        raise UserError(error.what) from None


def labelled(labels: Mapping[str, Any]) -> bytes:
    """A record for each row of numbers, which are labels of these names, as the algorithms answer."""
    return bytes(encode(None, labels).content)
