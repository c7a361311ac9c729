"""How a value that does not fit is shown, and what to do about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shardr.errors import Problem
from shardr.requests.later import Later

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN_CHARACTERS = 80


def shown(value: object, *, hidden: bool = False) -> str:
    """The value in one short line; never a value that the service calls sensitive."""
    if hidden:
        return "a value that is not shown"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        short = value if len(value) <= _SHOWN_CHARACTERS else f"{value[: _SHOWN_CHARACTERS - 1]}…"
        # Half a surrogate pair cannot be printed.
        return json.dumps(short.encode(errors="replace").decode(), ensure_ascii=False)
    if isinstance(value, (int, float)):
        return f"{value} ({type(value).__name__})"
    if isinstance(value, dict):
        return f"a map of {len(value)}"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    if isinstance(value, Later):
        return f"the expression {value.text}"
    return f"a value of type {type(value).__name__}"


def wrong_type(path: str, value: object, expected: str, *, hidden: bool = False) -> Problem:
    """The problem of a value whose type is not the expected one, with the way out when it is plain."""
    fix = None
    if value is None:
        fix = "leave it out instead of setting it to nothing"
    elif hidden:
        fix = None
    elif expected == "a list" and isinstance(value, (str, int, float)):
        fix = "put it in a list"
    elif expected == "a whole number" and isinstance(value, float) and value.is_integer():
        fix = f"write {int(value)}"
    elif expected == "a string" and isinstance(value, (bool, int, float)):
        fix = f'write it as text, "{str(value).lower() if isinstance(value, bool) else value}"'
    return Problem(path, f"found {shown(value, hidden=hidden)}, expected {expected}", fix)


def nearest(word: str, words: Iterable[str], count: int, cutoff: float = 0.6) -> list[str]:
    """The words most like ``word``, whatever their case, best first."""
    from difflib import get_close_matches  # only a request with a mistake needs it

    by_lower: dict[str, str] = {}
    for known in words:
        by_lower.setdefault(known.lower(), known)
    # Beyond a hundred characters nothing is like any word of a model, and comparing takes long.
    return [by_lower[w] for w in get_close_matches(word[:100].lower(), by_lower, count, cutoff)]
