"""Values as a line of text: ``▁▃▅▇``. R: ``metrics-print.R``; both keep tests/contract/sparklines.json."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█↑↓?"
ASCII = "_.-~=+*#^v?"
"""Eight heights, then what stands for infinite, negative infinite, and no number."""


def sparkline(values: Sequence[float], width: int = 24, marks: str = BLOCKS) -> str:
    """A mark for each value, or for the mean of those that share a place when there are more than ``width``.

    >>> sparkline([1, 2, 3, float("nan"), 8])
    '▁▂▃?█'
    """
    places = min(len(values), width)
    cuts = [i * len(values) // places for i in range(places + 1)] if places else []
    shown = [_one(values[start:end]) for start, end in pairwise(cuts)]
    heights = [value for value in shown if math.isfinite(value)]
    low, high = min(heights, default=0.0), max(heights, default=0.0)
    return "".join(marks[_mark(value, low, high)] for value in shown)


def _one(values: Sequence[float]) -> float:
    """The mean of those that are finite; where none is, the first that is a number at all."""
    finite = [value for value in values if math.isfinite(value)]
    if finite:
        return sum(value / len(finite) for value in finite)
    return next((value for value in values if not math.isnan(value)), math.nan)


def _mark(value: float, low: float, high: float) -> int:
    if math.isnan(value):
        return 10
    if math.isinf(value):
        return 8 if value > 0 else 9
    if high == low:
        return 3
    return math.floor((value / 2 - low / 2) / (high / 2 - low / 2) * 7 + 0.5)  # halves: the whole may be infinite
