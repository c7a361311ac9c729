"""How many bytes an epoch of a streamed channel has, as far as that is known before they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardr.local.pipes.contents import size_of
from shardr.recordio.framing import HEAD_BYTES, padded

if TYPE_CHECKING:
    from shardr.local.pipes.contents import How
    from shardr.local.pipes.parts import Parts

MOST_MEASURED = 100_000
"""Objects of an epoch whose sizes are asked for, to say how far it is: more would keep who asks waiting."""


def epoch_size(parts: Parts, how: How, epoch: int) -> int | None:
    """The bytes that a reader gets of an epoch; None where objects are expanded, too many, or not known yet."""
    if how.compression != "None" or parts.count() > MOST_MEASURED:
        return None
    try:
        found = [size_of(part) for part in parts.of(epoch)]
    except OSError:  # it is told when its turn comes
        return None
    sizes = [size for size in found if size is not None]
    if len(sizes) < len(found):  # objects at S3 that nobody has looked at
        return None
    return sum(HEAD_BYTES + padded(size) for size in sizes) if how.wrapper == "RecordIO" else sum(sizes)
