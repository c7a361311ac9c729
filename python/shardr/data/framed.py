"""Records that say how long they are: RecordIO and TFRecord, cut out of a stream with what frames them.

A RecordIO frame is a magic, a word of flag and length, the content, and zeros up to a multiple of 4. Where content has
the magic at a multiple of 4, writers cut it there, leave the magic out and mark the parts first, middle and last. A
TFRecord is its length, a checksum of the length, the content and a checksum of that.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING, BinaryIO

from shardr.errors import DataError
from shardr.recordio.framing import FIRST, HEAD_BYTES, LAST, MAGIC, MIDDLE, WHOLE, content, flag_and_length, padded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["READERS", "recordio", "tfrecord_content", "tfrecords", "too_large"]

_TF_HEAD_BYTES, _TF_TAIL_BYTES = 12, 4


def recordio(stream: BinaryIO, most_bytes: int) -> Iterator[bytes]:
    """Each RecordIO record with its framing; the parts of a record that was cut are one record.

    Raises DataError with the record's number for one that is no RecordIO, is cut off or has more than ``most_bytes``.
    """
    number = 0
    while head := stream.read(HEAD_BYTES):
        number += 1
        parts, size, flag = list[bytes](), 0, FIRST
        while not parts or flag in (FIRST, MIDDLE):
            flag, length = _recordio_head(head, number)
            if (flag in (WHOLE, FIRST)) == bool(parts):
                raise DataError(f"Record {number}: the parts of a RecordIO record do not follow each other")
            rest = padded(length)
            size += HEAD_BYTES + rest
            if size > most_bytes:
                raise too_large(number, most_bytes)
            parts += [head, _read(stream, rest, number)]
            head = stream.read(HEAD_BYTES) if flag in (FIRST, MIDDLE) else b""
        yield b"".join(parts)


def _recordio_head(head: bytes, number: int) -> tuple[int, int]:
    if len(head) < HEAD_BYTES:
        raise _cut_off(number)
    if head[:4] != MAGIC:
        raise DataError(
            f"Record {number} is not RecordIO",
            why=f"it begins with {head[:4].hex(' ')} and not with {MAGIC.hex(' ')}",
            fix="write it as RecordIO, or set the SplitType that the data have",
        )
    flag, length = flag_and_length(head)
    if flag > LAST:
        raise DataError(f"Record {number}: RecordIO has no flag {flag}", why="the flags are 0 to 3")
    return flag, length


def tfrecords(stream: BinaryIO, most_bytes: int) -> Iterator[bytes]:
    """Each TFRecord with its framing. Raises DataError as ``recordio`` does.

    The checksum of the length is checked, since the next record depends on it; that of the content is the model's.
    """
    number = 0
    while head := stream.read(_TF_HEAD_BYTES):
        number += 1
        if len(head) < _TF_HEAD_BYTES:
            raise _cut_off(number)
        length, checksum = struct.unpack("<QI", head)
        if _masked_crc(head[:8]) != checksum:
            raise DataError(
                f"Record {number} is not a TFRecord",
                why="the checksum of its length is wrong",
                fix="write it as TFRecord, or set the SplitType that the data have",
            )
        rest = length + _TF_TAIL_BYTES
        if _TF_HEAD_BYTES + rest > most_bytes:
            raise too_large(number, most_bytes)
        yield head + _read(stream, rest, number)


def tfrecord_content(record: bytes) -> bytes:
    """What a record of ``tfrecords`` holds, without its framing."""
    return record[_TF_HEAD_BYTES:-_TF_TAIL_BYTES]


def _masked_crc(content: bytes) -> int:
    table, crc = _crc_table(), 0xFFFFFFFF
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


@cache
def _crc_table() -> list[int]:
    """CRC-32C, of which the standard library has only the cousin with another polynomial."""

    def entry(value: int) -> int:
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        return value

    return [entry(value) for value in range(256)]


def _read(stream: BinaryIO, size: int, number: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise _cut_off(number)
    return content


def _cut_off(number: int) -> DataError:
    return DataError(
        f"Record {number} is cut off", why="the object ends before the record does", fix="write or upload it again"
    )


def too_large(number: int, most_bytes: int, why: str | None = None) -> DataError:
    """The error for a record that does not fit into a request."""
    return DataError(
        f"Record {number} is larger than the {most_bytes:,} bytes that a request may have",
        why=why,
        fix="raise MaxPayloadInMB (at most 100), or make the record smaller",
    )


READERS: dict[str, tuple[Callable[[BinaryIO, int], Iterator[bytes]], Callable[[bytes], bytes]]] = {
    "RecordIO": (recordio, content),
    "TFRecord": (tfrecords, tfrecord_content),
}
"""By SplitType: what cuts the records out of a stream, and what takes the framing off one."""
