"""Dense records that differ in nothing but their numbers, read as one array: what most files are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shardr.recordio.faults import RecordFault
from shardr.recordio.fields import BYTES, Slices, fields
from shardr.recordio.tensors import BYTES_VALUE, FEATURES, KEYS, KINDS, LABEL, METADATA, SHAPE, UID
from shardr.recordio.tensors import VALUES as NUMBERS

if TYPE_CHECKING:
    from shardr.recordio.frames import Records


@dataclass(frozen=True)
class Layout:
    """Where a record has the numbers of a tensor, counted from its begin."""

    section: int
    name: str
    kind: str
    begin: int
    end: int


def table_of(records: Records) -> dict[tuple[int, str], Any] | None:
    """The tensors of dense records as tables, by section and name; None where the records are not alike."""
    begin, end = int(records.begins[0]), int(records.ends[0])
    size = end - begin
    stride = int(records.begins[1]) - begin if len(records) > 1 else 0
    if stride <= 0 or ((records.ends - records.begins) != size).any() or (np.diff(records.begins) != stride).any():
        return None
    layouts = layout(records.content[begin:end])
    if layouts is None:
        return None
    return tables(np.ndarray((len(records), size), "u1", records.content, begin, (stride, 1)), layouts)


def layout(record: Any) -> list[Layout] | None:
    """Where a record has its numbers; None where they are not dense, or not all in one place."""
    try:
        return _layout(record)
    except RecordFault:
        return None


def _layout(record: Any) -> list[Layout] | None:
    zero = np.zeros(1, np.int64)
    sections = fields(record, Slices(zero, zero, zero + len(record)), (FEATURES, LABEL, UID, METADATA))
    if len(sections.pop(UID)) or len(sections.pop(METADATA)):  # texts, which may be the same in all records
        return None
    found = []
    for section, entries in sections.items():
        for i in range(len(entries)):
            parts = fields(record, entries.of(slice(i, i + 1)), (1, 2))
            if len(parts[1]) != 1 or len(parts[2]) != 1:
                return None
            name = record[parts[1].begins[0] : parts[1].ends[0]].tobytes().decode("utf-8", "replace")
            values = fields(record, parts[2], (*KINDS, BYTES_VALUE))
            kinds = [(kind, held) for kind, held in values.items() if len(held)]
            if len(kinds) != 1 or len(kinds[0][1]) != 1 or kinds[0][0] not in (2, 3):
                return None
            tensor = fields(record, kinds[0][1], (NUMBERS, KEYS, SHAPE))
            numbers = tensor[NUMBERS]
            if len(numbers) != 1 or len(tensor[KEYS]) or len(tensor[SHAPE]) or numbers.wires[0] != BYTES:
                return None
            kind = KINDS[kinds[0][0]]
            begin, end = int(numbers.begins[0]), int(numbers.ends[0])
            if (end - begin) % int(kind[2]) or end == begin:
                return None
            found.append(Layout(section, name, kind, begin, end))
    names = [(one.section, one.name) for one in found]
    return found if found and len(set(names)) == len(names) else None


def tables(rows: Any, layouts: list[Layout]) -> dict[tuple[int, str], Any] | None:
    """The numbers of rows of bytes; None where rows differ in other bytes than those of numbers."""
    fixed = np.ones(rows.shape[1], bool)
    for one in layouts:
        fixed[one.begin : one.end] = False
    for begin, end in _runs(fixed):
        if not _same(rows[:, begin:end]):
            return None
    return {(one.section, one.name): rows[:, one.begin : one.end].view(one.kind) for one in layouts}


def _same(rows: Any) -> bool:
    """Whether all rows have the bytes of the first: 8 at a time, the last ones twice where there are more."""
    width = rows.shape[1]
    if width < 8:
        return all(bool((rows[:, byte] == rows[0, byte]).all()) for byte in range(width))
    places = [*range(0, width - 8, 8), width - 8]
    words = (rows[:, place : place + 8].view("<u8") for place in places)
    return not any((word != word[0]).any() for word in words)


def _runs(flags: Any) -> list[tuple[int, int]]:
    """Where flags are set, one after the other."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
