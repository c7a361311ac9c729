"""What an instance printed, as timed events: read forwards, backwards and from a moment on, a piece at a time.

A log file has no times in it. Whoever reads it notes beside it how long it was and when that was, before anything is
handed out: so a line has the same time whenever and by whomever it is read again.
"""

from __future__ import annotations

import fcntl
import os
from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANSWER_BYTES = 1 << 20
EVENT_BYTES = 1 << 18
"""The service's limits: of one answer, and of one event. A longer line comes in pieces."""
PIECE_BYTES = 2 * EVENT_BYTES
BLOCK_BYTES = 1 << 16


@dataclass(frozen=True)
class Event:
    """A line, or a piece of a long one; ``start`` and ``end`` are its bytes in the file."""

    start: int
    end: int
    milliseconds: int
    message: str


class Log:
    """The log of one instance as it is at this moment; what is printed later is another ``Log``."""

    def __init__(self, path: Path, *, since: float, over: bool) -> None:
        """``since``: seconds at which the job came to be; ``over``: whether a last line without an end is whole."""
        self._path, self._over = path, over
        self._ends, self._times = _noted(path, int(since * 1000))

    @property
    def size(self) -> int:
        """Bytes that are there to read."""
        return self._ends[-1] if self._ends else 0

    @property
    def last(self) -> int | None:
        """Milliseconds of what was printed last; None when nothing was."""
        return self._times[-1] if self._times else None

    def forwards(self, start: int, until: int | None = None) -> Iterator[Event]:
        """The events that begin at ``start`` (an event's end, or 0) or later, and before ``until``."""
        until = self.size if until is None else min(until, self.size)
        while start < until:
            with self._path.open("rb") as stream:  # for each piece: there may be very many logs
                stream.seek(start)
                found = stream.read(min(PIECE_BYTES, self.size - start))
            last = start + len(found) >= self.size
            before = start
            for event in self._events(found, start, whole=last and self._over):
                if event.start >= until:
                    return
                yield event
                start = event.end
            if start == before:
                return

    def backwards(self, end: int, count: int) -> list[Event]:
        """The last ``count`` events before ``end``, in order; fewer when more would not fit an answer."""
        start = self._line_start(max(0, end - ANSWER_BYTES)) if end else 0
        return list(deque(self.forwards(start, end), maxlen=count))

    def next_time(self, milliseconds: int) -> int | None:
        """When something was printed first at that moment or later; None when nothing was."""
        at = bisect_left(self._times, milliseconds)
        return self._times[at] if at < len(self._times) else None

    def since(self, milliseconds: int) -> int:
        """Where the first line begins that can be as young as that."""
        at = bisect_left(self._times, milliseconds)
        return self._line_start(self._ends[at - 1]) if at else 0

    def _events(self, found: bytes, start: int, *, whole: bool) -> Iterator[Event]:
        at = 0
        while at < len(found):
            newline = found.find(b"\n", at, at + EVENT_BYTES)
            if newline >= 0:
                cut = end = newline
                end += 1
            elif len(found) - at >= EVENT_BYTES:
                cut = end = _character_end(found, at + EVENT_BYTES)
            elif whole:
                cut = end = len(found)
            else:
                return
            time = self._times[bisect_right(self._ends, start + at)]
            # an event of the service is never empty
            yield Event(start + at, start + end, time, found[at:cut].decode("utf-8", "replace") or " ")
            at = end

    def _line_start(self, position: int) -> int:
        """Where the line begins that the byte before ``position`` ends or is in."""
        with self._path.open("rb") as stream:
            while position > 0:
                start = max(0, position - BLOCK_BYTES)
                stream.seek(start)
                newline = stream.read(position - start).rfind(b"\n")
                if newline >= 0:
                    return start + newline + 1
                position = start
        return 0


def _character_end(found: bytes, at: int) -> int:
    """The next byte before which a character ends, at or before ``at``."""
    for end in range(at, at - 4, -1):
        if end == len(found) or (found[end] & 0xC0) != 0x80:
            return end
    return at


def _noted(path: Path, since: int) -> tuple[list[int], list[int]]:
    """Up to which byte the log was there by which millisecond; what is new since the last look is noted here."""
    if not path.exists():
        return [], []
    noted = os.open(path.with_suffix(".times"), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(noted, "r+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        stream.seek(0)
        pairs = [line.split() for line in stream.read().splitlines()]
        ends, times = [int(end) for end, _ in pairs], [int(time) for _, time in pairs]
        about = path.stat()
        if about.st_size > (ends[-1] if ends else 0):
            ends.append(about.st_size)
            times.append(max(int(about.st_mtime * 1000), times[-1] if times else since))
            stream.write(b"%d %d\n" % (ends[-1], times[-1]))
    return ends, times
