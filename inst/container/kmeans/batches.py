"""Rows in batches of the same size, wherever the files and pieces that they come in end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FIRST_ROWS = 1 << 16
"""Rows that there is room for at first: a batch may be said to have more than there ever are."""


class Batches:
    """Makes batches of ``size`` rows; the last one may have fewer. There is one at a time: the next takes its place."""

    origin: Any = None
    """The first row of all, which all rows are told from: where they are far from 0, products keep their digits so."""

    def __init__(self, size: int, width: int) -> None:
        self._size = size
        self._held = np.ones((min(size, FIRST_ROWS), width + 1), np.float32)

    def of(self, tables: Iterable[Any]) -> Iterator[Any]:
        """The batches, with a column of ones behind, which makes products add what each centre has of its own."""
        filled = 0
        for table in tables:
            if self.origin is None:
                self.origin = table[0].copy()
            at = 0
            while at < len(table):
                part = table[at : at + self._size - filled]
                self._make_room(filled + len(part))
                np.subtract(part, self.origin, out=self._held[filled : filled + len(part), :-1])
                at, filled = at + len(part), filled + len(part)
                if filled == self._size:
                    yield self._held[:filled]
                    filled = 0
        if filled:
            yield self._held[:filled]

    def _make_room(self, rows: int) -> None:
        if rows > len(self._held):
            more = np.ones((min(self._size, 2 * rows) - len(self._held), self._held.shape[1]), np.float32)
            self._held = np.concatenate([self._held, more])
