"""A difference between the runners, in few words; the same on all instances is told once."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SHOWN_CHARACTERS = 200
BEFORE = 20
"""How many characters are shown before the first that differs."""


@dataclass(frozen=True)
class Difference:
    """What differs in a step, and how it is in each runner; None: it is not there."""

    step: str
    instance: str | None
    """The instance or the instances; None: all of them, or the job as a whole."""
    what: str
    process: str | None
    docker: str | None

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def differing(step: str, instance: str | None, what: str, process: Any, docker: Any) -> list[Difference]:
    """The difference between two words or numbers, if there is one."""
    if process == docker:
        return []
    shown = [None if value is None else str(value) for value in (process, docker)]
    return [Difference(step, instance, what, *shown)]


def texts_differing(
    step: str, instance: str | None, what: str, process: str | None, docker: str | None
) -> list[Difference]:
    """The same for texts, in quotes and cut to where they differ."""
    if process is None or docker is None or process == docker:
        quoted = (None if text is None else cut(text, "")[0] for text in (process, docker))
        return differing(step, instance, what, *quoted)
    return [Difference(step, instance, what, *cut(process, docker))]


def cut(one: str, other: str) -> tuple[str, str]:
    """Two texts as they are written in quotes, cut to the part in which they differ.

    >>> cut("0", "1000")
    ('"0"', '"1000"')
    """
    pairs = enumerate(zip(one, other, strict=False))
    first = next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
    start = max(0, first - BEFORE) if max(len(one), len(other)) > SHOWN_CHARACTERS else 0
    return _window(one, start), _window(other, start)


def _window(text: str, start: int) -> str:
    end = start + SHOWN_CHARACTERS
    shown = ("…" if start else "") + text[start:end] + ("…" if len(text) > end else "")
    return json.dumps(shown, ensure_ascii=False)


def gathered(found: Sequence[Difference], instances: Sequence[str]) -> list[Difference]:
    """The same with those joined that several instances have in common, in order of their first."""

    def content(one: Difference) -> tuple[str, str, str | None, str | None]:
        return one.step, one.what, one.process, one.docker

    first: dict[Any, int] = {}
    for i, one in enumerate(found):
        first.setdefault(content(one), i)
    ordered = sorted(found, key=lambda one: first[content(one)])
    return [_joined(list(same), instances) for _, same in groupby(ordered, key=content)]


def _joined(same: list[Difference], instances: Iterable[str]) -> Difference:
    names = [one.instance for one in same if one.instance is not None]
    one = same[0]
    everywhere = not names or (len(names) > 1 and set(names) == set(instances))
    where = None if everywhere else ", ".join(names)
    return Difference(one.step, where, one.what, one.process, one.docker)
