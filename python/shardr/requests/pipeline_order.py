"""The steps of a pipeline by name: what each job's step is called, and an order in which needs come first."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from shardr.errors import Problem, RequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STEP_NAME_CHARACTERS = 64


def unique_names(names: Sequence[str]) -> list[str]:
    """The names with a number where one comes more than once, each at most 64 characters.

    >>> unique_names(["filter", "filter", "split"])
    ['filter-1', 'filter-2', 'split']
    """
    counts, seen = Counter(names), Counter[str]()
    alone = {name for name, count in counts.items() if count == 1}
    unique = []
    for name in names:
        seen[name] += 1
        numbered = name if name in alone else f"{name}-{seen[name]}"
        if name not in alone and (len(numbered) > STEP_NAME_CHARACTERS or numbered in alone):
            numbered = _cut(name, f"{name}/{seen[name]}")
        unique.append(numbered)
    return unique


def unused(name: str, taken: Iterable[str]) -> str:
    """The name, or one like it, of at most 64 characters, that nothing has yet.

    >>> unused("score-model", ["score", "score-model"])
    'score-model-37e37d8c'
    """
    known = set(taken)
    if len(name) <= STEP_NAME_CHARACTERS and name not in known:
        return name
    return _cut(name, name)


def _cut(name: str, about: str) -> str:
    """The name with a digest of ``about`` behind it, cut so that the whole has at most 64 characters."""
    digest = hashlib.sha256(about.encode()).hexdigest()[:8]
    return f"{name[: STEP_NAME_CHARACTERS - 9].rstrip('-')}-{digest}"


def places(names: Sequence[str]) -> dict[str, list[int]]:
    """Where each name stands."""
    found: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        found.setdefault(name, []).append(i)
    return found


def in_order(names: Sequence[str], needs: Sequence[Sequence[str]]) -> list[int]:
    """Places of the steps, each after those it needs, as given where that is so already.

    Raises ``RequestError`` for needs that are no step, and for a cycle.
    """
    at = places(names)
    unknown = [
        Problem(f"steps[{i}].needs", f'"{need}" is not a step')
        for i, needed in enumerate(needs)
        for need in needed
        if need not in at
    ]
    if unknown:
        raise RequestError("The steps are no pipeline:", problems=unknown)
    missing = {i: {j for need in needed for j in at[need]} for i, needed in enumerate(needs)}
    order: list[int] = []
    while missing:
        ready = next((i for i, before in missing.items() if not before & missing.keys()), None)
        if ready is None:
            left = ", ".join(dict.fromkeys(names[i] for i in missing))
            raise RequestError("The steps are no pipeline:", problems=[Problem("steps", f"{left} form a cycle")])
        order.append(ready)
        del missing[ready]
    return order
