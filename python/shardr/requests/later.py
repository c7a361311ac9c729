"""A value that is not there yet: a request can be checked before all of it is known."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Later:
    """What a value will be known by, ``Steps.filter.ExitMessage`` for example; it stands for any plain value."""

    text: str
    any_shape: bool = False
    """Whether it may turn out to be a list or a map, too."""
