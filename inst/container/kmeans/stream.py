"""Centres that move as rows come by, more of them than clusters: web-scale k-means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from nearest import Nearest, grouped
from ordered import ordered
from seeding import SEEDINGS

if TYPE_CHECKING:
    from collections.abc import Mapping


class Stream:
    """So many centres as ``k`` times ``extra_center_factor``, or as rows where these are fewer, and their weights.

    A centre is the mean of the rows that it was nearest to when they came by. With ``half_life_time_size`` a row counts
    half as much each time so many have come after it.
    """

    centres: Any = None
    weights: Any = None

    def __init__(self, settings: Mapping[str, Any], seed: tuple[int, ...]) -> None:
        self._number = settings["k"] * settings["extra_center_factor"]
        self._seeding = SEEDINGS[settings["init_method"]]
        self._half_life = settings["half_life_time_size"]
        self._random = np.random.default_rng(seed)
        self._first: list[Any] = []

    def learn(self, batch: Any) -> None:
        """Moves the centres; the first are rows of the first batch, or of as many as have enough."""
        if self.centres is not None:
            self._move(batch)
            return
        self._first.append(batch.copy())
        if sum(map(len, self._first)) >= self._number:
            self.begin()

    def begin(self) -> None:
        """Begins with the rows that there are, unless it has begun, or there are none."""
        if not self._first:
            return
        rows = np.concatenate(self._first)[:, :-1]
        number = min(self._number, len(rows))
        self.centres = self._seeding(rows, np.ones(len(rows)), number, self._random).astype(np.float64)
        self.weights = np.zeros(number)
        for batch in self._first:
            self._move(batch)
        self._first = []

    def _move(self, batch: Any) -> None:
        nearest = Nearest(self.centres, np.float32)
        sums = np.zeros((len(self.centres), batch.shape[1]))
        for which, found in ordered(lambda _, tile: grouped(nearest.of(tile), tile), nearest.tiles(batch)):
            sums[which] += found
        if self._half_life:
            self.weights *= 0.5 ** (len(batch) / self._half_life)
        counts = sums[:, -1]
        self.weights += counts
        met = counts > 0
        # c ← (1 − p) c + p d, of d the mean of its rows in the batch, and p their part of the weight
        self.centres[met] += (sums[met, :-1] - counts[met, None] * self.centres[met]) / self.weights[met, None]
