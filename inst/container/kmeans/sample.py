"""Rows kept of all that pass, to say how far from the centres they are: a stream does not come again for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SAMPLE_BYTES = 4 << 20
"""Of the rows that all hosts keep together: the first one gets them in one message from each."""
SAMPLE_ROWS = 1000
"""They are no fewer, however wide they are."""


def room(width: int, hosts: int) -> int:
    """How many rows each host keeps."""
    return max(1, max(SAMPLE_BYTES // (4 * width), SAMPLE_ROWS) // hosts)


class Sample:
    """The first rows, as many as there is room for; after those each row takes the place of a kept one, or none's.

    Of n rows each is kept with the same chance, room / n (Vitter's algorithm R). Which ones depends on how many there
    are, not on the tables that they come in: streams and files keep the same rows.
    """

    def __init__(self, room: int, width: int, seed: tuple[int, ...]) -> None:
        self._kept = np.empty((room, width), np.float32)
        self._passed = 0
        self._random = np.random.default_rng(seed)

    @property
    def rows(self) -> Any:
        """Those that are kept: all that have passed, where there is room for them."""
        return self._kept[: self._passed]

    def of(self, tables: Iterable[Any]) -> Iterator[Any]:
        """The tables, of which rows are kept on their way."""
        for table in tables:
            free = min(max(len(self._kept) - self._passed, 0), len(table))
            self._kept[self._passed : self._passed + free] = table[:free]
            self._passed += free
            if free < len(table):
                self._exchange(table[free:])
            yield table

    def _exchange(self, table: Any) -> None:
        """Draws a place for each row among as many as have passed with it; few of them are places of kept rows."""
        places = self._random.random(len(table)) * np.arange(self._passed + 1, self._passed + len(table) + 1)
        self._passed += len(table)
        drawn = np.flatnonzero(places < len(self._kept))[::-1]
        taken, last = np.unique(places[drawn].astype(np.int64), return_index=True)  # the last row of a place has it
        self._kept[taken] = table.take(drawn[last], axis=0)
