"""What expressions name, and whether it is there: parameters, variables, properties of steps, property files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import Problem
from shardr.local.pipelines.definition import CREATED_BY
from shardr.local.pipelines.expressions import GET, JOIN, JSON_GET, find, is_expression, parse_name
from shardr.local.pipelines.paths import named, parse_path, shown
from shardr.requests.found import nearest, wrong_type
from shardr.requests.service_model import service_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shardr.local.pipelines.definition import Definition, Step
    from shardr.local.pipelines.expressions import Name
    from shardr.local.pipelines.paths import Path

VARIABLES = (
    "PipelineName", "PipelineArn", "PipelineExecutionId", "PipelineExecutionArn", "StartDateTime", "CurrentDateTime",
)  # fmt: skip
JOB_NAMES = {"ProcessingJobName": "Processing", "TrainingJobName": "Training"}
"""Variables that only steps of a type have."""


def check_references(step: Step, definition: Definition) -> Iterator[Problem]:
    """Everything wrong with the expressions of a step."""
    for place, expression in find(step.own_arguments, f"{step.place}.Arguments"):
        kind, body = next(iter(expression.items()))
        if kind == GET:
            yield from _get(body, place, step, definition)
        elif not isinstance(body, dict):
            yield wrong_type(f"{place}.{kind}", body, "a map of members")
        elif kind == JOIN:
            yield from _join(body, f"{place}.{kind}")
        else:
            yield from _json_get(body, f"{place}.{kind}")


def _get(body: object, place: str, step: Step, definition: Definition) -> Iterator[Problem]:
    try:
        name = parse_name(body)
    except ValueError as error:
        yield Problem(place, f"found {body!r}, {error}")
        return
    if name.scope == "Parameters":
        if name.name not in definition.parameters:
            yield _unknown(place, "parameter", name.name, definition.parameters)
    elif name.scope == "PipelineExperimentConfig":
        if name.name not in (definition.experiment or {}):
            yield _unknown(place, "member of PipelineExperimentConfig", name.name, definition.experiment or {})
    elif name.scope == "Execution":
        own = [variable for variable, kind in JOB_NAMES.items() if kind == step.type]
        if name.name not in (*VARIABLES, *own):
            yield _unknown(place, "variable of an execution", name.name, (*VARIABLES, *own))
    elif name.name not in definition.steps:
        yield _unknown(place, "step", name.name, definition.steps)
    else:
        yield from _property(name, place, definition.steps[name.name])


def _property(name: Name, place: str, step: Step) -> Iterator[Problem]:
    try:
        path = parse_path(name.path)
    except ValueError as error:
        yield Problem(place, str(error))
        return
    if step.type == "Fail":
        yield Problem(place, f'no step can use "{step.name}": it ends the execution')
    elif place.endswith(f"{JSON_GET}.PropertyFile"):
        if name.property_file is None:
            yield Problem(place, f'found "{name}", expected Steps.<step>.PropertyFiles.<name>')
        elif name.property_file not in (step.files or {}):
            yield _unknown(place, f'property file of the step "{step.name}"', name.property_file, step.files or {})
    elif path[0] == "PropertyFiles":
        yield Problem(place, f'"{name}" is a file', f"a value of it is had by {JSON_GET}")
    elif step.type == "Condition":
        if path != ("Outcome",):
            yield Problem(place, f'"{name.path}" is no property of a condition', "it has Outcome")
    elif step.type in CREATED_BY:
        yield from _described(path, place, step)


def _described(path: Path, place: str, step: Step) -> Iterator[Problem]:
    """A property is a part of what the service answers when the job is described."""
    model = service_model()
    of = CREATED_BY[step.type][2]
    for i, part in enumerate(path):
        shape = model.shapes[of]
        kind = shape["type"]
        if kind == "structure" and part in shape["members"]:
            of = shape["members"][part]["shape"]
        elif kind == "list" and (isinstance(part, int) or _has_name(model.shapes[shape["member"]["shape"]])):
            of = shape["member"]["shape"]
        elif kind == "map" and isinstance(part, str):
            of = shape["value"]["shape"]
        else:
            known = shape.get("members", {})
            close = nearest(str(part), known, 1)
            hint = f'; did you mean "{close[0]}"?' if close else ""
            yield Problem(place, f'a {step.type} step has no property "{shown(path[: i + 1])}"{hint}')
            return
    missing = _missing_item(step.arguments, path)
    if missing is not None:
        yield Problem(place, f'the step "{step.name}" has no {shown(missing)}')


def _has_name(shape: Mapping[str, Any]) -> bool:
    return any(member.endswith("Name") for member in shape.get("members", {}))


def _missing_item(value: Any, path: Path) -> Path | None:
    """The beginning of the path that names an item which is in no list of the arguments; None when all are there."""
    for i, part in enumerate(path):
        if isinstance(value, list) and isinstance(part, str):
            names = [inner for item in value if isinstance(item, dict) for key, inner in item.items() if "Name" in key]
            if named(value, part) is None and not any(is_expression(name) for name in names):
                return path[: i + 1]
            value = named(value, part)
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return None
    return None


def _join(body: Mapping[str, Any], place: str) -> Iterator[Problem]:
    if not isinstance(body.get("On", ""), str):
        yield wrong_type(f"{place}.On", body["On"], "a string")
    if not isinstance(body.get("Values"), list):
        yield wrong_type(f"{place}.Values", body.get("Values"), "a list")
        return
    for i, value in enumerate(body["Values"]):
        if not is_expression(value) and not isinstance(value, (str, bool, int, float)):
            yield wrong_type(f"{place}.Values[{i}]", value, "a plain value or an expression")


def _json_get(body: Mapping[str, Any], place: str) -> Iterator[Problem]:
    given = [key for key in ("PropertyFile", "S3Uri") if key in body]
    if len(given) != 1:
        yield Problem(place, f"has {' and '.join(given) or 'neither'}, expected one of PropertyFile and S3Uri")
    file = body.get("PropertyFile")
    if file is not None and not (is_expression(file) and GET in file):
        yield wrong_type(f"{place}.PropertyFile", file, '{"Get": "Steps.<step>.PropertyFiles.<name>"}')
    uri = body.get("S3Uri")
    if uri is not None and not isinstance(uri, str) and not is_expression(uri):
        yield wrong_type(f"{place}.S3Uri", uri, "a string or an expression")
    try:
        parse_path(body.get("Path") or "")
    except (ValueError, TypeError) as error:
        yield Problem(f"{place}.Path", str(error))


def _unknown(place: str, what: str, name: str, known: Iterable[str]) -> Problem:
    close = nearest(name, known, 1)
    return Problem(place, f'there is no {what} "{name}"' + (f'; did you mean "{close[0]}"?' if close else ""))
