"""Objects of S3 read anywhere, as files are: and where one is read in order, what comes next is on its way.

A read somewhere fetches little more than it asks for. Each that goes on where another ended asks for more ahead, in
larger ranges; at the beginning of an object as much as was read of the one before. No byte is held twice, and what was
read stays, for whoever reads or opens it again, until there is no room.
"""

from __future__ import annotations

import threading
from bisect import bisect_right, insort
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardr.storage.ahead import AHEAD_BYTES, THREADS
from shardr.storage.piece import Piece
from shardr.storage.refused import in_our_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shardr.storage.objects import Found
    from shardr.storage.ranges import Ranges

NEAR_BYTES = 1 << 20
"""How far from its turn a read may be, for a system asks for several pages ahead at once and in any order."""
LEAST_BYTES = 1 << 18
"""The least that is asked for; an object that is no larger than ``NEAR_BYTES`` comes whole."""
STREAMS = 64
"""At how many places an object may be read in order at once, as readers of columns do."""
IDLE_READS = 1000
"""What was asked for ahead and is not read for so many reads will not be."""


class Seeking:
    """What opened objects share: threads that fetch, and a bound on what is held."""

    def __init__(
        self, ranges: Ranges, most_bytes: int = AHEAD_BYTES, come: Callable[[int], None] = lambda _: None
    ) -> None:
        """``come`` hears how many bytes have come, by any thread."""
        self._ranges, self.most_bytes, self.come = ranges, most_bytes, come
        self.habit = 0
        """How much was read of the object that was closed last, where it was read in order: the next may be, too."""
        self.planning = threading.RLock()
        """Held by who looks at what is held, or changes that: for a moment only, as nobody waits for S3 meanwhile."""
        self.reads = 0
        self._held = 0
        self._objects: dict[Found, Seekable] = {}
        self._pieces: dict[Piece, Seekable] = {}
        """What is held, and of which object; least lately read first."""
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="seeking")

    def open(self, found: Found) -> Seekable:
        """The object, with what is still held of it; nothing is asked for yet."""
        with self.planning:
            opened = self._objects.setdefault(found, Seekable(self, found))
            opened.readers += 1
            return opened

    def close(self) -> None:
        """Gives up what is under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def ask(self, owner: Seekable, start: int, end: int, *, ahead: bool = False) -> Piece | None:
        """A range that is being fetched; None where it is asked for ahead and there is no room."""
        size = end - start
        has_room = self._make_room(size, self._is_done)
        if ahead and not has_room:
            return None
        if not has_room:
            self._make_room(size, lambda _: True)
        self._held += size
        piece = Piece(owner.found, start, end, self._ranges.into, self._pool, self.come)
        self._pieces[piece], piece.last = owner, self.reads
        return piece

    def touch(self, piece: Piece) -> None:
        """Hears that a piece is wanted now."""
        self._pieces[piece] = self._pieces.pop(piece)
        piece.last = self.reads

    def drop(self, piece: Piece) -> None:
        """Lets go of a piece."""
        owner = self._pieces.pop(piece)
        owner.pieces.remove(piece)
        self._held -= piece.end - piece.start
        if not piece.waiting:
            piece.cancel()
        self.tidy(owner)

    def tidy(self, opened: Seekable) -> None:
        """Forgets an object that nobody has open and of which nothing is held."""
        if not opened.readers and not opened.pieces:
            self._objects.pop(opened.found, None)

    def _make_room(self, size: int, may_go: Callable[[Piece], bool]) -> bool:
        """Whether there is room, when pieces that may go and nobody waits for have gone, as many as it takes."""
        for piece in list(self._pieces) if self._held + size > self.most_bytes else ():
            if not piece.waiting and may_go(piece):
                self.drop(piece)
                if self._held + size <= self.most_bytes:
                    break
        return self._held + size <= self.most_bytes

    def _is_done(self, piece: Piece) -> bool:
        return piece.read_to >= piece.end or not self._pieces[piece].readers or self.reads - piece.last > IDLE_READS


@dataclass
class Stream:
    """A place at which an object is read in order."""

    at: int
    expected: int
    """How much is likely to be read here, from the beginning."""
    read: int = 0
    """How much has been read here."""

    @property
    def ahead(self) -> int:
        """How much to ask for ahead: half as much again is fetched for nothing at the most, where nobody reads on."""
        return max(self.read // 2, self.expected - self.read)


class Seekable:
    """One object that somebody has opened; may be read by several threads at once."""

    def __init__(self, shared: Seeking, found: Found) -> None:
        self._shared, self.found = shared, found
        self.readers = 0
        self.pieces: list[Piece] = []
        """What is held, in order; no two have a byte in common."""
        self._streams: list[Stream] = []
        """That read least lately first."""

    def read(self, size: int, start: int) -> bytes:
        """The bytes from ``start`` on, fewer at the object's end only.

        Raises ``DataError`` when the object is another one by now, and ``AwsError`` when S3 does not give it.
        """
        end = min(start + size, self.found.size)
        if start >= end:
            return b""
        with self._shared.planning:
            pieces = self._plan(start, end)
        try:
            with in_our_words(f"{self.found.uri} cannot be read"):
                return b"".join(piece.wait(start, end) for piece in pieces)
        except BaseException:
            self._drop_all()  # whoever tries again asks again
            raise
        finally:
            with self._shared.planning:
                for piece in pieces:
                    piece.waiting -= 1

    def close(self) -> None:
        """Says that one who has opened it reads no more."""
        with self._shared.planning:
            self.readers -= 1
            if self.readers:
                return
            if self._streams:
                in_order = len(self._streams) == 1 and self._streams[0].at == self._streams[0].read
                self._shared.habit = self._streams[0].read if in_order else 0
            self._streams.clear()
            self._shared.tidy(self)

    def _plan(self, start: int, end: int) -> list[Piece]:
        """What holds these bytes; asks for what of them is not held, and for what comes next."""
        shared = self._shared
        shared.reads += 1
        stream = self._stream(start)
        stream.read += end - start
        stream.at = max(stream.at, end)
        if self.found.size <= NEAR_BYTES:
            return list(self._wanted(0, self.found.size, self.found.size))
        wanted = list(self._wanted(start, end, LEAST_BYTES))
        ahead = min(stream.ahead, shared.most_bytes // 2)  # another reader has its share, too
        part = max(LEAST_BYTES, min(ahead, shared.most_bytes // 8))
        while end < min(stream.at + ahead, self.found.size):
            piece = self._at(end, part, ahead=True)
            if piece is None:
                break
            end = piece.end
        return wanted

    def _wanted(self, start: int, end: int, part: int) -> Iterator[Piece]:
        """The pieces that hold these bytes, which are kept until they are read."""
        while start < end:
            piece = self._at(start, part)
            assert piece is not None  # noqa: S101 - for the type checker: what is read is always asked for
            piece.waiting += 1
            piece.read_to = max(piece.read_to, end)
            self._shared.touch(piece)
            yield piece
            start = piece.end

    def _at(self, start: int, part: int, *, ahead: bool = False) -> Piece | None:
        """The piece that holds this byte; one of this size is asked for, or smaller where another follows."""
        i = bisect_right(self.pieces, start, key=lambda piece: piece.start)
        if i and self.pieces[i - 1].end > start:
            return self.pieces[i - 1]
        following = self.pieces[i].start if i < len(self.pieces) else self.found.size
        piece = self._shared.ask(self, start, min(start + part, following), ahead=ahead)
        if piece is not None:
            insort(self.pieces, piece)
        return piece

    def _stream(self, start: int) -> Stream:
        """The stream that a read from there on goes on with; a leap begins one instead of that read least lately."""
        near = [(abs(start - stream.at), i) for i, stream in enumerate(self._streams)]
        away, i = min(near, default=(NEAR_BYTES + 1, 0))
        if away <= NEAR_BYTES:
            stream = self._streams.pop(i)
        else:
            stream = Stream(start, self._shared.habit if start == 0 else 0)
            del self._streams[: max(0, len(self._streams) - STREAMS + 1)]
        self._streams.append(stream)
        return stream

    def _drop_all(self) -> None:
        with self._shared.planning:
            for piece in list(self.pieces):
                self._shared.drop(piece)
