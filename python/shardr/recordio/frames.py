"""Where records are in bytes: found by their magics, which must follow each other as the lengths between say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shardr.recordio.faults import fault
from shardr.recordio.framing import (
    FIRST,
    HEAD_BYTES,
    LAST,
    MAGIC,
    MAGIC_WORD,
    MOST_BYTES,
    WHOLE,
    content,
    flag_and_length,
    padded,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Records:
    """Records of an array of bytes: between ``begins`` and ``ends`` each, without their frames."""

    content: Any
    begins: Any
    ends: Any
    offsets: Any
    """Where the frames begin in the file."""

    def __len__(self) -> int:
        return len(self.begins)

    def part(self, rows: slice) -> Records:
        """Some of them."""
        return Records(self.content, self.begins[rows], self.ends[rows], self.offsets[rows])


def scanned(held: Any, offset: int, name: str, first: int, *, whole: bool = True) -> Iterator[tuple[Records, int]]:
    """The records of ``held``, an array of bytes that begins with a frame, which is byte ``offset`` of the file.

    Each with the place in ``held`` behind their frames. Records that are in one frame come together, one that was cut
    at its magics by itself. Unless the file is ``whole`` with these bytes, those of a last record that is not are left.
    Raises DataError with the number of the record, ``first`` being that of the first one, for what is no frame, and
    what ends within one.
    """
    words = np.ndarray((len(held) // 4,), "<u4", held)
    magics = np.flatnonzero(words == MAGIC_WORD)
    at = 0
    while at < len(held):
        found = _chain(held, words, magics, at // 4)
        if len(found):
            begins = found * 4 + HEAD_BYTES
            lengths = words[found + 1].astype(np.int64)
            first += len(found)
            at = int(begins[-1]) + padded(int(lengths[-1]))
            yield Records(held, begins, begins + lengths, offset + found * 4), at
        else:
            end = _one(held, at, name, first, offset + at, whole=whole)
            if end is None:
                return
            record = np.frombuffer(content(held[at:end].data), np.uint8)
            none = np.zeros(1, np.int64)
            yield Records(record, none, none + len(record), none + offset + at), end
            first, at = first + 1, end
        magics = magics[np.searchsorted(magics, at // 4) :]


def _chain(held: Any, words: Any, magics: Any, at: int) -> Any:
    """The places, in words, of the records from ``at`` on that are whole, in one frame, and follow each other."""
    if not len(magics) or magics[0] != at:
        return magics[:0]
    if magics[-1] == len(words) - 1:  # a head that is cut off
        magics = magics[:-1]
    lengths = words[magics + 1].astype(np.int64)
    behind = magics + 2 + (lengths + 3) // 4
    whole = (lengths <= MOST_BYTES) & (behind * 4 <= len(held))
    follows = np.append(behind[:-1] == magics[1:], True) & whole
    broken = np.flatnonzero(~follows)
    if not len(broken):
        return magics
    # the one that the next does not follow is itself good where its end is: what looks like the next is inside of it
    return magics[: broken[0] + int(whole[broken[0]])]


def _one(held: Any, at: int, name: str, record: int, offset: int, *, whole: bool) -> int | None:
    """The end of the record at ``at``, all of its parts with it; None where more bytes must come to tell."""
    begun = False
    while True:
        head = held[at : at + HEAD_BYTES].tobytes()
        if len(head) < HEAD_BYTES:
            if not whole:
                return None
            raise fault(name, record, offset, "the file ends within the frame", "write or upload it again")
        if head[:4] != MAGIC:
            told = f"no recordIO: a frame must begin with {MAGIC.hex(' ')}, found {head[:4].hex(' ')}"
            raise fault(name, record, offset, told)
        part, length = flag_and_length(head)
        if part > LAST or (part in {WHOLE, FIRST}) == begun:
            raise fault(name, record, offset, "the parts of a record do not follow each other")
        at += HEAD_BYTES + padded(length)
        if at > len(held):
            if not whole:
                return None
            message = f"the file ends within the record, which should have {length} bytes"
            raise fault(name, record, offset, message, "write or upload it again")
        if part in {WHOLE, LAST}:
            return at
        begun = True


def alike(held: Any, offset: int, count: int) -> Records | None:
    """``count`` records that fill ``held`` and have as many bytes each; None where they do not."""
    size = len(held) // count
    heads = np.ndarray((count,), "<u8", held, 0, (size,))
    length = int(heads[0]) >> 32
    if int(heads[0]) & 0xFFFFFFFF != MAGIC_WORD or HEAD_BYTES + padded(length) != size or (heads != heads[0]).any():
        return None
    begins = np.arange(count) * size
    return Records(held, begins + HEAD_BYTES, begins + HEAD_BYTES + length, begins + offset)
