"""Parameters: ``${name}`` in the spec, a default in ``parameters``, a value from ``--set name=value``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.errors import Problem
from shardr.spec.problems import did_you_mean, place, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
BOOLEANS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError
    return int(value)


def _boolean(value: Any) -> bool:
    return value if isinstance(value, bool) else BOOLEANS[str(value).lower()]


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError
    return float(value)


READERS: dict[str, Callable[[Any], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "string": str,
    "path": str,
}
WORDS = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}


@dataclass(frozen=True)
class Filled:
    """A spec with its parameters filled in, what was wrong, and the places that could not be filled for it."""

    spec: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)
    unfilled: set[str] = field(default_factory=set)


def substitute(raw: Mapping[str, Any], given: Mapping[str, Any]) -> Filled:
    """The spec with every ``${name}`` replaced by the parameter's value.

    A string that is one reference takes the typed value (``${instances}`` becomes the number 2, or null); inside a
    longer string the value becomes text. A given ``path`` is relative to where the caller is, a default to the spec.
    """
    declared = raw.get("parameters") or {}
    if not isinstance(declared, dict):
        return Filled(dict(raw))  # the models name this one
    values, problems, wrong = _values(declared, given)
    filled = Filled({}, problems)
    for key, value in raw.items():
        filled.spec[key] = value if key == "parameters" else _replace(value, values, wrong, [key], filled)
    return filled


def _values(declared: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem], set[str]]:
    """The parameters' values, what is wrong with them, and the names of those that have none for it."""
    known = f"parameters: {', '.join(declared) or 'none'}"
    problems = [
        Problem(f"set.{name}", f"is not a parameter of this spec{did_you_mean(name, declared)}", fix=known)
        for name in given
        if name not in declared
    ]
    values: dict[str, Any] = {}
    wrong: set[str] = set()
    for name, about in declared.items():
        kind = about.get("type", "string") if isinstance(about, dict) else "string"
        found = given.get(name, about.get("default") if isinstance(about, dict) else about)
        where = f"set.{name}" if name in given else f"parameters.{name}.default"
        if found is None or kind not in READERS:
            values[name] = found
            continue
        try:
            values[name] = READERS[kind](found)
        except (ValueError, TypeError, KeyError):
            problems.append(Problem(where, f"found {shown(found)}, expected {WORDS[kind]}"))
            wrong.add(name)
            continue
        if kind == "path" and name in given and "://" not in values[name]:
            ending = "/" if values[name].endswith("/") else ""
            values[name] = str(Path(values[name]).expanduser().absolute()) + ending
    return values, problems, wrong


def _replace(value: Any, values: Mapping[str, Any], wrong: set[str], loc: list[str | int], filled: Filled) -> Any:
    if isinstance(value, dict):
        return {key: _replace(item, values, wrong, [*loc, key], filled) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace(item, values, wrong, [*loc, i], filled) for i, item in enumerate(value)]
    if not isinstance(value, str) or "${" not in value:
        return value
    missing = [name for name in REFERENCE.findall(value) if name not in values]
    if missing:
        filled.unfilled.add(place(loc))
        if missing[0] not in wrong:
            hint = did_you_mean(missing[0], values)
            filled.problems.append(Problem(place(loc), f'"${{{missing[0]}}}" is not a parameter of this spec{hint}'))
        return value
    whole = REFERENCE.fullmatch(value)
    if whole:
        return values[whole[1]]
    return REFERENCE.sub(lambda found: str(values[found[1]]), value)
