"""A range of an object of S3 in memory, to be read from its beginning on while it still comes."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future, ThreadPoolExecutor

    from shardr.storage.objects import Found


class Piece:
    """A range of an object; see ``Target``."""

    def __init__(
        self, found: Found, start: int, end: int, into: Callable[..., None], pool: ThreadPoolExecutor,
        come: Callable[[int], None],
    ) -> None:  # fmt: skip
        self.found, self.start, self.end = found, start, end
        self.read_to = self.last = self.waiting = 0
        self._come, self._content = come, bytearray(end - start)
        self._filled, self._changed = start, threading.Condition()
        self._fetched: Future[None] = pool.submit(into, self, start, end)
        self._fetched.add_done_callback(self._tell)

    def __lt__(self, other: Piece) -> bool:
        return self.start < other.start

    def write(self, block: memoryview, at: int) -> None:
        """See ``Target``."""
        begin = at - self.start
        with self._changed:
            self._content[begin : begin + len(block)] = block
            self._filled = at + len(block)
            self._changed.notify_all()

    def part_done(self) -> None:
        """See ``Target``."""
        self._come(self.end - self.start)

    def wait(self, start: int, end: int) -> memoryview:
        """Its bytes between these of the object, as soon as they have come.

        An object that comes whole has a checksum, which only its end tells to be right: nothing is there before.
        """
        end = min(end, self.end)
        parts = (self.start, self.end) != (0, self.found.size)
        with self._changed:
            self._changed.wait_for(lambda: self._fetched.done() or (parts and self._filled >= end))
        if not parts or self._filled < end:
            self._fetched.result()
        return memoryview(self._content)[max(start - self.start, 0) : end - self.start]

    def cancel(self) -> None:
        """Says that nobody waits for it; a fetch that has not begun never does."""
        self._fetched.cancel()

    def _tell(self, _: object) -> None:
        with self._changed:
            self._changed.notify_all()
