"""The values that one instance has logged of one metric."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from typing import Any

MOST = 2**63


@dataclass(frozen=True)
class Series:
    """Two columns of numbers: a job may log millions of them."""

    step: str
    instance: str
    metric: str
    x: array[int] = field(default_factory=lambda: array("q"))
    """Where each value belongs: the ``step=`` of its line, else how many values there were, itself included."""
    values: array[float] = field(default_factory=lambda: array("d"))

    def add(self, value: float, x: int | None) -> None:
        """One more value."""
        self.values.append(value)
        self.x.append(len(self.values) if x is None or not -MOST <= x < MOST else x)

    @property
    def last(self) -> float:
        """The newest value."""
        return self.values[-1]

    @property
    def lowest(self) -> tuple[float, int] | None:
        """The lowest value and where it came first; None when no value is a number."""
        return min(self._numbers(), key=lambda pair: pair[0], default=None)

    @property
    def highest(self) -> tuple[float, int] | None:
        """The highest value and where it came first."""
        return max(self._numbers(), key=lambda pair: pair[0], default=None)

    def _numbers(self) -> list[tuple[float, int]]:
        return [(value, x) for value, x in zip(self.values, self.x, strict=True) if not math.isnan(value)]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``--json`` prints it."""
        low, high = self.lowest, self.highest
        return {
            "step": self.step,
            "instance": self.instance,
            "metric": self.metric,
            "values": len(self.values),
            "last": self.last,
            "min": low and low[0],
            "min_x": low and low[1],
            "max": high and high[0],
            "max_x": high and high[1],
            "series": {"x": list(self.x), "value": list(self.values)},
        }
