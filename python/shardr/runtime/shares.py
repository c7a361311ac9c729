"""What this instance works on, of rows and of groups that every instance has whole."""

from __future__ import annotations

import datetime
from typing import Any

from shardr.errors import DataError
from shardr.runtime.instance import shard
from shardr.runtime.numbers import number_text


def shard_rows(n: int) -> range:
    """The rows of this instance, of ``n`` that every instance has whole (``FullyReplicated``), counted from 0.

    Instance ``rank`` of ``size`` has those from ``floor(rank * n / size)`` up to before ``floor((rank + 1) * n /
    size)``: together the instances have each row once, and their shares differ by one row at most.

    >>> shard_rows(10)                                                 # doctest: +SKIP
    range(0, 5)
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 0:
        raise DataError("n must be a whole number of rows, 0 or more", why=f"found {n!r}")
    here = shard()
    return range(*row_range(here.rank, here.size, n))


def row_range(rank: int, size: int, rows: int) -> tuple[int, int]:
    """First row and the one after the last (counted from 0) that instance ``rank`` of ``size`` works on.

    ``floor(rank * rows / size)`` up to ``floor((rank + 1) * rows / size)``: neighbours share the bound, so there is
    neither gap nor overlap. ``rank`` counts from 0, in the bytewise order of the host names. Raises ValueError when
    ``rank`` is not in ``0 .. size-1``.

    >>> row_range(1, 3, 10)
    (3, 6)
    """
    if size < 1:
        raise ValueError(f"size must be at least 1, not {size}")
    if not 0 <= rank < size:
        raise ValueError(f"rank {rank} is not between 0 and {size - 1}")
    return rank * rows // size, (rank + 1) * rows // size


def shard_groups(key: Any) -> list[bool]:
    """Which rows belong to this instance when no group of rows may be divided.

    ``key`` has the group of each row: text, numbers, logicals or dates, in a list, an array or a column. The groups are
    sorted bytewise by their text, and group ``i`` goes to instance ``i mod size``, those without a value last. Who gets
    which group depends on which groups there are, not on their rows or the order.

    >>> shard_groups(["b", "a", "b", "c"])                             # doctest: +SKIP
    [False, True, False, True]
    """
    here = shard()
    values = key.tolist() if hasattr(key, "tolist") else list(key)
    if bool in set(map(type, values)):  # True and 1 are one key of a dict and two groups
        values = [_text(value) if isinstance(value, bool) else value for value in values]
    texts = {value: _text(value) for value in set(values)}
    groups = sorted(set(texts.values()), key=lambda text: (text is None, text or ""))
    mine = set(groups[here.rank :: here.size])
    owned = {value for value, text in texts.items() if text in mine}
    return [value in owned for value in values]


def _text(value: Any) -> str | None:
    """The text that a group sorts by; None for a missing value."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number_text(value) if value == value else None
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value.isoformat()
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return None
    raise DataError(
        "key must be text, numbers, logicals or dates", why=f"found a {type(value).__name__}", fix="make text of it"
    )
