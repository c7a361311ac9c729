"""The JSONPath that batch transform's filters know: names, indexes and slices, and what they find.

Supported are ``$``, ``.name``, ``.*``, ``['a','b']``, ``[n]``, ``[n,m]``, ``[s:e]``, ``[s:]``, ``[:e]`` and ``[*]``,
indexes may be negative, and indexes and slices may stand in one list (``$[0,5:]``).

jsonpath-ng does not read such a list, which the service's reference has as its example, finds nothing without an error
where the service has one, and takes more than the service does: a job that runs here would be refused there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["JsonPath", "NotThereError", "parsed"]

_NUMBER = r"-?[0-9]+"
_ITEM = rf"\s*(?:{_NUMBER}\s*:\s*(?:{_NUMBER})?|:\s*{_NUMBER}|{_NUMBER})\s*"
_NAME = r"""\s*(?:'[^']*'|"[^"]*")\s*"""
_STEP = re.compile(
    rf"""(?P<every> \.\* | \[\s*\*\s*\] )
       | \.(?P<name> [^.\[\]*?@()'",:\s]+ )
       | \[(?P<names> {_NAME}(?:,{_NAME})* )\]
       | \[(?P<items> {_ITEM}(?:,{_ITEM})* )\]""",
    re.VERBOSE,
)
_QUOTED = re.compile(r"""'([^']*)'|"([^"]*)\"""")


class NotThereError(LookupError):
    """A value has not what a path asks for."""


@dataclass(frozen=True)
class _Names:
    names: tuple[str, ...]


@dataclass(frozen=True)
class _Items:
    items: tuple[int | slice, ...]


@dataclass(frozen=True)
class _Every:
    pass


@dataclass(frozen=True)
class JsonPath:
    """A path that was read; ``found`` gives what it finds."""

    expression: str
    steps: tuple[_Names | _Items | _Every, ...]

    @property
    def whole(self) -> bool:
        """Whether it is ``$``, which finds the value itself."""
        return not self.steps

    @property
    def of_a_row(self) -> bool:
        """Whether it asks for columns by their indexes, which is all that a CSV row has."""
        return len(self.steps) <= 1 and not any(isinstance(step, _Names) for step in self.steps)

    @property
    def closed_slices(self) -> list[str]:
        """The slices with an end, of which one may ask whether it is included."""
        items = [item for step in self.steps if isinstance(step, _Items) for item in step.items]
        return [f"[{s.start or 0}:{s.stop}]" for s in items if isinstance(s, slice) and s.stop is not None]

    def found(self, value: Any) -> Any:
        """What the path finds: one value, or a list of those found when it may be several.

        Several names at the end give an object of these. A slice ends before its end. Raises NotThereError for a name,
        an index or the bound of a slice that the value does not have.

        >>> parsed("$[0,2:]").found([1, 2, 3, 4]), parsed("$['a','b']").found({"a": 1, "b": 2, "c": 3})
        ([1, 3, 4], {'a': 1, 'b': 2})
        """
        values, several = [value], False
        for step in self.steps:
            last = step is self.steps[-1]
            if isinstance(step, _Names) and (last or len(step.names) == 1):
                values = [_named(one, step.names) for one in values]
            else:
                several = several or not (isinstance(step, _Items) and _is_one(step))
                values = [part for one in values for part in _parts(one, step)]
        return values if several else values[0]


def _is_one(step: _Items) -> bool:
    return len(step.items) == 1 and isinstance(step.items[0], int)


def _named(value: Any, names: tuple[str, ...]) -> Any:
    if not isinstance(value, dict):
        raise NotThereError(f"there is no {names[0]!r} in what is no object")
    missing = [name for name in names if name not in value]
    if missing:
        raise NotThereError(f"there is no {missing[0]!r} among {', '.join(map(repr, value)) or 'no names'}")
    return value[names[0]] if len(names) == 1 else {name: value[name] for name in names}


def _parts(value: Any, step: _Names | _Items | _Every) -> Iterator[Any]:
    if isinstance(step, _Names):
        yield from _named(value, step.names).values()
    elif isinstance(step, _Every) and isinstance(value, dict):
        yield from value.values()
    elif not isinstance(value, list):
        raise NotThereError("there are no items in what is no array")
    elif isinstance(step, _Every):
        yield from value
    else:
        for item in step.items:
            if isinstance(item, int):
                yield value[_within(item, len(value), len(value))]
            else:
                yield from _slice(value, item)


def _slice(value: list[Any], item: slice) -> list[Any]:
    size = len(value)
    start = 0 if item.start is None else _within(item.start, size, size)
    stop = size if item.stop is None else _within(item.stop, size, size + 1)
    if start >= stop:
        raise NotThereError(f"[{start}:{stop}] holds nothing")
    return value[start:stop]


def _within(index: int, size: int, above: int) -> int:
    """The index counted from the beginning."""
    if not -size <= index < above:
        raise NotThereError(f"the index {index} is out of range: there are {size} items")
    return index + size if index < 0 else index


def parsed(expression: str) -> JsonPath:
    """The path of an expression. Raises ValueError, with the place, for one that the service does not know."""
    if not expression.startswith("$"):
        raise ValueError(f"{expression!r} does not begin with $")
    steps, at = [], 1
    while at < len(expression):
        step = _STEP.match(expression, at)
        if step is None:
            raise ValueError(
                f"{expression!r} is not understood from {expression[at:]!r} on: there are .name, .*, ['a','b'], [n], "
                "[n,m], [s:e], [s:], [:e] and [*]"
            )
        steps.append(_step(step))
        at = step.end()
    return JsonPath(expression, tuple(steps))


def _step(step: re.Match[str]) -> _Names | _Items | _Every:
    if step["every"]:
        return _Every()
    if step["name"]:
        return _Names((step["name"],))
    if step["names"]:
        return _Names(tuple(single or double for single, double in _QUOTED.findall(step["names"])))
    return _Items(tuple(_item(text) for text in step["items"].split(",")))


def _item(text: str) -> int | slice:
    bounds = [int(bound) if bound.strip() else None for bound in text.split(":")]
    return slice(*bounds) if len(bounds) == 2 else int(text)
