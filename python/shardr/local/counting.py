"""The records of a job's inputs, counted beside it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from shardr.local import accounts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Counting:
    """The records of the inputs, counted while the instances work: neither a stop nor a time limit waits for it."""

    def __init__(self, inputs: Mapping[str, list[Path]]) -> None:
        self._inputs = inputs
        self._found: dict[str, int | None] | Exception = {}
        self._given_up = False
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def _count(self) -> None:
        try:
            self._found = accounts.rows_in(self._inputs, lambda: not self._given_up)
        except Exception as error:  # noqa: BLE001 - told by result()
            self._found = error

    def give_up(self) -> None:
        """Lets it end: a job that is being stopped needs the processor itself."""
        self._given_up = True

    def result(self) -> dict[str, int | None]:
        """Records by input; raises what counting raised."""
        self._thread.join()
        if isinstance(self._found, Exception):
            raise self._found
        return self._found
