"""Seconds as a straight line of bytes: start plus so much per byte, how sure that is, and when it is not to be used."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from math import inf, sqrt
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    Point = tuple[float, float]

MOST_RESIDUAL = 0.3
"""A line that its points miss by more, root mean square against their mean, is no line."""
MOST_BEND = 0.08
"""How far the middle size may lie below the line through the outer ones, against their difference. Work that grows
with the square of the data lies 0.13 below for 1/16, 1/8, 1/4."""
T95 = (inf, 12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23)
"""Student's t, 95 % two-sided, by degrees of freedom; above that, 2.2 and less: 2.2 is on the safe side."""


@dataclass(frozen=True)
class Line:
    """``seconds = start + slope * bytes``, by least squares."""

    start: float
    slope: float
    points: int
    mean_bytes: float
    spread: float
    """Sum of squares of the bytes around their mean."""
    sigma: float
    """Standard deviation of the residuals."""
    residual: float
    """Root mean square of the residuals, against the mean of the seconds."""

    def at(self, size: float) -> float:
        """Seconds for so many bytes."""
        return max(self.start + self.slope * size, 0.0)

    def margin(self, size: float) -> float:
        """Half the width of the 95 % confidence interval of the line there: it grows with the distance."""
        t = T95[min(self.points - 2, len(T95) - 1)]
        return t * self.sigma * sqrt(1 / self.points + (size - self.mean_bytes) ** 2 / self.spread)


def fit(points: Sequence[Point]) -> Line:
    """The line of (bytes, seconds) pairs; at least three, of at least two sizes.

    >>> line = fit([(1, 3.0), (2, 5.0), (4, 9.0)])
    >>> round(line.start, 6), round(line.slope, 6), round(line.at(10), 6)
    (1.0, 2.0, 21.0)
    """
    n = len(points)
    middle, mean = fmean(x for x, _ in points), fmean(y for _, y in points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    slope = sum((x - middle) * (y - mean) for x, y in points) / spread
    start = mean - slope * middle
    squares = sum((y - start - slope * x) ** 2 for x, y in points)
    return Line(start, slope, n, middle, spread, sqrt(squares / (n - 2)), sqrt(squares / n) / mean if mean else inf)


def refusal(line: Line, points: Sequence[Point]) -> str | None:
    """Why no forecast can be made of these points; None when it can."""
    if line.slope <= 0:
        return "it takes no longer with more data, so what it takes with all of it cannot be told from samples"
    bend = bend_of(points)
    if bend > MOST_BEND:
        return (
            f"it takes longer than in proportion to its data: the middle sample lies {bend:.0%} below the line through "
            "the others, so a straight line would promise too little"
        )
    if line.residual > MOST_RESIDUAL:
        return (
            f"its times lie off a straight line by {line.residual:.0%} (at most {MOST_RESIDUAL:.0%} will do): "
            "this machine was busy, or the time hangs on something else than the amount of data"
        )
    return None


def bend_of(points: Sequence[Point]) -> float:
    """How far the middle of three sizes lies below the line through the others, as a part of their difference.

    0 when that is within twice the noise of the means, and when there are not three sizes.
    """
    by_size = [(x, [y for _, y in group]) for x, group in groupby(sorted(points), key=lambda point: point[0])]
    if len(by_size) != 3:
        return 0.0
    (x1, y1), (x2, y2), (x3, y3) = by_size
    low, middle, high = fmean(y1), fmean(y2), fmean(y3)
    below = low + (high - low) * (x2 - x1) / (x3 - x1) - middle
    within = [(y - fmean(ys)) ** 2 for ys in (y1, y2, y3) for y in ys]
    free = len(within) - 3
    noise = sqrt(sum(within) / free / len(y2) * 1.5) if free else 0.0
    return below / (high - low) if high > low and below > 2 * noise else 0.0
