"""Expressions of a pipeline definition: where they stand, what they name, and what they are worth.

``{"Get": …}`` names a parameter, a variable of the execution or a property of a step, ``Std:Join`` puts texts together,
``Std:JsonGet`` reads a value out of a JSON file that a step wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.local.pipelines.paths import parse_path
from shardr.requests.later import Later

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.local.pipelines.paths import Path

GET, JOIN, JSON_GET = "Get", "Std:Join", "Std:JsonGet"
SCOPES = ("Parameters", "Execution", "PipelineExperimentConfig", "Steps")


@dataclass(frozen=True)
class Name:
    """What a ``Get`` names: ``Steps.filter.ExitMessage`` is scope Steps, name filter, path ExitMessage."""

    scope: str
    name: str
    path: str

    def __str__(self) -> str:
        return ".".join(part for part in (self.scope, self.name, self.path) if part)

    @property
    def property_file(self) -> str | None:
        """The property file of the step that is named, if one is."""
        head, _, file = self.path.partition(".")
        return file if self.scope == "Steps" and head == "PropertyFiles" and file else None


class UnknownYetError(Exception):
    """What an expression names is known later only."""


class World:
    """What expressions are about; of this one nothing is known."""

    def parameter(self, name: str) -> Any:
        """The value of a parameter."""
        raise UnknownYetError(name)

    def variable(self, name: str) -> Any:
        """A variable of the execution."""
        raise UnknownYetError(name)

    def experiment(self, name: str) -> Any:
        """A member of the pipeline's experiment."""
        raise UnknownYetError(name)

    def property(self, step: str, path: Path) -> Any:
        """A property of a step that is over."""
        raise UnknownYetError(step, path)

    def property_file(self, step: str, file: str, path: Path) -> Any:
        """A value of a property file that a step wrote."""
        raise UnknownYetError(step, file, path)

    def json(self, uri: str, path: Path) -> Any:
        """A value of a JSON file."""
        raise UnknownYetError(uri, path)


def is_expression(value: object) -> bool:
    """Whether a value of a definition stands for another one."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in {GET, JOIN, JSON_GET}


def find(value: object, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every expression in a part of a definition, the inner ones too, with its place."""
    if isinstance(value, dict):
        if is_expression(value):
            yield place, value
        for key, inner in value.items():
            yield from find(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from find(inner, f"{place}[{index}]")


def parse_name(text: object) -> Name:
    """What a ``Get`` names; raises ``ValueError`` with the forms it may have."""
    scope, _, rest = text.partition(".") if isinstance(text, str) else ("", "", "")
    name, _, path = rest.partition(".")
    if scope not in SCOPES or not name or (scope == "Steps") != bool(path):
        raise ValueError("expected Parameters.<name>, Execution.<variable> or Steps.<step>.<property>")
    return Name(scope, name, path)


def named_steps(value: object) -> set[str]:
    """The steps that a part of a definition needs values of."""
    found = set()
    for _, expression in find(value, ""):
        try:
            name = parse_name(expression.get(GET))
        except ValueError:
            continue
        if name.scope == "Steps":
            found.add(name.name)
    return found


def resolve(value: Any, world: World) -> Any:
    """The value with every expression replaced by what it is worth; by a ``Later`` where that is not known yet.

    Raises ``LookupError`` or ``ValueError`` for what cannot be had.
    """
    if is_expression(value):
        try:
            return _worth(value, world)
        except UnknownYetError:
            kind, body = next(iter(value.items()))
            text = body if kind == GET else kind
            return Later(str(text), any_shape=str(text).startswith("Steps.") or kind == JSON_GET)
    if isinstance(value, dict):
        return {key: resolve(inner, world) for key, inner in value.items()}
    return [resolve(inner, world) for inner in value] if isinstance(value, list) else value


def _worth(expression: dict[str, Any], world: World) -> Any:
    kind, body = next(iter(expression.items()))
    if kind == GET:
        name = parse_name(body)
        if name.scope == "Parameters":
            return world.parameter(name.name)
        if name.scope == "Execution":
            return world.variable(name.name)
        if name.scope == "PipelineExperimentConfig":
            return world.experiment(name.name)
        return world.property(name.name, parse_path(name.path))
    if kind == JOIN:
        return str(body.get("On", "")).join(as_text(_inner(part, world)) for part in body["Values"])
    path = parse_path(body["Path"])
    if "PropertyFile" in body:
        name = parse_name(body["PropertyFile"][GET])
        return world.property_file(name.name, name.property_file or "", path)
    return world.json(as_text(_inner(body["S3Uri"], world)), path)


def _inner(value: Any, world: World) -> Any:
    return _worth(value, world) if is_expression(value) else value


def as_text(value: Any) -> str:
    """A value as ``Std:Join`` writes it: as in JSON, but a text without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise ValueError(f"a {type(value).__name__} cannot be part of a text")
