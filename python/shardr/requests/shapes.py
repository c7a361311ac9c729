"""Walks a value along a shape of the service model and tells everything that does not fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shardr.errors import Problem
from shardr.requests.found import nearest, shown, wrong_type
from shardr.requests.later import Later
from shardr.requests.scalars import broken_bound, check_scalar, counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardr.requests.scalars import Shape
    from shardr.requests.service_model import ServiceModel

_MEMBERS_LISTED = 12
_NOT_PLAIN = {"structure": "a map of members", "list": "a list", "map": "a map from names to values"}


def check_shape(model: ServiceModel, name: str, value: object, path: str = "") -> Iterator[Problem]:
    """Everything in ``value`` that breaks the shape of this name, each at its path; nothing when it fits.

    A ``Later`` in it stands for any plain value.
    """
    shape = model.shapes[name]
    kind = shape["type"]
    if isinstance(value, Later):
        if kind in _NOT_PLAIN and not value.any_shape:
            yield wrong_type(path, value, _NOT_PLAIN[kind])
    elif kind == "structure" and shape.get("document"):
        yield from _document(value, path)
    elif kind == "structure":
        yield from _structure(model, shape, value, path, name)
    elif kind == "list":
        yield from _list(model, shape, value, path)
    elif kind == "map":
        yield from _map(model, shape, value, path)
    elif problem := check_scalar(shape, value, path):
        yield problem


def _structure(model: ServiceModel, shape: Shape, value: object, path: str, name: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield wrong_type(path, value, _NOT_PLAIN["structure"])
        return
    members = shape["members"]
    if shape.get("union") and len(value) != 1:
        given = ", ".join(map(str, value)) or "nothing"
        yield Problem(path, f"has {given} set, expected exactly one of {', '.join(members)}")
    for required in shape.get("required", ()):
        if required not in value:
            yield Problem(_member(path, required), "is required")
    for key, inner in value.items():
        if key in members:
            yield from check_shape(model, members[key]["shape"], inner, _member(path, key))
        else:
            yield _unknown(key, members, path, name)


def _unknown(key: object, members: Mapping[str, Any], path: str, name: str) -> Problem:
    # "S3Input" says more than the shape's own name, "ProcessingS3Input"; an item of a list has only that.
    owner = name if not path or path.endswith("]") else path.rpartition(".")[2]
    message = f"is not a member of {owner}"
    if close := nearest(str(key), members, 1):
        return Problem(_member(path, key), f'{message}; did you mean "{close[0]}"?')
    if not members:
        return Problem(_member(path, key), f"{message}, which has none")
    more = ", …" if len(members) > _MEMBERS_LISTED else ""
    return Problem(_member(path, key), message, f"it has {', '.join(list(members)[:_MEMBERS_LISTED])}{more}")


def _list(model: ServiceModel, shape: Shape, value: object, path: str) -> Iterator[Problem]:
    if not isinstance(value, (list, tuple)):
        yield wrong_type(path, value, _NOT_PLAIN["list"])
        return
    yield from _size(shape, len(value), path, "item")
    for index, inner in enumerate(value):
        yield from check_shape(model, shape["member"]["shape"], inner, f"{path}[{index}]")


def _map(model: ServiceModel, shape: Shape, value: object, path: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield wrong_type(path, value, _NOT_PLAIN["map"])
        return
    yield from _size(shape, len(value), path, "entry")
    for key, inner in value.items():
        place = f"{path}[{shown(key)}]"
        for problem in check_shape(model, shape["key"]["shape"], key, place):
            yield Problem(place, f"the name is refused: {problem.message}", problem.fix)
        yield from check_shape(model, shape["value"]["shape"], inner, place)


def _size(shape: Shape, size: int, path: str, unit: str) -> Iterator[Problem]:
    if bound := broken_bound(shape, size, unit):
        yield Problem(path, f"found {counted(size, unit)}, expected {bound}")


def _document(value: object, path: str) -> Iterator[Problem]:
    """A document is any JSON value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            place = f"{path}[{shown(key)}]"
            if not isinstance(key, str):
                yield wrong_type(place, key, "a name that is a string")
            yield from _document(inner, place)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _document(inner, f"{path}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Problem(path, f"found {value}, which JSON cannot carry")
    elif value is not None and not isinstance(value, (str, int, float)):
        yield wrong_type(path, value, "plain JSON data")


def _member(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)
