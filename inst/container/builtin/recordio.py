"""Rows as protobuf in recordIO, the form that SageMaker's own algorithms read fastest: dense or sparse tensors.

A frame is the magic, a word with the length and whether it is a part of a record, the record, and zeros up to a
multiple of 4. Frames of dense rows are all alike but for their numbers, so that many are read as one array.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from place import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAGIC = 0xCED7230A
WHOLE, FIRST, MIDDLE, LAST = range(4)
TENSORS = {2: "<f4", 3: "<f8", 7: None}
"""The fields of a value that are tensors: of float32, of float64, and of int32, which are varints."""


@dataclass(frozen=True)
class Rows:
    """Rows of as many columns: a table, or for each row the columns that are not 0."""

    table: Any = None
    values: Any = None
    columns: Any = None
    counts: Any = None
    width: int = 0
    where: str = "the request, row"
    first: int = 1

    def dense(self, kind: Any) -> Any:
        """The table, a new one."""
        if self.table is not None:
            return self.table.astype(kind)
        found = np.zeros((len(self.counts), self.width), kind)
        found[np.repeat(np.arange(len(self.counts)), self.counts), self.columns] = self.values
        return found

    def finite(self, table: Any, sums: Any) -> Any:
        """The table; raises ``UserError`` where a value is missing or no finite number, which ``sums`` of it tell."""
        # quicker than a look at each value: sums are finite only if all are
        if not np.isfinite(sums).all() and not (good := np.isfinite(table).all(axis=1)).all():
            at = f"{self.where} {self.first + int(np.argmin(good))}"
            raise UserError(f"{at}: a value is missing or no finite number")
        return table


def pieces(content: memoryview, width: int, rows: int, name: str) -> Iterator[Callable[[], Rows]]:
    """What makes the rows of the content, so many at a time; each may be called in a thread of its own."""
    at, number = 0, 1
    while at < len(content):
        found = _dense_frames(content, at, width, rows, f"{name}, record {number}")
        found = found or _frames(content, at, rows, name, number)
        yield _reader(content, found, width, name, number)
        number += found.count
        at = found.end


@dataclass(frozen=True)
class _Found:
    """Records of a piece, each as its place or its bytes; none where frames of one size seem to follow each other."""

    begin: int
    end: int
    count: int
    records: list[Any] | None = None


def _dense_frames(content: memoryview, at: int, width: int, rows: int, where: str) -> _Found | None:
    """The next frames if the first one is dense and behind so many of its size begins another or the file ends."""
    length = _head(content, at, where)[1]
    size = 8 + (length + 3) // 4 * 4
    count = min(rows, (len(content) - at) // size)
    end = at + count * size
    next_like_it = end == len(content) or content[end : end + 8] == content[at : at + 8]
    if count < 2 or not next_like_it or _layout(content[at + 8 : at + 8 + length], width) is None:
        return None
    return _Found(at, end, count)


def _frames(content: memoryview, at: int, rows: int, name: str, number: int, end: int | None = None) -> _Found:
    """The next records, one after the other."""
    begin, found = at, []
    while at < (len(content) if end is None else end) and (end is not None or len(found) < rows):
        record, at = _record(content, at, f"{name}, record {number + len(found)}")
        found.append(record)
    return _Found(begin, at, len(found), found)


def _head(content: memoryview, at: int, where: str) -> tuple[int, int]:
    if len(content) - at < 8:
        raise UserError(f"{where}: the file ends within the frame")
    magic, length = struct.unpack_from("<II", content, at)
    if magic != MAGIC:
        raise UserError(
            f"{where}: no recordIO: a frame must begin with 0a 23 d7 ce, found {content[at : at + 4].hex(' ')}"
        )
    return magic, length


def _record(content: memoryview, at: int, where: str) -> tuple[Any, int]:
    """A record: where it is, or, where it was cut at what looks like a frame, its parts with the magic between them."""
    parts = []
    while True:
        _, word = _head(content, at, where)
        part, length = word >> 29, word & 0x1FFFFFFF
        end = at + 8 + length
        if end > len(content):
            raise UserError(f"{where}: the file ends within the record, which should have {length} bytes")
        if (part in {WHOLE, FIRST}) == bool(parts):
            raise UserError(f"{where}: the parts of a record do not follow each other")
        parts.append((at + 8, length))
        at += 8 + (length + 3) // 4 * 4
        if part in {WHOLE, LAST}:
            break
    if len(parts) == 1:
        return parts[0], at
    return struct.pack("<I", MAGIC).join(bytes(content[begin : begin + size]) for begin, size in parts), at


def _reader(content: memoryview, found: _Found, width: int, name: str, number: int) -> Callable[[], Rows]:
    def read() -> Rows:
        if found.records is None and (table := _alike(content, found, width)) is not None:
            return Rows(table, where=f"{name}, record", first=number)
        held = found.records
        if held is None:
            held = _frames(content, found.begin, found.count, name, number, found.end).records
        records = (one if isinstance(one, bytes) else content[one[0] : one[0] + one[1]] for one in held or [])
        return _rows(records, width, name, number)

    return read


def _layout(record: memoryview, width: int) -> tuple[_Tensor, _Tensor | None] | None:
    """Where a dense record has its numbers, or None where it is of another kind."""
    try:
        features, label = _tensors(record)
    except (ValueError, IndexError, struct.error):
        return None
    if features is None or features.kind != "<f4" or features.keys or features.size != 4 * width:
        return None
    return features, label


def _alike(content: memoryview, found: _Found, width: int) -> Any:
    """The table of dense records, or None where they differ in more than their numbers."""
    size = (found.end - found.begin) // found.count
    length = struct.unpack_from("<I", content, found.begin + 4)[0]
    layout = _layout(content[found.begin + 8 : found.begin + 8 + length], width)
    if layout is None:
        return None
    start = 8 + layout[0].at
    fixed = np.full(size, 255, np.uint8)
    fixed[8 + length :] = 0  # padding
    for tensor in layout:
        if tensor is not None and tensor.kind:
            fixed[8 + tensor.at : 8 + tensor.at + tensor.size] = 0
    words = np.ndarray((found.count, size // 4), "<u4", content, found.begin)
    mask = fixed.view("<u4")
    for begin, end in _runs(mask == 0xFFFFFFFF):
        if (words[:, begin:end] != words[0, begin:end]).any():
            return None
    some = np.flatnonzero((mask != 0) & (mask != 0xFFFFFFFF))
    if ((words[:, some] ^ words[0, some]) & mask[some]).any():
        return None
    if start % 4 == 0:
        return words[:, start // 4 : start // 4 + width].view("<f4")
    return words.view(np.uint8)[:, start : start + 4 * width].copy().view("<f4")


def _runs(flags: Any) -> list[tuple[int, int]]:
    """Where flags are set, one after the other."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


@dataclass(frozen=True)
class _Tensor:
    """Where the numbers of a tensor are in its record, if they are in one place, or the numbers themselves."""

    kind: str | None
    at: int
    size: int
    keys: list[Any]
    shape: list[int]
    loose: list[Any]


def _rows(records: Iterator[Any], width: int, name: str, number: int) -> Rows:
    values, keys, counts, tables = [], [], [], []
    for i, record in enumerate(records, number):
        where = f"{name}, record {i}"
        try:
            tensor, _ = _tensors(record)
        except (ValueError, IndexError, struct.error):
            raise UserError(f"{where}: is no record of SageMaker's protobuf schema") from None
        if tensor is None:
            raise UserError(f'{where}: has no tensor of numbers "values" in its features')
        if tensor.loose:
            row = np.asarray(tensor.loose, np.float32)
        elif tensor.kind:
            row = np.frombuffer(record, tensor.kind, tensor.size // np.dtype(tensor.kind).itemsize, tensor.at)
        else:
            row = _varints(np.frombuffer(record, np.uint8, tensor.size, tensor.at)).astype(np.int64)
        row = row.astype(np.float32, copy=False)
        sparse = bool(tensor.keys) or (bool(tensor.shape) and not len(row))
        found = int(np.prod(tensor.shape)) if tensor.shape else len(row)
        if found != width:
            raise UserError(f"{where}: expected {width} columns, found {found}")
        columns = np.concatenate([np.asarray(part, np.int64) for part in tensor.keys]) if tensor.keys else None
        if sparse and len(row) != (0 if columns is None else len(columns)):
            raise UserError(f"{where}: has {len(row)} values for {0 if columns is None else len(columns)} keys")
        if columns is None:
            columns = np.arange(0 if sparse else width)
        elif columns.size and int(columns.max()) >= width:
            raise UserError(f"{where}: has the key {columns.max()}, and the columns are counted from 0 to {width - 1}")
        tables.append(row if not sparse else None)
        values.append(row)
        keys.append(columns)
        counts.append(len(row))
    if all(table is not None for table in tables):
        return Rows(np.stack(tables), where=f"{name}, record", first=number)
    columns, where = np.concatenate(keys), f"{name}, record"
    return Rows(None, np.concatenate(values), columns, np.asarray(counts), width, where, number)


def _tensors(record: Any) -> tuple[_Tensor | None, _Tensor | None]:
    """The tensors ``values`` of the features and of the label."""
    found: dict[int, _Tensor] = {}
    for field, entry in _fields(record, 0, len(record)):
        if field not in {1, 2} or not isinstance(entry, tuple):
            continue
        inner = dict(_fields(record, *entry))
        name, value = inner.get(1), inner.get(2)
        if name is None or value is None or bytes(record[name[0] : name[1]]) != b"values":
            continue
        for kind, place in _fields(record, *value):
            if kind in TENSORS:
                found[field] = _tensor(record, kind, *place)
    return found.get(1), found.get(2)


def _tensor(record: Any, kind: int, begin: int, end: int) -> _Tensor:
    at = size = 0
    keys: list[Any] = []
    shape: list[int] = []
    loose: list[Any] = []
    for field, held in _fields(record, begin, end):
        packed = isinstance(held, tuple)
        if field == 1 and packed:
            at, size = held[0], held[1] - held[0]
        elif field == 1:
            loose.append(held if TENSORS[kind] is None else np.frombuffer(held, TENSORS[kind])[0])
        elif field == 2:
            keys.append(_varints(np.frombuffer(record, np.uint8, held[1] - held[0], held[0])) if packed else [held])
        elif field == 3:
            shape += (
                _varints(np.frombuffer(record, np.uint8, held[1] - held[0], held[0])).tolist() if packed else [held]
            )
    return _Tensor(TENSORS[kind], at, size, keys, shape, loose)


def _fields(record: Any, at: int, end: int) -> Iterator[tuple[int, Any]]:
    """The fields of a message: begin and end of those with a length, bytes of fixed ones, numbers of the others."""
    while at < end:
        tag, at = _varint(record, at)
        wire = tag & 7
        if wire == 2:
            length, at = _varint(record, at)
            if at + length > end:
                raise ValueError("a field ends behind its message")
            yield tag >> 3, (at, at + length)
            at += length
        elif wire == 0:
            value, at = _varint(record, at)
            yield tag >> 3, value
        elif wire in {1, 5}:
            length = 8 if wire == 1 else 4
            yield tag >> 3, bytes(record[at : at + length])
            at += length
        else:
            raise ValueError(f"there is no wire type {wire}")


def _varint(record: Any, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = record[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _varints(content: Any) -> Any:
    """All numbers of a packed field."""
    ends = np.flatnonzero(content < 128)
    if content.size and (not ends.size or ends[-1] != content.size - 1):
        raise ValueError("a number has no end")
    begins = np.concatenate([[0], ends[:-1] + 1]) if ends.size else ends
    place = np.arange(content.size) - np.repeat(begins, ends - begins + 1)
    shifted = (content & 127).astype(np.uint64) << (7 * place).astype(np.uint64)
    return np.add.reduceat(shifted, begins) if ends.size else shifted


def labelled(name: str, rows: Any) -> bytes:
    """A record for each row of numbers, which is the label of this name, as the algorithms answer."""
    found = []
    for row in np.asarray(rows, "<f4"):
        entry = _field(1, name.encode()) + _field(2, _field(2, _field(1, row.tobytes())))
        record = _field(2, entry)
        found.append(struct.pack("<II", MAGIC, len(record)) + record + bytes(-len(record) % 4))
    return b"".join(found)


def _field(number: int, content: bytes) -> bytes:
    length, left = bytearray(), len(content)
    while left > 127:
        length.append(left & 127 | 128)
        left >>= 7
    length.append(left)
    return bytes([number << 3 | 2]) + bytes(length) + content
