"""Few centres of many: Lloyd's k-means on centres with weights, from several beginnings, of which the best counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from nearest import Nearest, grouped
from ordered import ordered
from seeding import SEEDINGS

if TYPE_CHECKING:
    from collections.abc import Mapping


def reduced(points: Any, weights: Any, settings: Mapping[str, Any]) -> tuple[Any, float]:
    """``k`` centres, and the sum of the squares of how far the points are from theirs, by weight."""
    origin = points.mean(axis=0)
    task = _Task(points - origin, weights, settings)
    tried = list(ordered(lambda number, _: task.attempt(number), range(settings["local_lloyd_num_trials"])))
    centres, loss = min(tried, key=lambda one: one[1])
    return centres + origin, loss


class _Task:
    def __init__(self, points: Any, weights: Any, settings: Mapping[str, Any]) -> None:
        self._points, self._weights, self._settings = points, weights, settings
        self._rows = np.column_stack([points, np.ones(len(points))])
        self._norms = np.einsum("ij,ij->i", points, points)

    def attempt(self, number: int) -> tuple[Any, float]:
        """The centres of one beginning and their loss."""
        seeding = SEEDINGS[self._settings["local_lloyd_init_method"]]
        centres = seeding(self._points, self._weights, self._settings["k"], np.random.default_rng((1, number)))
        last = np.inf
        for turn in range(self._settings["local_lloyd_max_iter"] + 1):
            near, squares = self._nearest(centres)
            losses = self._weights * squares
            loss = float(losses.sum())
            if turn == self._settings["local_lloyd_max_iter"]:
                break
            if turn and last - loss <= self._settings["local_lloyd_tol"] * last:
                break
            last = loss
            centres = self._means(near, losses)
        return centres, loss

    def _nearest(self, centres: Any) -> tuple[Any, Any]:
        nearest = Nearest(centres, np.float64)
        near, best = [], []
        for tile in nearest.tiles(self._rows):
            products = nearest.products(tile)
            near.append(products.argmax(axis=1))
            best.append(products[np.arange(len(tile)), near[-1]])
        return np.concatenate(near), np.maximum(self._norms - 2 * np.concatenate(best), 0)

    def _means(self, near: Any, losses: Any) -> Any:
        """The mean of the points of each centre; one that has none takes the place of a point that costs most."""
        which, sums = grouped(near, self._rows * self._weights[:, None])
        number = self._settings["k"]
        left = np.setdiff1d(np.arange(number), which)
        centres = np.empty((number, self._points.shape[1]))
        centres[which] = sums[:, :-1] / sums[:, -1:]
        if len(left):
            centres[left] = self._points[np.resize(np.argsort(-losses, kind="stable"), len(left))]
        return centres
