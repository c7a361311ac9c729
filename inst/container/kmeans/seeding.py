"""The first centres: some of the points, at random, or far from each other (k-means++)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def at_random(points: Any, weights: Any, number: int, random: np.random.Generator) -> Any:
    """So many of the points, some of them again only where there are fewer."""
    del weights
    return points[random.choice(len(points), number, replace=len(points) < number)]


def far_apart(points: Any, weights: Any, number: int, random: np.random.Generator) -> Any:
    """A point at random, by weight, and then more, by weight and the square of how far it is from those."""
    norms = np.einsum("ij,ij->i", points, points)
    squares = np.ones(len(points))
    chosen = []
    for _ in range(number):
        sums = np.cumsum(squares * weights)
        if not sums[-1] > 0:  # all points are chosen
            sums = np.cumsum(weights)
        chosen.append(min(int(np.searchsorted(sums, random.random() * sums[-1], "right")), len(points) - 1))
        new = points[chosen[-1]]
        from_new = np.maximum(norms - 2 * (points @ new) + new @ new, 0)
        from_new[chosen[-1]] = 0
        squares = np.minimum(squares, from_new) if len(chosen) > 1 else from_new
    return points[chosen]


SEEDINGS: dict[str, Callable[[Any, Any, int, np.random.Generator], Any]] = {
    "random": at_random, "kmeans++": far_apart,
}  # fmt: skip
