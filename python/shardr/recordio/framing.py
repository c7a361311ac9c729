"""What stands around the bytes of a record: a magic, a word of flag and length, and zeros up to a multiple of 4.

The format is that of dmlc-core's ``RecordIOWriter``: where the bytes of a record have the magic at a multiple of 4, a
writer cuts there, leaves the magic out and marks the parts first, middle and last. Readers of AWS's own ignore the
flag, so a record is cut here only for whoever asks.
"""

from __future__ import annotations

import struct

from shardr.errors import DataError

MAGIC = b"\x0a\x23\xd7\xce"
MAGIC_WORD = 0xCED7230A
HEAD_BYTES = 8
MOST_BYTES = (1 << 29) - 1
"""Of a part: its length has 29 bits."""
WHOLE, FIRST, MIDDLE, LAST = range(4)


def padded(length: int) -> int:
    """The bytes that a part of this length takes, with the zeros behind it.

    >>> padded(27)
    28
    """
    return (length + 3) // 4 * 4


def flag_and_length(head: bytes | memoryview) -> tuple[int, int]:
    """What the head of a part says of it; the magic is not looked at.

    >>> flag_and_length(bytes.fromhex("0a23d7ce 05000060"))
    (3, 5)
    """
    (word,) = struct.unpack_from("<I", head, 4)
    return word >> 29, word & MOST_BYTES


def content(framed: bytes | memoryview) -> bytes:
    """The bytes of one record, whose parts are ``framed``; the magics that it was cut at are back in place."""
    parts, at = [], 0
    while at < len(framed):
        _, length = flag_and_length(framed[at : at + HEAD_BYTES])
        parts.append(bytes(framed[at + HEAD_BYTES : at + HEAD_BYTES + length]))
        at += HEAD_BYTES + padded(length)
    return MAGIC.join(parts)


def head(length: int, flag: int = WHOLE) -> bytes:
    """What stands before the bytes of a part; raises DataError where it has more than its length can say.

    >>> head(5, LAST).hex(" ", 4)
    '0a23d7ce 05000060'
    """
    if length > MOST_BYTES:
        what = f"A record of {length:,} bytes cannot be written as recordIO"
        raise DataError(what, why=f"at most {MOST_BYTES:,} fit")
    return MAGIC + struct.pack("<I", flag << 29 | length)


def frame(record: bytes, *, split_magic: bool = False) -> bytes:
    """The record in its frame, or with ``split_magic`` in several where it has the magic at a multiple of 4.

    >>> frame(b"abcde").hex(" ", 4)
    '0a23d7ce 05000000 61626364 65000000'
    """
    parts = _parts(record) if split_magic else [record]
    flags = [WHOLE] if len(parts) == 1 else [FIRST, *[MIDDLE] * (len(parts) - 2), LAST]
    return b"".join(
        head(len(part), flag) + part + bytes(-len(part) % 4) for flag, part in zip(flags, parts, strict=True)
    )


def _parts(record: bytes) -> list[bytes]:
    parts, begin, at = [], 0, record.find(MAGIC)
    while at >= 0:
        if at % 4:
            at = record.find(MAGIC, at + 1)
            continue
        parts.append(record[begin:at])
        begin = at + 4
        at = record.find(MAGIC, begin)
    return [*parts, record[begin:]]
