"""Parameters: ``${name}`` in the spec, a default in ``parameters``, a value from ``--set name=value``."""

from __future__ import annotations

import re
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


def substitute(raw: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The spec with every ``${name}`` replaced, and what was wrong with the values.

    A string that is one reference takes the typed value (``${instances}`` becomes the number 2, or null); inside a
    longer string the value becomes text. A given ``path`` is relative to where the caller is, a default to the spec.
    """
    declared = raw.get("parameters") or {}
    if not isinstance(declared, dict):
        return dict(raw), []  # the models name this one
    values, problems = _values(declared, given)
    filled = {
        key: value if key == "parameters" else _replace(value, values, [key], problems) for key, value in raw.items()
    }
    return filled, problems


def _values(declared: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    problems = [
        Problem(f"set.{name}", f"is not a parameter of this spec{did_you_mean(name, declared)}",
                fix=f"parameters: {', '.join(declared) or 'none'}")
        for name in given
        if name not in declared
    ]  # fmt: skip
    values: dict[str, Any] = {}
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
            values[name] = found
        if kind == "path" and name in given and "://" not in values[name]:
            ending = "/" if values[name].endswith("/") else ""
            values[name] = str(Path(values[name]).expanduser().absolute()) + ending
    return values, problems


def _replace(value: Any, values: Mapping[str, Any], loc: list[str | int], problems: list[Problem]) -> Any:
    if isinstance(value, dict):
        return {key: _replace(item, values, [*loc, key], problems) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace(item, values, [*loc, i], problems) for i, item in enumerate(value)]
    if not isinstance(value, str) or "${" not in value:
        return value
    unknown = [name for name in REFERENCE.findall(value) if name not in values]
    if unknown:
        hint = did_you_mean(unknown[0], values)
        problems.append(Problem(place(loc), f'"${{{unknown[0]}}}" is not a parameter of this spec{hint}'))
        return value
    whole = REFERENCE.fullmatch(value)
    if whole:
        return values[whole[1]]
    return REFERENCE.sub(lambda found: str(values[found[1]]), value)
