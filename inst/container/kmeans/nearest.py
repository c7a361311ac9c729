"""Which centre is nearest to each row, how far it is, and what the rows of each centre come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

TILE, TILE_ROWS = 1 << 18, 128
"""Products of rows and centres at a time, which stay in the cache of a core; but fewer rows make a slow product."""


class Nearest:
    """By one product: x·c − |c|²/2 is largest where |x − c| is smallest; rows have a column of ones behind."""

    def __init__(self, centres: Any, kind: Any) -> None:
        self._centres = np.column_stack([centres, np.einsum("ij,ij->i", centres, centres) / -2]).astype(kind)
        self._rows = max(TILE_ROWS, TILE // len(centres))

    def tiles(self, rows: Any) -> Iterator[Any]:
        """The rows in parts, each of which is asked about at once."""
        return (rows[first : first + self._rows] for first in range(0, len(rows), self._rows))

    def products(self, tile: Any) -> Any:
        """x·c − |c|²/2 of each row and each centre."""
        return tile @ self._centres.T

    def of(self, tile: Any) -> Any:
        """The number of the nearest centre, the first one of several."""
        return self.products(tile).argmax(axis=1)


def grouped(near: Any, rows: Any) -> tuple[Any, Any]:
    """The centres that have rows, in order, and the sums of theirs."""
    short = near.astype(np.int16 if near.size and near.max() < 1 << 15 else np.int64)  # sorted by digits if short
    order = np.argsort(short, kind="stable")
    ordered = near[order]
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    return ordered[first], np.add.reduceat(rows.take(order, axis=0).astype(np.float64), first, axis=0)


def assigned(table: Any, centres: Any) -> tuple[Any, Any]:
    """For each row the nearest centre, and the square of its distance, which is told of their difference."""
    origin = centres.mean(axis=0, dtype=np.float64)
    apart = centres - origin
    nearest = Nearest(apart, np.float64)
    near, squares = np.zeros(len(table), np.int64), np.zeros(len(table))
    first = 0
    for tile in nearest.tiles(table):
        rows = np.column_stack([tile - origin, np.ones(len(tile))])
        found = slice(first, first + len(tile))
        near[found] = nearest.of(rows)
        left = rows[:, :-1] - apart[near[found]]
        squares[found] = np.einsum("ij,ij->i", left, left)
        first += len(tile)
    return near, squares
