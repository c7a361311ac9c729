"""What a prefix or a manifest names, wherever it lies: keys and sizes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from shardr.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Found:
    """An object as a listing tells it."""

    uri: str
    size: int
    etag: str


class Objects(Protocol):
    """Relative keys, sorted bytewise, below one place."""

    @property
    def base(self) -> object:
        """Where they lie, for people: a folder or a URI."""

    @property
    def keys(self) -> list[str]:
        """The keys, relative to the base."""

    @property
    def known(self) -> bool:
        """Whether anybody could look."""

    @property
    def lacking(self) -> str | None:
        """What would let it be looked for at S3, where it was looked for on this machine only."""

    def sizes(self) -> list[tuple[str, int]]:
        """Each key with its size in bytes."""

    def unreadable(self) -> tuple[str, bool] | None:
        """The first object that cannot be read and whether it is there; None when all can be."""


@dataclass(frozen=True)
class Remote:
    """Objects of S3, as they were listed; ``known`` is False when nobody could look."""

    base: str
    keys: list[str] = field(default_factory=list)
    bytes: Sequence[int] = ()
    missing: str | None = None
    known: bool = True
    etags: Sequence[str] = ()
    folder: str = ""
    """The folder ``name/`` that a prefix without a final ``/`` spells out: what lies in it is seen without it."""
    lacking: str | None = None

    def name(self, key: str) -> str:
        """Where an instance finds the object below its channel."""
        return key.removeprefix(self.folder)

    def sizes(self) -> list[tuple[str, int]]:
        """Each key with its size in bytes."""
        return list(zip(self.keys, self.bytes, strict=True))

    def objects(self) -> dict[str, Found]:
        """Each key with its object."""
        about = zip(self.keys, self.bytes, self.etags, strict=True)
        return {key: Found(f"{self.base}{key}", size, etag) for key, size, etag in about}

    def unreadable(self) -> tuple[str, bool] | None:
        """The key of a manifest that is not there, if one is not."""
        return None if self.missing is None else (f"{self.base}{self.missing}", False)


def named_in(content: bytes | str, uri: str) -> tuple[str, list[str]]:
    """Prefix and keys of a manifest, ``[{"prefix": "s3://…"}, "key", …]``; raises ``DataError`` for another form.

    >>> named_in('[{"prefix": "s3://data/"}, "a.csv"]', "s3://data/objects.manifest")
    ('s3://data/', ['a.csv'])
    """
    try:
        head, *keys = json.loads(content)
        prefix = str(head["prefix"])
        if not all(isinstance(key, str) for key in keys):
            raise ValueError("a manifest lists keys as text")
    except (ValueError, LookupError, TypeError) as error:
        raise no_manifest(uri, error) from error
    return prefix, keys


def no_manifest(uri: str, error: Exception) -> DataError:
    """The error of a manifest that cannot be read."""
    return DataError(
        f"{uri}: is not a readable manifest",
        why=str(error),
        fix='expected [{"prefix": "s3://bucket/folder/"}, "a.csv", "b.csv"]',
    )
