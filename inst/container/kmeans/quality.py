"""How far rows are from their centres: of all rows that are there, or of those that were kept of a stream."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from nearest import assigned
from ordered import ordered
from place import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PART_ROWS = 1 << 13
"""Of the rows that were kept, for a thread at a time."""


def scored(centres: Any, tables: Iterable[Callable[[], Any]]) -> tuple[float, int]:
    """The mean square of how far rows are from the nearest centre, and how many rows there are."""

    def loss(_: int, read: Callable[[], Any]) -> tuple[float, int]:
        table = read()
        return float(assigned(table, centres)[1].sum()), len(table)

    scores = list(ordered(loss, tables))
    rows = sum(count for _, count in scores)
    return sum(one for one, _ in scores) / max(rows, 1), rows


def estimated(centres: Any, kept: Iterable[tuple[Any, int]]) -> tuple[float, int]:
    """The same of the rows of all hosts, by those that each has kept of so many, for which they count."""
    total, rows = 0.0, 0
    for sample, count in kept:
        parts = (sample[first : first + PART_ROWS] for first in range(0, len(sample), PART_ROWS))
        total += count * scored(centres, (partial(np.asarray, part) for part in parts))[0]
        rows += count
    return total / rows, rows


def say_quality(host: str, channel: str, mean: float, rows: int, metrics: Iterable[str]) -> None:
    """The metrics that were asked for, in the service's words, which its definitions of metrics look for."""
    values = {"msd": mean, "ssd": mean * rows}
    for metric in metrics if rows else ():
        say(f"#quality_metric: host={host}, {channel} {metric} <loss>={values[metric]:.9g}")
