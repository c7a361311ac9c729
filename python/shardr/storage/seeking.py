"""Objects of S3 read anywhere, as files are: and where one is read in order, what comes next is on its way.

A read somewhere fetches little more than it asks for. With each that goes on where the last one ended more is asked for
ahead, in larger ranges, up to the bound that all that is open shares; at the beginning of an object as much as was read
of the one before.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from shardr.storage.ahead import AHEAD_BYTES, THREADS
from shardr.storage.refused import in_our_words

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from shardr.storage.objects import Found
    from shardr.storage.ranges import Ranges

NEAR_BYTES = 1 << 20
"""How far from its turn a read may be, for a system asks for several pages ahead at once and in any order."""
LEAST_BYTES = 1 << 18
"""The least that is asked for; an object that is no larger than ``NEAR_BYTES`` comes whole."""
RUNS = 4
"""At how many places an object may be read in order at once, as readers of columns do."""


class Seeking:
    """What opened objects share: threads that fetch, and a bound on what is held ahead of readers, or after them."""

    def __init__(
        self, ranges: Ranges, most_bytes: int = AHEAD_BYTES, come: Callable[[int], None] = lambda _: None
    ) -> None:
        """``come`` hears how many bytes have come, by any thread."""
        self._ranges, self.most_bytes, self.come = ranges, most_bytes, come
        self.habit = 0
        """How many bytes were read in order of the object that was closed last: the next one may be read alike."""
        self.planning = threading.RLock()
        """Held by who looks at what is held, or changes that: for a moment only, as nobody waits for S3 meanwhile."""
        self._held = 0
        self._opened: dict[Found, Seekable] = {}
        self._closed: dict[Found, Seekable] = {}
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="seeking")

    def open(self, found: Found) -> Seekable:
        """The object, with what is still held of it; nothing is asked for yet."""
        with self.planning:
            opened = self._opened.get(found) or self._closed.pop(found, None) or Seekable(self, found)
            opened.readers += 1
            self._opened[found] = opened
            return opened

    def leave(self, opened: Seekable) -> None:
        """Hears that nobody has the object open any more; what is held of it stays while there is room."""
        with self.planning:
            del self._opened[opened.found]
            self._closed[opened.found] = opened

    def close(self) -> None:
        """Gives up what is under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def hold(self, size: int, *, ahead: bool) -> bool:
        """Counts bytes that are to be held; False where they are asked for ahead and would be too many."""
        while self._held + size > self.most_bytes and self._closed:
            self._closed.pop(next(iter(self._closed))).drop()
        if ahead and self._held + size > self.most_bytes:
            return False
        self._held += size
        return True

    def free(self, size: int) -> None:
        """Counts bytes that are not held any more."""
        self._held -= size

    def fetch(self, piece: Piece) -> Future[None]:
        """Gets a range of an object into its piece."""
        return self._pool.submit(self._ranges.into, piece, piece.start, piece.end)


class Piece:
    """A range of an object, in memory; see ``Target``."""

    def __init__(self, shared: Seeking, found: Found, start: int, end: int) -> None:
        self.found, self.start, self.end = found, start, end
        self.waited_for = False
        self._shared, self._content = shared, bytearray(end - start)
        self._filled, self._changed = start, threading.Condition()
        self._fetched = shared.fetch(self)
        self._fetched.add_done_callback(self._tell)

    def write(self, block: memoryview, at: int) -> None:
        """See ``Target``."""
        begin = at - self.start
        with self._changed:
            self._content[begin : begin + len(block)] = block
            self._filled = at + len(block)
            self._changed.notify_all()

    def part_done(self) -> None:
        """See ``Target``."""
        self._shared.come(self.end - self.start)

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

    def drop(self) -> None:
        """Says that it is not to be read any more; where nobody waits for it, a fetch that has not begun never does."""
        if not self.waited_for:
            self._fetched.cancel()
        self._shared.free(self.end - self.start)

    def _tell(self, _: object) -> None:
        with self._changed:
            self._changed.notify_all()


class Run:
    """One place at which an object is read in order: what is held around it, without a gap."""

    def __init__(self, shared: Seeking, found: Found) -> None:
        self._shared, self._found = shared, found
        self._pieces: list[Piece] = []
        self.read = 0
        """How many bytes have been read in order here."""
        self._expected = self._at = 0

    def away(self, start: int) -> int | None:
        """How far from the last read this one is; None: too far for one that goes on with it."""
        near = self._pieces[0].start - NEAR_BYTES <= start <= self._pieces[-1].end + NEAR_BYTES
        return abs(start - self._at) if near else None

    def plan(self, start: int, end: int) -> list[Piece]:
        """What holds these bytes; asks for them, and for what comes next, and drops what lies well behind."""
        size = self._found.size
        if not self._pieces:
            self._expected = self._shared.habit if start == 0 else 0
            whole = size <= NEAR_BYTES
            self._ask(0 if whole else start, size if whole else max(end, min(start + LEAST_BYTES, size)))
        elif (first := self._pieces[0].start) > start:
            self._shared.hold(first - start, ahead=False)
            self._pieces.insert(0, Piece(self._shared, self._found, start, first))
        self.read += end - start
        self._at = end
        while self._pieces[0].end < start - NEAR_BYTES:
            self._pieces.pop(0).drop()
        while (last := self._pieces[-1].end) < end:
            self._ask(last, min(last + LEAST_BYTES, size))
        ahead = max(self.read, self._expected - self.read)
        part = max(LEAST_BYTES, min(ahead, self._shared.most_bytes // 8))
        ahead = min(ahead, self._shared.most_bytes // 2)  # another reader has its share, too
        while (last := self._pieces[-1].end) < min(end + ahead, size):
            if not self._ask(last, min(last + part, size), ahead=True):
                break
        wanted = [piece for piece in self._pieces if piece.start < end and piece.end > start]
        for piece in wanted:
            piece.waited_for = True
        return wanted

    def drop(self) -> None:
        """Lets go of all."""
        for piece in self._pieces:
            piece.drop()
        self._pieces = []

    def _ask(self, start: int, end: int, *, ahead: bool = False) -> bool:
        if not self._shared.hold(end - start, ahead=ahead):
            return False
        self._pieces.append(Piece(self._shared, self._found, start, end))
        return True


class Seekable:
    """One object that somebody has opened; may be read by several threads at once."""

    def __init__(self, shared: Seeking, found: Found) -> None:
        self._shared, self.found = shared, found
        self.readers = 0
        self._runs: list[Run] = []

    def read(self, size: int, start: int) -> bytes:
        """The bytes from ``start`` on, fewer at the object's end only.

        Raises ``DataError`` when the object is another one by now, and ``AwsError`` when S3 does not give it.
        """
        end = min(start + size, self.found.size)
        if start >= end:
            return b""
        try:
            with in_our_words(f"{self.found.uri} cannot be read"):
                with self._shared.planning:
                    pieces = self._run(start).plan(start, end)
                return b"".join(piece.wait(start, end) for piece in pieces)
        except BaseException:
            self.drop()  # whoever tries again asks again
            raise

    def close(self) -> None:
        """Says that one who has opened it reads no more."""
        with self._shared.planning:
            self.readers -= 1
            if self._runs:
                self._shared.habit = self._runs[-1].read
            if not self.readers:
                self._shared.leave(self)

    def drop(self) -> None:
        """Lets go of what is held."""
        with self._shared.planning:
            while self._runs:
                self._runs.pop().drop()

    def _run(self, start: int) -> Run:
        """The run that a read from there on goes on with; a leap begins one instead of that read least lately."""
        near = [(away, i) for i, run in enumerate(self._runs) if (away := run.away(start)) is not None]
        if near:
            run = self._runs.pop(min(near)[1])
        else:
            run = Run(self._shared, self.found)
            if len(self._runs) == RUNS:
                self._runs.pop(0).drop()
        self._runs.append(run)
        return run
