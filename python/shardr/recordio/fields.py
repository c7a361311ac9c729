"""The fields of protobuf messages, of many messages at a time: one step for all of them, for each field they have.

A message is a slice of one array of bytes and belongs to an owner, the record that it is in. Records of one form have
each field at the same step, but their lengths may differ: that is what makes sparse rows quick.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shardr.recordio import varints
from shardr.recordio.faults import NO_RECORD, RecordFault

if TYPE_CHECKING:
    from collections.abc import Iterable

VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5


@dataclass(frozen=True)
class Slices:
    """Places in an array of bytes, with the owner of each; ascending by owner, those of one owner in their order."""

    owners: Any
    begins: Any
    ends: Any
    wires: Any = None

    def __len__(self) -> int:
        return len(self.owners)

    def of(self, chosen: Any) -> Slices:
        """Those chosen."""
        wires = None if self.wires is None else self.wires[chosen]
        return Slices(self.owners[chosen], self.begins[chosen], self.ends[chosen], wires)

    def last(self) -> Slices:
        """The last of each owner, which is the one that counts where a field may be there once."""
        if len(self) < 2 or (self.owners[1:] > self.owners[:-1]).all():
            return self
        return self.of(np.append(self.owners[1:] != self.owners[:-1], True))


def fields(content: Any, messages: Slices, wanted: Iterable[int]) -> dict[int, Slices]:
    """Where messages have the wanted fields, without tag and length; others are skipped.

    Raises RecordFault for the owner of the first that is no message.
    """
    found: dict[int, list[Slices]] = {number: [] for number in wanted}
    going = messages.begins < messages.ends
    if not going.all():
        messages = messages.of(going)
    owners, at, ends = messages.owners, messages.begins, messages.ends
    while len(owners):
        tags, at = varints.at(content, at, ends, owners)
        wires, numbers = tags & 7, tags >> 3
        sizes = np.where(wires == EIGHT_BYTES, 8, np.where(wires == FOUR_BYTES, 4, 0))
        varint = (wires == VARINT) | (wires == BYTES)
        if varint.all():
            values, behind = varints.at(content, at, ends, owners)
        elif varint.any():
            values, behind = np.zeros_like(at), at.copy()
            values[varint], behind[varint] = varints.at(content, at[varint], ends[varint], owners[varint])
        else:
            values, behind = sizes, at
        in_bytes = wires == BYTES
        begins = np.where(in_bytes, behind, at)
        stops = np.where(in_bytes, behind + np.minimum(values, len(content) + 1), behind + sizes)
        wrong = (stops > ends) | (numbers == 0) | ~(varint | (sizes > 0)) | (values < 0)
        if wrong.any():
            raise RecordFault(owners[int(np.argmax(wrong))], NO_RECORD)
        for number, slices in found.items():
            if (has := numbers == number).all():
                slices.append(Slices(owners, begins, stops, wires))
            elif has.any():
                slices.append(Slices(owners[has], begins[has], stops[has], wires[has]))
        going = stops < ends
        if going.all():
            at = stops
        else:
            owners, at, ends = owners[going], stops[going], ends[going]
    return {number: _joined(slices) for number, slices in found.items()}


def _joined(slices: list[Slices]) -> Slices:
    if len(slices) == 1:
        return slices[0]
    if not slices:
        none = np.zeros(0, np.int64)
        return Slices(none, none, none, none)
    parts = (np.concatenate([getattr(s, name) for s in slices]) for name in ("owners", "begins", "ends", "wires"))
    joined = Slices(*parts)
    return joined.of(np.argsort(joined.owners, kind="stable"))


def gathered(content: Any, slices: Slices, size: int = 1) -> tuple[Any, Any]:
    """What the slices hold one after the other, as items of so many bytes, and how many items each has."""
    lengths = slices.ends - slices.begins
    counts = lengths // size
    if (broken := counts * size != lengths).any():
        raise RecordFault(slices.owners[int(np.argmax(broken))], NO_RECORD)
    kind = {1: "u1", 4: "<u4", 8: "<u8"}[size]
    total = int(counts.sum())
    if not total:
        return np.zeros(0, kind), counts
    # items at every byte, overlapping: one look-up takes those that begin where a slice does, or so many items behind
    windows = np.ndarray((len(content) - size + 1,), kind, content, strides=(1,))
    starts = slices.begins - size * (np.cumsum(counts) - counts)
    return windows[np.repeat(starts, counts) + size * np.arange(total)], counts
