"""Objects of S3 as one stream: read in order, while the ranges that come next are on their way.

Several ranges are asked for at once, over the ends of objects: many small ones come as fast as few large ones. What is
asked for and not yet taken is held in memory and bounded; nobody asks for more while the taker waits. A range's answer
is always taken in whole, so that no connection hangs half-read on a slow taker until the server cuts it.
"""

from __future__ import annotations

import mmap
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, TypeVar

from shardr.storage.refused import in_our_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shardr.storage.objects import Found
    from shardr.storage.ranges import Ranges

T = TypeVar("T")
AHEAD_BYTES = 64 << 20
"""The most that one stream holds."""
SPAN_BYTES = 8 << 20
"""A range, give or take a half: to ask costs a server more than to send, and eight of them fill the bound."""
FIRST_BYTES = 1 << 20
THREADS = 8
SPANS = 256
"""The most ranges, or small objects, that one stream asks for ahead."""
ROOM_FROM_BYTES = 1 << 18
"""Ranges of this size share rooms that are made once: fresh memory takes the system half as long as the bytes do."""
BLOCK_BYTES = 1 << 20
LOOK_SECONDS = 0.5
"""How often who waits for a byte looks whether anybody still wants it."""


class ClosedError(Exception):
    """Nobody wants the stream any more."""


class Ahead(Generic[T]):
    """Items in order, each with the blocks of its object, if it has one.

    ``wanted`` is called while there is nothing to give, and may raise: then nothing is waited for.
    """

    def __init__(
        self,
        ranges: Ranges,
        items: Iterable[tuple[T, Found | None]],
        wanted: Callable[[], None] = lambda: None,
        most_bytes: int = AHEAD_BYTES,
    ) -> None:
        self._ranges, self._wanted, self._most_bytes = ranges, wanted, most_bytes
        self._cut = _cut(items, SPAN_BYTES)
        self._next: _Span[T] | None = None
        self._spans: deque[_Span[T]] = deque()
        self._rooms: deque[mmap.mmap] = deque()
        self._held = 0
        self._ended = self._closed = False
        self._broken: Exception | None = None
        self._pool = ThreadPoolExecutor(2 * THREADS if ranges.quick else THREADS, thread_name_prefix="ahead")

    def begin(self) -> None:
        """Asks for what comes first, though nobody takes it yet."""
        self._fill()

    def __iter__(self) -> Iterator[tuple[T, Iterator[memoryview]]]:
        """Each item and its blocks; what of them is not taken before the next item is passed over.

        Raises ``AwsError`` with the object's name when S3 does not give it, and ``DataError`` for one that has changed.
        """
        while True:
            self._fill()
            if self._closed:
                raise ClosedError
            if not self._spans:
                self.close()
                if self._broken is not None:
                    raise self._broken
                return
            blocks = self._blocks()
            yield self._spans[0].item, blocks
            deque(blocks, maxlen=0)

    def close(self) -> None:
        """Gives up all that is under way; also called by another thread than the one that takes."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _fill(self) -> None:
        """Asks for the next ranges, as many as may be held."""
        while not self._ended and not self._closed and len(self._spans) < SPANS:
            if self._next is None:
                try:
                    self._next = next(self._cut, None)
                except Exception as error:  # noqa: BLE001 - raised when its turn has come
                    self._broken = error
                self._ended = self._next is None
                continue
            if self._spans and self._held + self._next.size > self._most_bytes:
                return
            span, self._next = self._next, None
            self._spans.append(span)
            self._held += span.size
            if span.object is not None:
                try:
                    self._pool.submit(self._fetch, span)
                except RuntimeError as error:  # it has been closed meanwhile
                    raise ClosedError from error

    def _fetch(self, span: _Span[T]) -> None:
        try:
            if not self._closed:
                span.open(lambda: self._closed, self._rooms)
                self._ranges.into(span, span.start, span.end)
        except BaseException as error:  # noqa: BLE001 - raised when its turn has come
            span.fail(error)

    def _blocks(self) -> Iterator[memoryview]:
        while True:
            span = self._spans[0]
            seen = 0
            while seen < span.size or not span.done:
                there = self._await(span, seen)
                while seen < there:
                    size = min(BLOCK_BYTES, there - seen)
                    yield span.taken(seen, size)
                    seen += size
            room = self._spans.popleft().close()
            if room is not None and len(self._rooms) < THREADS:
                self._rooms.append(room)
            self._held -= span.size
            self._fill()
            if span.last:
                return

    def _await(self, span: _Span[T], seen: int) -> int:
        """How many bytes of a range are there, as soon as it is more than were seen, or all."""
        while True:
            with in_our_words(f"{span.found.uri} cannot be streamed"):
                there = span.there(seen)
            if there > seen or span.done:
                return there
            if self._closed:
                raise ClosedError
            self._wanted()


class _Span(Generic[T]):
    """A range of an item's object, in memory."""

    def __init__(self, item: T, object: Found | None, start: int = 0, end: int = 0) -> None:
        self.item, self.object, self.start, self.end = item, object, start, end
        self.last = object is None or end >= object.size
        self.done = object is None
        self._closed: Callable[[], bool] = lambda: False
        self._content: bytearray | mmap.mmap = bytearray()
        self._filled = 0
        self._error: BaseException | None = None
        self._changed = threading.Condition()

    @property
    def size(self) -> int:
        return self.end - self.start

    @property
    def found(self) -> Found:
        """The object."""
        assert self.object is not None  # noqa: S101 - for the type checker: others are not fetched
        return self.object

    def open(self, closed: Callable[[], bool], rooms: deque[mmap.mmap]) -> None:
        """Takes one of the rooms where it is large, or makes one."""
        self._closed = closed
        if self.size < ROOM_FROM_BYTES:
            self._content = bytearray(self.size)
            return
        try:
            self._content = rooms.pop()
        except IndexError:
            self._content = mmap.mmap(-1, SPAN_BYTES * 3 // 2)

    def write(self, block: memoryview, at: int) -> None:
        """See ``Target``."""
        if self._closed():
            raise ClosedError
        at -= self.start
        with self._changed:
            self._content[at : at + len(block)] = block
            self._filled = at + len(block)
            self._changed.notify()

    def part_done(self) -> None:
        """See ``Target``."""
        with self._changed:
            self.done = True
            self._changed.notify()

    def fail(self, error: BaseException) -> None:
        """Hears that it does not come."""
        with self._changed:
            self._error = error
            self._changed.notify()

    def there(self, seen: int) -> int:
        """How many bytes have come; waits a little for more than were seen.

        An object that comes whole has a checksum, which only its end tells to be right: nothing is there before.
        """
        whole = self.size == self.found.size
        with self._changed:
            if not self.done and self._error is None and (whole or self._filled <= seen):
                self._changed.wait(LOOK_SECONDS)
            there = 0 if whole and not self.done else self._filled
            if self._error is not None and there <= seen:
                raise self._error
            return there

    def taken(self, at: int, size: int) -> memoryview:
        """Bytes that are there."""
        return memoryview(self._content)[at : at + size]

    def close(self) -> mmap.mmap | None:
        """Gives the room back, if it is one that can be used again."""
        content, self._content = self._content, bytearray()
        return content if isinstance(content, mmap.mmap) else None


def _cut(items: Iterable[tuple[T, Found | None]], span: int) -> Iterator[_Span[T]]:
    """The ranges of all objects, in order, those of one object of a size; an item without one is a range of nothing.

    What comes first of all is short, and no whole object: so it is there soon.
    """
    first = min(FIRST_BYTES, span)
    for item, found in items:
        if found is None:
            yield _Span(item, None)
            continue
        start = min(first, found.size)
        if start < found.size and start:
            yield _Span(item, found, 0, start)
        else:
            start = 0
        first = 0
        parts = max(1, round((found.size - start) / span))
        ends = [start + (found.size - start) * (i + 1) // parts for i in range(parts)]
        for begin, end in zip([start, *ends], ends, strict=False):
            yield _Span(item, found, begin, end)
