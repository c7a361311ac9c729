"""What a prefix or a manifest names, wherever it lies: keys and sizes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


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

    def sizes(self) -> list[tuple[str, int]]:
        """Each key with its size in bytes."""
        return list(zip(self.keys, self.bytes, strict=True))

    def unreadable(self) -> tuple[str, bool] | None:
        """The key of a manifest that is not there, if one is not."""
        return None if self.missing is None else (f"{self.base}{self.missing}", False)
