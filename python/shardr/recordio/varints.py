"""Whole numbers of 7 bits to a byte, many at a time, as protobuf has them."""

from __future__ import annotations

from typing import Any

import numpy as np

from shardr.recordio.faults import NO_RECORD, RecordFault

MOST_BYTES = 10


def packed(numbers: Any) -> tuple[Any, Any]:
    """The bytes of whole numbers one after the other, and where each ends; negative ones have 10 bytes.

    >>> packed([1, 300])[0].tobytes().hex()
    '01ac02'
    """
    left = np.asarray(numbers, np.int64).astype(np.uint64)
    sizes = np.ones(left.shape, np.int64)
    for bits in range(7, 64, 7):
        longer = left >= np.uint64(1 << bits)
        if not longer.any():
            break
        sizes += longer
    ends = np.cumsum(sizes)
    if sizes.size and sizes.max() == 1:
        return left.astype(np.uint8), ends
    found = np.empty(ends[-1] if sizes.size else 0, np.uint8)
    at = ends - sizes
    while left.size:
        more = sizes > 1
        found[at] = (left & np.uint64(127)).astype(np.uint8) | (more.astype(np.uint8) << 7)
        at, left, sizes = at[more] + 1, left[more] >> np.uint64(7), sizes[more] - 1
    return found, ends


def unpacked(content: Any, counts: Any) -> tuple[Any, Any]:
    """The whole numbers, as uint64, in bytes that owners have ``counts`` of each, and how many each owner has.

    Raises RecordFault for the first owner whose last number has no end.
    """
    ends = np.flatnonzero(content < 128)
    stops = np.cumsum(counts)
    owned = np.searchsorted(ends, stops)
    cut = (counts > 0) & (content[np.maximum(stops, 1) - 1] > 127) if content.size else np.zeros(len(counts), bool)
    if cut.any():
        raise RecordFault(int(np.argmax(cut)), NO_RECORD)
    if not ends.size:
        return np.zeros(0, np.uint64), np.diff(owned, prepend=0)
    begins = np.concatenate([[0], ends[:-1] + 1])
    if len(ends) == content.size:
        return content.astype(np.uint64), np.diff(owned, prepend=0)
    sizes = ends - begins + 1
    if (long := np.flatnonzero(sizes > MOST_BYTES)).size:
        raise RecordFault(int(np.searchsorted(owned, long[0], "right")), NO_RECORD)
    numbers = np.zeros(len(ends), np.uint64)
    for byte in range(int(sizes.max())):
        has = sizes > byte if byte else slice(None)
        numbers[has] |= (content[begins[has] + byte] & 127).astype(np.uint64) << np.uint64(7 * byte)
    return numbers, np.diff(owned, prepend=0)


def at(content: Any, places: Any, ends: Any, owners: Any) -> tuple[Any, Any]:
    """The whole number at each place, as int64, and the place behind it; none reaches behind its end.

    Raises RecordFault for the owner of one that does, or that has 63 bits or more.
    """
    if (short := places >= ends).any():
        raise RecordFault(owners[int(np.argmax(short))], NO_RECORD)
    byte = content[places].astype(np.int64)
    if (byte < 128).all():
        return byte, places + 1
    found, places = byte & 127, places + 1
    open_ = np.flatnonzero(byte > 127)
    for shift in range(7, 70, 7):
        if (short := places[open_] >= ends[open_]).any():
            raise RecordFault(owners[open_[int(np.argmax(short))]], NO_RECORD)
        byte = content[places[open_]].astype(np.int64)
        places[open_] += 1
        if shift < 63:
            found[open_] |= (byte & 127) << shift
        open_ = open_[byte > 127]
        if not open_.size:
            return found, places
    raise RecordFault(owners[open_[0]], NO_RECORD)
