"""What the service model refuses, in the service's own words: ``Value 'a_b' at 'processingJobName' failed …``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.requests.patterns import matches
from shardr.requests.service_model import service_model
from shardr.requests.shapes import check_shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardr.requests.service_model import ServiceModel

NUMBERS: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
}
SHOWN = 1000
"""Characters of a value that are quoted."""


def refusal(service: str, operation: str, request: Mapping[str, Any]) -> tuple[bool, str] | None:
    """All that the model refuses in a request, in one message; None when it would take it.

    First whether it could be read at all: a value of another type breaks no constraint, it never gets that far.

    >>> refusal("sagemaker", "DescribeProcessingJob", {})[1][:56]
    "1 validation error detected: Value null at 'processingJo"
    """
    model = service_model(service)
    name = model.shape_of(operation, "input")
    found = list(_broken(model, name, request, "")) if name else []
    unread = [text for kind, text in found if kind == "type"]
    if unread:
        return True, "; ".join(unread)
    if not found:
        return None
    noun = "error" if len(found) == 1 else "errors"
    return False, f"{len(found)} validation {noun} detected: {'; '.join(text for _, text in found)}"


def _broken(model: ServiceModel, name: str, value: object, path: str) -> Iterator[tuple[str, str]]:
    """What is wrong, each as a kind and a text: "type" for a value of the wrong one, "constraint" for all else."""
    shape = model.shapes[name]
    kind = shape["type"]
    if kind == "structure" and isinstance(value, dict) and not shape.get("document"):
        yield from _structure(model, shape, value, path)
    elif kind == "list" and isinstance(value, (list, tuple)):
        yield from _bounds(shape, len(value), "have length", value, path)
        for i, inner in enumerate(value, 1):
            yield from _broken(model, shape["member"]["shape"], inner, f"{path}{i}.member.")
    elif kind == "map" and isinstance(value, dict):
        yield from _bounds(shape, len(value), "have length", value, path)
        for key, inner in value.items():
            yield from _broken(model, shape["key"]["shape"], key, f"{path}{key}.key.")
            yield from _broken(model, shape["value"]["shape"], inner, f"{path}{key}.member.")
    elif kind == "string" and isinstance(value, str):
        yield from _text(shape, value, path)
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and isinstance(value, NUMBERS.get(kind, ())):
        yield from _bounds(shape, value, "have value", value, path)
    else:
        yield from (("type", str(problem)) for problem in check_shape(model, name, value, path.rstrip(".")))


def _structure(
    model: ServiceModel, shape: Mapping[str, Any], value: dict[str, Any], path: str
) -> Iterator[tuple[str, str]]:
    for required in shape.get("required", ()):
        if required not in value:
            yield _words(None, f"{path}{_lower(required)}", "Member must not be null")
    if shape.get("union") and len(value) != 1:
        yield "constraint", f"'{path.rstrip('.')}' must have exactly one of {', '.join(shape['members'])}"
    for key, inner in value.items():
        if key in shape["members"]:
            yield from _broken(model, shape["members"][key]["shape"], inner, f"{path}{_lower(key)}.")
        else:  # the service passes over these; here a setting would silently do nothing
            yield "constraint", f"Member '{path}{_lower(key)}' is not known: it would be passed over"


def _text(shape: Mapping[str, Any], value: str, path: str) -> Iterator[tuple[str, str]]:
    shown = "***" if shape.get("sensitive") else value
    if "enum" in shape:
        if value not in shape["enum"]:
            allowed = ", ".join(shape["enum"])
            yield _words(shown, path, f"Member must satisfy enum value set: [{allowed}]")
        return
    yield from _bounds(shape, len(value), "have length", shown, path)
    if "pattern" in shape and matches(shape["pattern"], value) is False:
        yield _words(shown, path, f"Member must satisfy regular expression pattern: {shape['pattern']}")


def _bounds(shape: Mapping[str, Any], size: float, noun: str, value: object, path: str) -> Iterator[tuple[str, str]]:
    if "min" in shape and size < shape["min"]:
        yield _words(value, path, f"Member must {noun} greater than or equal to {shape['min']}")
    if "max" in shape and size > shape["max"]:
        yield _words(value, path, f"Member must {noun} less than or equal to {shape['max']}")


def _words(value: object, path: str, constraint: str) -> tuple[str, str]:
    found = "null" if value is None else f"'{str(value)[:SHOWN]}'"
    return "constraint", f"Value {found} at '{path.rstrip('.')}' failed to satisfy constraint: {constraint}"


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
