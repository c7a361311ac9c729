"""What the parts of an epoch hold, in order: read where they lie, or fetched from S3 ahead of the reader."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shardr.data.gzipped import expanded_from
from shardr.data.splitting import opened
from shardr.errors import DataError
from shardr.recordio.framing import MOST_BYTES
from shardr.storage.refused import in_our_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from shardr.local.pipes.parts import Part
    from shardr.storage.ahead import Ahead
    from shardr.storage.objects import Found
    from shardr.storage.s3 import S3Storage

    Blocks = Iterator[bytes | memoryview]

BLOCK_BYTES = 1 << 20
LOOKS = 32
"""How many objects that a manifest names are looked at ahead of their turn."""


@dataclass(frozen=True)
class How:
    """How the content of a channel is streamed."""

    compression: str = "None"
    """Gzip: objects are expanded on their way."""
    wrapper: str = "None"
    """RecordIO: each object, or attribute, is one record."""
    idle_seconds: float = 3600.0
    """How long a reader may leave what it has opened unread."""


@dataclass(frozen=True)
class Content:
    """What one part holds."""

    size: int
    """In bytes; 0 where no record is to be made of it, and nobody asks."""
    blocks: Blocks
    """To be taken before the next content, each before the next block."""


class Contents:
    """The contents of parts, to be taken once; see ``Ahead`` for what is fetched, and for ``wanted``."""

    def __init__(
        self, parts: Iterable[Part], how: How, remote: S3Storage | None, wanted: Callable[[], None] = lambda: None
    ) -> None:
        self._how = how
        self._framed = how.wrapper == "RecordIO"
        if self._framed and how.compression == "Gzip":  # only its end tells how long it is: read once to be counted
            parts = (part for one in parts for part in [one] * (2 if one.text is None else 1))
        self._parts, self._ahead = parts, self._fetched(parts, remote, wanted) if remote else None

    def begin(self) -> None:
        """Fetches what comes first, though nobody takes it yet."""
        if self._ahead is not None:
            self._ahead.begin()

    def __iter__(self) -> Iterator[Content]:
        """Raises ``DataError`` for what is not there, has changed or is damaged, and ``AwsError``, by its name."""
        found = iter(self._ahead) if self._ahead is not None else ((part, _nothing()) for part in self._parts)
        for part, fetched in found:
            size = 0
            if self._framed:
                size = size_of(part) or 0
                if self._how.compression == "Gzip" and part.text is None:
                    size = sum(map(len, self._blocks(part, fetched)))
                    part, fetched = next(found)
                if size > MOST_BYTES:
                    raise DataError(f"{part.name}: has {size} bytes, and a record of RecordIO at most {MOST_BYTES}")
            yield Content(size, self._blocks(part, fetched))

    def close(self) -> None:
        """Gives up what is under way."""
        if self._ahead is not None:
            self._ahead.close()

    def _fetched(self, parts: Iterable[Part], remote: S3Storage, wanted: Callable[[], None]) -> Ahead[Part]:
        from shardr.storage.ahead import Ahead  # few jobs fetch

        return Ahead(remote.ranges(), _looked_at(parts, remote), wanted)

    def _blocks(self, part: Part, fetched: Blocks) -> Blocks:
        if part.text is not None:
            return iter([part.text])
        if part.path is None:
            compressed = self._how.compression == "Gzip" and size_of(part) != 0  # nothing at all has nothing expanded
            return expanded_from(_Reader(fetched), part.name) if compressed else fetched
        return _read(part, self._how.compression)


class _Reader:
    """Blocks as a file."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks

    def read(self, _: int, /) -> bytes | memoryview:
        return next(self._blocks, b"")


def _nothing() -> Blocks:
    return iter(())


def size_of(part: Part) -> int | None:
    """How many bytes a part has where it lies; None for an object that was not looked at yet."""
    if part.path is not None:
        return part.path.stat().st_size
    if part.found is not None:
        return part.found.size
    return None if part.text is None else len(part.text)


def _read(part: Part, compression: str) -> Blocks:
    assert part.path is not None  # noqa: S101 - for the type checker
    block = memoryview(bytearray(BLOCK_BYTES))
    with opened(part.path, compression) as source:
        while size := source.readinto(block):  # type: ignore[attr-defined]
            yield block[:size]


def _looked_at(parts: Iterable[Part], remote: S3Storage) -> Iterator[tuple[Part, Found | None]]:
    """The parts with their objects at S3, those that manifests name looked at several at a time."""
    waiting: deque[tuple[Part, Future[Found | None] | None]] = deque()

    def taken() -> tuple[Part, Found | None]:
        part, looking = waiting.popleft()
        if looking is None:
            return part, part.found
        with in_our_words(f"{part.name} names {part.uri}, of which S3 does not say whether it is there"):
            found = looking.result()
        if found is None:
            raise DataError(f"{part.name} names no object: {part.uri}")
        return replace(part, found=found), found

    with ThreadPoolExecutor(LOOKS // 4) as pool:
        for part in parts:
            waiting.append((part, None if part.uri is None else pool.submit(remote.look, part.uri)))
            if len(waiting) > LOOKS or waiting[0][1] is None:
                yield taken()
        while waiting:
            yield taken()
