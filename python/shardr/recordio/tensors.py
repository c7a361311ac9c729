"""The tensors of records of any form: features and labels by their names, and the texts beside them.

The schema is ``aialgs.data``'s, of SageMaker's algorithms: a record maps names to values in ``features`` (1) and
``label`` (2), has ``uid`` (3) and ``metadata`` (4); a value is a tensor of float32 (2), float64 (3) or int32 (7), which
is values (1), keys (2) and shape (3), packed or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shardr.recordio import varints
from shardr.recordio.faults import NO_RECORD, RecordFault
from shardr.recordio.fields import BYTES, Slices, fields, gathered

if TYPE_CHECKING:
    from collections.abc import Sequence

FEATURES, LABEL, UID, METADATA = 1, 2, 3, 4
DTYPES = {"float32": "<f4", "float64": "<f8", "int32": "<i4"}
"""The numbers that there are, and how they are laid out."""
FIELDS = {"float32": 2, "float64": 3, "int32": 7}
KINDS = {number: DTYPES[name] for name, number in FIELDS.items()}
"""The fields of a value that are tensors, by the numbers they hold."""
BYTES_VALUE = 9
VALUES, KEYS, SHAPE = 1, 2, 3


@dataclass(frozen=True)
class Tensors:
    """A tensor of each of some records: numbers one after the other, and how many are whose."""

    records: Any
    values: Any
    counts: Any
    keys: Any
    key_counts: Any
    widths: Any
    """The product of each shape, -1 where there is none."""
    kinds: Sequence[str]
    """What each record has: ``float32``, ``float64`` or ``int32``."""


@dataclass(frozen=True)
class Parsed:
    """What records hold: tensors by name, and texts of each record, or None where no record has one."""

    features: dict[str, Tensors]
    labels: dict[str, Tensors]
    uids: list[str | None] | None
    metadata: list[str | None] | None


def parsed(content: Any, begins: Any, ends: Any) -> Parsed:
    """What the records hold that are between ``begins`` and ``ends`` of an array of bytes; raises RecordFault."""
    records = Slices(np.arange(len(begins)), begins, ends)
    found = fields(content, records, (FEATURES, LABEL, UID, METADATA))
    return Parsed(
        _section(content, found[FEATURES]),
        _section(content, found[LABEL]),
        _texts(content, found[UID], len(begins)),
        _texts(content, found[METADATA], len(begins)),
    )


def _section(content: Any, entries: Slices) -> dict[str, Tensors]:
    """The tensors of a map, by name."""
    # an entry is an owner of its own, as a record has one for each name
    numbered = Slices(np.arange(len(entries)), entries.begins, entries.ends)
    try:
        parts = fields(content, numbered, (1, 2))
    except RecordFault as wrong:
        raise RecordFault(entries.owners[wrong.record], wrong.message) from None
    names, values = parts[1].last(), parts[2].last()
    both = np.intersect1d(names.owners, values.owners, assume_unique=True)
    names = names.of(np.searchsorted(names.owners, both))
    values = values.of(np.searchsorted(values.owners, both))
    values = Slices(entries.owners[both], values.begins, values.ends)
    found = {}
    while len(names):
        name = content[names.begins[0] : names.ends[0]]
        same = names.ends - names.begins == len(name)
        starts = names.begins[same]
        alike = np.ones(len(starts), bool)
        for byte, wanted in enumerate(name):
            alike &= content[starts + byte] == wanted
        same[same] = alike
        found[name.tobytes().decode("utf-8", "replace")] = _tensors(content, values.of(same).last())
        names, values = names.of(~same), values.of(~same)
    return found


def _tensors(content: Any, values: Slices) -> Tensors:
    kinds = fields(content, values, (*KINDS, BYTES_VALUE))
    if len(held := kinds.pop(BYTES_VALUE)):
        raise RecordFault(held.owners[0], "holds bytes, and tensors of numbers are read")
    of_kind = {kind: slices.last() for kind, slices in kinds.items() if len(slices)}
    if not of_kind:
        raise RecordFault(values.owners[0], "has a value without a tensor")
    found = [_of_kind(content, slices, kind) for kind, slices in of_kind.items()]
    tensors = found[0] if len(found) == 1 else _merged(found)
    if len(tensors.records) < len(values):
        raise RecordFault(np.setdiff1d(values.owners, tensors.records)[0], "has a value without a tensor")
    if len(found) > 1 and len(twice := np.flatnonzero(np.diff(tensors.records) == 0)):
        raise RecordFault(tensors.records[twice[0]], NO_RECORD)
    return tensors


def _of_kind(content: Any, slices: Slices, kind: int) -> Tensors:
    parts = fields(content, slices, (VALUES, KEYS, SHAPE))
    size = 4 if kind == 2 else 8
    values, counts = (
        _varints(content, parts[VALUES], slices.owners)
        if KINDS[kind] == "<i4"
        else _per_record(*gathered(content, parts[VALUES], size), parts[VALUES], slices.owners)
    )
    if KINDS[kind] == "<i4":
        values = values.astype(np.uint32).view(np.int32)  # protobuf's own way with what is too long
    keys, key_counts = _varints(content, parts[KEYS], slices.owners)
    shape, dimensions = _varints(content, parts[SHAPE], slices.owners)
    widths = np.full(len(slices), -1, np.int64)
    if len(shape):
        has = dimensions > 0
        starts = (np.cumsum(dimensions) - dimensions)[has]
        widths[has] = np.multiply.reduceat(shape.astype(np.int64), starts)
    kinds = [str(np.dtype(KINDS[kind]))] * len(slices)
    return Tensors(slices.owners, values.view(KINDS[kind]), counts, keys.astype(np.int64), key_counts, widths, kinds)


def _varints(content: Any, slices: Slices, owners: Any) -> tuple[Any, Any]:
    packed, counts = gathered(content, slices)
    try:
        numbers, counts = varints.unpacked(packed, counts)
    except RecordFault as wrong:
        raise RecordFault(slices.owners[wrong.record], wrong.message) from None
    return _per_record(numbers, counts, slices, owners)


def _per_record(numbers: Any, counts: Any, slices: Slices, owners: Any) -> tuple[Any, Any]:
    """The counts of slices as counts of their owners, which may have several or none."""
    if len(slices) == len(owners) and (slices.owners == owners).all():
        return numbers, counts
    each = np.zeros(len(owners), np.int64)
    np.add.at(each, np.searchsorted(owners, slices.owners), counts)
    return numbers, each


def _merged(found: list[Tensors]) -> Tensors:
    """Tensors of several kinds in the order of their records, as doubles."""

    def all_of(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in found])

    order = np.argsort(all_of("records"), kind="stable")
    values, counts = _reordered(all_of("values").astype(np.float64), all_of("counts"), order)
    keys, key_counts = _reordered(all_of("keys"), all_of("key_counts"), order)
    kinds = all_of("kinds")[order].tolist()
    return Tensors(all_of("records")[order], values, counts, keys, key_counts, all_of("widths")[order], kinds)


def _reordered(items: Any, counts: Any, order: Any) -> tuple[Any, Any]:
    """Items of owners, so many of each, with the owners in another order."""
    starts, counts = (np.cumsum(counts) - counts)[order], counts[order]
    moved = np.repeat(starts - (np.cumsum(counts) - counts), counts)
    return items[moved + np.arange(len(items))], counts


def _texts(content: Any, slices: Slices, count: int) -> list[str | None] | None:
    if not len(slices):
        return None
    if (other := slices.wires != BYTES).any():
        raise RecordFault(slices.owners[int(np.argmax(other))], NO_RECORD)
    found: list[str | None] = [None] * count
    held = content.data
    places = zip(slices.owners.tolist(), slices.begins.tolist(), slices.ends.tolist(), strict=True)
    for owner, begin, end in places:
        found[owner] = bytes(held[begin:end]).decode("utf-8", "replace")
    return found
