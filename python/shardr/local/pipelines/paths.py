"""Paths into what a step answered, or into a JSON file: ``Outputs['out'].S3Output.S3Uri``, ``metrics.rmse[0]``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Path = tuple["str | int", ...]
"""Names and numbers, from the outside in."""

_PART = re.compile(r"""\.?([^.\[\]'"]+)|\['([^']*)'\]|\["([^"]*)"\]|\[(\d+)\]""")


def parse_path(text: str) -> Path:
    """The parts of a path; raises ``ValueError`` for what is none.

    >>> parse_path("Outputs['out'].S3Output.S3Uri")
    ('Outputs', 'out', 'S3Output', 'S3Uri')
    """
    parts: list[str | int] = []
    at = 0
    while at < len(text):
        found = _PART.match(text, at)
        plain = found is not None and bool(found[1])
        if found is None or (plain and text.startswith(".", at) != (at > 0)):
            raise ValueError(f'"{text}" is no path: it goes wrong at "{text[at:]}"')
        name = next((part for part in found.groups()[:3] if part is not None), None)
        parts.append(int(found[4]) if name is None else name)
        at = found.end()
    if not parts:
        raise ValueError("a path has at least one part")
    return tuple(parts)


def follow(value: Any, path: Path) -> Any:
    """What the path leads to; raises ``LookupError`` that says where it ends.

    A list of named things is entered by the name of one, as the service does.
    """
    for i, part in enumerate(path):
        inner = _step(value, part)
        if inner is None:
            raise LookupError(f"there is no {shown(path[: i + 1])}{_choices(value)}")
        value = inner[0]
    return value


def shown(path: Path) -> str:
    """The path as one writes it."""
    text = ""
    for part in path:
        plain = isinstance(part, str) and re.fullmatch(r"[\w-]+", part)
        text += f".{part}" if plain else f"[{part!r}]"
    return text.removeprefix(".")


def named(items: Sequence[Any], name: str) -> Any:
    """The item of a list that goes by this name; None when there is none."""
    return next((item for item in items if isinstance(item, Mapping) and name in _names(item)), None)


def _step(value: Any, part: str | int) -> tuple[Any] | None:
    if isinstance(value, Mapping):
        return (value[part],) if part in value else None
    if isinstance(value, Sequence) and not isinstance(value, str):
        if isinstance(part, int):
            return (value[part],) if part < len(value) else None
        found = named(value, part)
        return None if found is None else (found,)
    return None


def _names(item: Mapping[str, Any]) -> list[Any]:
    """What an item goes by: its member Name, or InputName, OutputName, ChannelName …"""
    return [value for key, value in item.items() if key.endswith("Name")]


def _choices(value: Any) -> str:
    if isinstance(value, Mapping):
        known: list[str] = [str(key) for key in value]
    elif isinstance(value, Sequence) and not isinstance(value, str):
        known = [str(name) for item in value if isinstance(item, Mapping) for name in _names(item)]
    else:
        return ", as what is there is no map and no list"
    return f"; there are {', '.join(known[:12])}" if known else ""
