"""Blocks of rows out of files and streams, one after the other, with no more than a piece of the file in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from shardr.errors import DataError
from shardr.recordio.blocks import joined
from shardr.recordio.decoding import block_of
from shardr.recordio.frames import scanned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shardr.recordio.blocks import Block
    from shardr.recordio.frames import Records

PIECE_BYTES = 4 << 20


def blocks(
    stream: BinaryIO,
    name: str,
    *,
    rows: int | None = None,
    width: int | None = None,
    dtype: str | None = None,
    labels: Mapping[str, int] | None = None,
    piece_bytes: int = PIECE_BYTES,
) -> Iterator[Block]:
    """The rows of a stream of bytes, which ``name`` names in errors.

    - ``rows``: of each block but the last; by default as many as ``piece_bytes`` hold.
    - ``width``, ``dtype`` (``float32``, ``float64`` or ``int32``): what all records must have; by default the width
      of the first, and any numbers, which are doubles where a block has several kinds.
    - ``labels``: how many numbers all records must have of each label, and no other; by default as the first.

    Raises DataError for the first record that is wrong; the rows before it have been given then.
    """
    if rows is not None and rows < 1:
        raise DataError(f"A block has at least one row, not {rows}")
    found = _blocks(stream, name, width, dtype, labels, piece_bytes)
    return found if rows is None else resized(found, rows)


def _blocks(
    stream: BinaryIO,
    name: str,
    width: int | None,
    dtype: str | None,
    labels: Mapping[str, int] | None,
    piece_bytes: int,
) -> Iterator[Block]:
    first = 1
    for records in pieces(stream, name, piece_bytes):
        block = block_of(records, name, first, width, dtype, labels)
        width, labels = block.width or width, block.label_widths
        first += len(records)
        if isinstance(block.features, np.ndarray):  # without the bytes between them
            block = replace(block, features=np.ascontiguousarray(block.features))
        yield block


def pieces(stream: BinaryIO, name: str, piece_bytes: int = PIECE_BYTES) -> Iterator[Records]:
    """The records of a stream, as many as so many bytes hold, or one that has more; raises DataError as ``blocks``."""
    first, offset, wanted = 1, 0, piece_bytes
    rest = b""
    while True:
        held = np.empty(len(rest) + wanted, np.uint8)
        held[: len(rest)] = np.frombuffer(rest, np.uint8)
        end = len(rest) + _filled(stream, held.data[len(rest) :])
        whole = end < len(held)
        done = 0
        for records, done in scanned(held[:end], offset, name, first, whole=whole):  # noqa: B007 - the last counts
            first += len(records)
            yield records
        if whole:
            return
        rest = held[done:end].tobytes()
        offset += done
        # a record that does not fit: twice as much, until it does
        wanted = piece_bytes if done else end


def _filled(stream: BinaryIO, target: memoryview) -> int:
    """How many bytes were read; fewer than asked for only at the end."""
    done = 0
    while done < len(target) and (size := stream.readinto(target[done:])):  # type: ignore[attr-defined]
        done += size
    return done


def resized(found: Iterable[Block], rows: int) -> Iterator[Block]:
    """The same rows in blocks of so many, the last one with what is left."""
    held: list[Block] = []
    size = 0
    for block in found:
        held.append(block)
        size += len(block)
        if size < rows:
            continue
        whole = joined(held)
        cuts = range(0, size - size % rows, rows)
        yield from (whole[begin : begin + rows] for begin in cuts)
        rest = whole[len(cuts) * rows :]
        held, size = ([rest], len(rest)) if len(rest) else ([], 0)
    if size:
        yield joined(held)
