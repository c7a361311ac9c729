"""Conditions of a Condition step: whether they are of the service's form, and whether they hold."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from shardr.errors import Problem
from shardr.local.pipelines.expressions import is_expression, resolve
from shardr.requests.found import nearest, shown, wrong_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shardr.local.pipelines.expressions import World

_COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
_MEMBERS = {
    **dict.fromkeys(_COMPARED, ("LeftValue", "RightValue")),
    "In": ("QueryValue", "Values"),
    "Not": ("Condition",),
    "Or": ("Conditions",),
}


def check_conditions(found: object, place: str) -> Iterator[Problem]:
    """Everything in a list of conditions that is not of the service's form."""
    if not isinstance(found, list):
        yield wrong_type(place, found, "a list")
        return
    if not found:
        yield Problem(place, "has no condition")
    for i, condition in enumerate(found):
        yield from _check(condition, f"{place}[{i}]")


def _check(condition: object, place: str) -> Iterator[Problem]:
    if not isinstance(condition, dict):
        yield wrong_type(place, condition, "a map of members")
        return
    kind = condition.get("Type")
    if kind not in _MEMBERS:
        close = nearest(str(kind), _MEMBERS, 1)
        hint = f'did you mean "{close[0]}"?' if close else f"the types are {', '.join(_MEMBERS)}"
        yield Problem(f"{place}.Type", f"found {shown(kind)}, which is no type of condition; {hint}")
        return
    for member in _MEMBERS[kind]:
        at, value = f"{place}.{member}", condition.get(member)
        if member not in condition:
            yield Problem(at, "is required")
        elif member == "Condition":
            yield from _check(value, at)
        elif member == "Conditions":
            yield from check_conditions(value, at)
        elif member == "Values":
            if not isinstance(value, list):
                yield wrong_type(at, value, "a list")
            else:
                yield from (p for i, each in enumerate(value) for p in _plain(each, f"{at}[{i}]"))
        else:
            yield from _plain(value, at)
    for key in condition:
        if key not in {"Type", *_MEMBERS[kind]}:
            yield Problem(f"{place}.{key}", f"is not a member of {kind}", f"it has {', '.join(_MEMBERS[kind])}")


def _plain(value: object, place: str) -> Iterator[Problem]:
    if not is_expression(value) and not isinstance(value, (str, bool, int, float)):
        yield wrong_type(place, value, "a plain value or an expression")


def all_hold(conditions: list[dict[str, Any]], world: World) -> bool:
    """Whether each of the conditions holds; raises ``LookupError`` or ``ValueError`` where that cannot be told."""
    return all(_holds(condition, world) for condition in conditions)


def _holds(condition: dict[str, Any], world: World) -> bool:
    kind = condition["Type"]
    if kind == "Not":
        return not _holds(condition["Condition"], world)
    if kind == "Or":
        return any(_holds(inner, world) for inner in condition["Conditions"])
    if kind == "In":
        query = resolve(condition["QueryValue"], world)
        return any(_same_kind(query, value) and query == value for value in resolve(condition["Values"], world))
    left, right = resolve(condition["LeftValue"], world), resolve(condition["RightValue"], world)
    if not _same_kind(left, right):
        raise ValueError(f"{kind} cannot compare {shown(left)} with {shown(right)}")
    return bool(_COMPARED[kind](left, right))


def _same_kind(left: object, right: object) -> bool:
    """Whether both are texts, or numbers, or truth values: as text "4" is not 4."""
    return any(
        all(isinstance(value, kinds) and isinstance(value, bool) == (kinds is bool) for value in (left, right))
        for kinds in (str, bool, (int, float))
    )
