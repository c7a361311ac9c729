"""Rows made into records: what all rows have alike is written once and copied, so that numbers are most of the work."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from shardr.errors import DataError, Problem
from shardr.recordio import varints
from shardr.recordio.blocks import VALUES, Sparse
from shardr.recordio.framing import HEAD_BYTES, MAGIC_WORD, content, frame, head
from shardr.recordio.tensors import DTYPES, FEATURES, FIELDS, LABEL, METADATA, UID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True)
class Encoded:
    """Records in their frames, and where each ends."""

    content: Any
    ends: Any


def encode(
    features: Any,
    labels: Mapping[str, Any] | None = None,
    uids: Sequence[str | None] | None = None,
    metadata: Sequence[str | None] | None = None,
    *,
    split_magic: bool = False,
) -> Encoded:
    """A record for each row of a table of float32, float64 or int32, of ``Sparse``, or of None, which is labels only.

    ``labels`` has a number or several for each row, by the name of the label. ``split_magic`` cuts records at what
    looks like a magic, as the format has it and AWS's readers do not know. Raises DataError with all that is wrong.

    >>> encode(np.array([[1, 2]], "f4"), {"values": np.array([1], "f4")}).content.tobytes()[:12].hex(" ", 4)
    '0a23d7ce 2c000000 0a160a06'
    """
    tensors = [] if features is None else [_Tensor.of(FEATURES, VALUES, features)]
    tensors += [_Tensor.of(LABEL, name, np.asarray(values)) for name, values in (labels or {}).items()]
    texts = [(number, held) for number, held in ((UID, uids), (METADATA, metadata)) if held is not None]
    _check(tensors, texts)
    if not tensors[0].rows:
        return Encoded(np.zeros(0, np.uint8), np.zeros(0, np.int64))
    fixed = not texts and all(tensor.keys is None and tensor.kind != "int32" for tensor in tensors)
    encoded = _alike(tensors) if fixed else _one_by_one(tensors, texts)
    return _split(encoded) if split_magic else encoded


@dataclass(frozen=True)
class _Tensor:
    """The bytes of the numbers of all rows, and of their keys, and where those of each row end."""

    section: int
    name: str
    kind: str
    width: int
    values: Any
    ends: Any
    keys: Any = None
    key_ends: Any = None

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.ends)

    @classmethod
    def of(cls, section: int, name: str, held: Any) -> _Tensor:
        """That of a table, of ``Sparse`` rows, or of a number for each row."""
        kind = str(held.dtype)
        if kind not in FIELDS:
            raise DataError(
                f"{'Labels' if section == LABEL else 'Features'} of {kind} cannot be written as recordIO-protobuf",
                why=f"its tensors are of {', '.join(FIELDS)}",
                fix="convert them, as by .astype('float32')",
            )
        if isinstance(held, Sparse):
            counts = np.cumsum(held.counts)
            keys, ends = varints.packed(held.columns)
            last = np.concatenate([[0], ends])[counts]
            return cls(section, name, kind, held.width, *_bytes(held.values, counts, kind), keys, last)
        table = held[:, None] if held.ndim == 1 else held
        counts = np.arange(1, len(table) + 1) * table.shape[1]
        return cls(section, name, kind, table.shape[1], *_bytes(table.ravel(), counts, kind))

    def written(self) -> Iterator[bytes]:
        """The field of each row; what stands around numbers and keys of the same sizes is made once."""
        keys = repeat(b"") if self.keys is None else _cut(self.keys, self.key_ends)
        made: dict[tuple[int, int], tuple[bytes, bytes, bytes]] = {}
        for values, places in zip(_cut(self.values, self.ends), keys, strict=False):
            sizes = len(values), len(places)
            if sizes not in made:
                made[sizes] = self.around(*sizes)
            before, between, behind = made[sizes]
            yield b"".join((before, values, between, places, behind))

    def around(self, values: int, keys: int) -> tuple[bytes, bytes, bytes]:
        """What stands before the numbers of a row, between them and its keys, and behind: both have so many bytes."""
        before = b"\x0a" + _varint(values) if values else b""
        between = b"\x12" + _varint(keys) if keys else b""
        shape = _field(3, _varint(self.width)) if self.keys is not None else b""
        size = len(before) + values + len(between) + keys + len(shape)
        tensor = bytes([FIELDS[self.kind] << 3 | 2]) + _varint(size)
        entry = _field(1, self.name.encode()) + b"\x12" + _varint(len(tensor) + size) + tensor
        return bytes([self.section << 3 | 2]) + _varint(len(entry) + size) + entry + before, between, shape


def _cut(held: Any, ends: Any) -> Iterator[bytes]:
    whole, begin = held.tobytes(), 0
    for end in ends.tolist():
        yield whole[begin:end]
        begin = end


def _bytes(values: Any, ends: Any, kind: str) -> tuple[Any, Any]:
    """The bytes of numbers that rows have up to ``ends``, and where the bytes of each row end."""
    if kind != "int32":
        return np.ascontiguousarray(values, DTYPES[kind]).view(np.uint8), ends * np.dtype(DTYPES[kind]).itemsize
    packed, stops = varints.packed(values)
    return packed, np.concatenate([[0], stops])[ends]


def _check(tensors: list[_Tensor], texts: list[tuple[int, Sequence[str | None]]]) -> None:
    problems = []
    sizes = {f"{'label' if t.section == LABEL else 'features'} {t.name}": t.rows for t in tensors}
    sizes |= {("uids" if number == UID else "metadata"): len(held) for number, held in texts}
    if len(set(sizes.values())) > 1:
        problems.append(Problem("", "not as many rows: " + ", ".join(f"{name} {rows}" for name, rows in sizes.items())))
    problems += [Problem(name, "no columns") for name, tensor in zip(sizes, tensors, strict=False) if not tensor.width]
    if not tensors:
        problems.append(Problem("", "neither features nor labels"))
    if problems:
        raise DataError("These rows cannot be written as recordIO-protobuf", problems=problems)


def _field(number: int, held: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(held)) + held


@lru_cache(maxsize=1024)  # of lengths, which recur
def _varint(number: int) -> bytes:
    return bytes(varints.packed([number])[0])


def _alike(tensors: list[_Tensor]) -> Encoded:
    """Records of as many bytes each: one template, and the numbers put into its copies."""
    rows = tensors[0].rows
    template, places = bytearray(HEAD_BYTES), []
    for tensor in tensors:
        size = len(tensor.values) // rows
        template += tensor.around(size, 0)[0]
        places.append(slice(len(template), len(template) + size))
        template += bytes(size)
    record = len(template) - HEAD_BYTES
    template[:HEAD_BYTES] = head(record)
    template += bytes(-record % 4)
    fixed, found, done = np.frombuffer(template, np.uint8), np.empty((rows, len(template)), np.uint8), 0
    for tensor, place in zip(tensors, places, strict=True):
        found[:, done : place.start] = fixed[done : place.start]
        found[:, place] = tensor.values.reshape(rows, -1)
        done = place.stop
    found[:, done:] = fixed[done:]
    return Encoded(found.reshape(-1), np.arange(1, rows + 1) * len(template))


def _one_by_one(tensors: list[_Tensor], texts: list[tuple[int, Sequence[str | None]]]) -> Encoded:
    """Records of any size."""
    columns = [tensor.written() for tensor in tensors]
    columns += [_written(number, held) for number, held in texts]
    frames = [frame(b"".join(parts)) for parts in zip(*columns, strict=True)]
    return Encoded(np.frombuffer(b"".join(frames), np.uint8), np.cumsum([len(one) for one in frames]))


def _written(number: int, texts: Sequence[str | None]) -> Iterator[bytes]:
    return (b"" if text is None else _field(number, text.encode()) for text in texts)


def _split(encoded: Encoded) -> Encoded:
    """The same records, those cut that have what looks like a magic at a multiple of 4."""
    words = encoded.content.view("<u4")
    if np.count_nonzero(words == MAGIC_WORD) == len(encoded.ends):
        return encoded
    frames = [frame(content(whole), split_magic=True) for whole in _cut(encoded.content, encoded.ends)]
    return Encoded(np.frombuffer(b"".join(frames), np.uint8), np.cumsum([len(one) for one in frames]))
