"""What goes through a channel that is streamed, in which order: objects, or attributes of an augmented manifest."""

from __future__ import annotations

import json
import os
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from shardr.errors import DataError
from shardr.storage.objects import Remote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from shardr.local.channels import Channel
    from shardr.requests.facts import Channel as Wanted
    from shardr.storage.objects import Found
    from shardr.storage.sources import Sources

REFERENCE = "-ref"
"""How the name of an attribute ends whose value says where its content is."""


@dataclass(frozen=True)
class Part:
    """What is streamed as a whole: an object, or a text."""

    name: str
    path: Path | None = None
    """An object of this machine."""
    text: bytes | None = None
    """All there is, where there is no object."""
    found: Found | None = None
    """An object at S3."""
    uri: str | None = None
    """An object at S3 that was not looked at yet."""


class Parts(Protocol):
    """The content of a channel for one of the instances."""

    def of(self, epoch: int) -> Iterator[Part]:
        """What the instance gets in an epoch, from 0, in order."""

    def count(self) -> int:
        """How many objects the instance gets, or lines of a manifest."""


class Objects:
    """The objects of a channel in the order of their keys, or shuffled anew for each epoch."""

    def __init__(self, channel: Channel, keys: Sequence[str], rank: int, size: int, shuffle: int | None) -> None:
        self._listing, self._keys = channel.listing, keys
        self._found = channel.listing.objects() if isinstance(channel.listing, Remote) else {}
        self._rank, self._size = (rank, size) if channel.sharded else (0, 1)
        self._shuffle = shuffle

    def of(self, epoch: int) -> Iterator[Part]:
        """See ``Parts``; shuffled objects change hands between the instances, as on the service."""
        keys = self._keys
        if self._shuffle is not None:
            keys = shuffled(self._listing.keys, self._shuffle, epoch)[self._rank :: self._size]
        return (self._part(key) for key in keys)

    def count(self) -> int:
        """See ``Parts``."""
        return len(self._keys)

    def _part(self, key: str) -> Part:
        if isinstance(self._listing, Remote):
            return Part(f"{self._listing.base}{key}", found=self._found[key])
        return Part(key, self._listing.base / key)


class Augmented:
    """The lines of an augmented manifest, of each the attributes that are asked for."""

    def __init__(self, wanted: Wanted, sources: Sources, lines: list[bytes], rank: int, size: int) -> None:
        self._wanted, self._sources, self._lines = wanted, sources, lines
        self._rank, self._size = (rank, size) if wanted.sharded else (0, 1)

    def of(self, epoch: int) -> Iterator[Part]:
        """See ``Parts``."""
        numbers: Sequence[int] = range(len(self._lines))
        if self._wanted.shuffle is not None:
            numbers = shuffled(numbers, self._wanted.shuffle, epoch)
        for number in numbers[self._rank :: self._size]:
            yield from self._attributes(number)

    def count(self) -> int:
        """See ``Parts``."""
        return len(range(self._rank, len(self._lines), self._size))

    def _attributes(self, number: int) -> Iterator[Part]:
        line = json.loads(self._lines[number])
        for attribute in self._wanted.attributes:
            value, name = line[attribute], f"line {number + 1} of {self._wanted.uri}"
            if attribute.endswith(REFERENCE) and self._sources.asks(value):
                yield Part(f"{name}: {attribute}", uri=value)
            elif attribute.endswith(REFERENCE):
                yield Part(value, self._sources.path(value))
            else:
                text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
                yield Part(name, text=text.encode())


def shuffled(items: Sequence[Any], seed: int, epoch: int) -> list[Any]:
    """The same items in an order that the seed and the epoch decide.

    >>> shuffled("abcd", 1, 0) == shuffled("abcd", 1, 0), sorted(shuffled("abcd", 1, 1))
    (True, ['a', 'b', 'c', 'd'])
    """
    found = list(items)
    random.Random(f"{seed}:{epoch}").shuffle(found)  # noqa: S311 - an order, no secret
    return found


def lines_of(wanted: Wanted, sources: Sources) -> tuple[list[bytes], bool]:
    """The lines of a manifest, and whether S3 has to be asked for what they name.

    Raises ``DataError`` for the first that lacks something, or names no object; what S3 has to be asked for is missed
    when its turn comes: that a job starts does not take longer with a longer manifest.
    """
    lines = [line for line in sources.read(wanted.uri or "").splitlines() if line.strip()]
    asks = False
    if not lines:
        raise DataError(f"{wanted.uri}: the manifest has no line")
    for number, line in enumerate(lines, 1):
        where = f"{wanted.uri}, line {number}"
        try:
            found = json.loads(line)
        except ValueError as error:
            raise DataError(f"{where}: is no JSON", why=str(error)) from error
        missing = [name for name in wanted.attributes if not isinstance(found, dict) or name not in found]
        if missing:
            raise DataError(f"{where}: lacks {', '.join(missing)}", fix="every line has all of AttributeNames")
        for name in wanted.attributes:
            if name.endswith(REFERENCE) and not _holds(found[name], lambda uri: os.access(sources.path(uri), os.R_OK)):
                if not _holds(found[name], sources.asks):
                    raise DataError(f"{where}: {name} names no object: {found[name]}", fix=sources.lacking)
                asks = True
    return lines, asks


def _holds(uri: Any, asked: Callable[[str], bool]) -> bool:
    """Whether it is so of what may be no URI at all."""
    try:
        return isinstance(uri, str) and asked(uri)
    except DataError:
        return False
