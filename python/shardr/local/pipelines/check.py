"""Whether the service would take a pipeline definition: all that is wrong with it, at once."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from shardr.errors import Problem, RequestError
from shardr.local.pipelines.conditions import check_conditions
from shardr.local.pipelines.definition import CREATED_BY
from shardr.local.pipelines.expressions import World, is_expression, resolve
from shardr.local.pipelines.reading import read
from shardr.local.pipelines.references import check_references
from shardr.requests.found import nearest, wrong_type
from shardr.requests.later import Later
from shardr.requests.service_model import service_model
from shardr.requests.shapes import check_shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.local.pipelines.definition import Definition, Step


def require_definition(text: str) -> Definition:
    """The definition; raises ``RequestError`` with everything that the service, or this machine, would not take."""
    definition, problems = read(text)
    try:
        problems = problems + [problem for step in definition.steps.values() for problem in _check(step, definition)]
    except RecursionError:
        problems = [*problems, Problem("PipelineDefinition", "is nested too deeply")]
    problems += _cycles(definition)
    if problems:
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise RequestError(f"The pipeline definition has {count}:", problems=problems)
    return definition


def _check(step: Step, definition: Definition) -> Iterator[Problem]:
    place = f"{step.place}.Arguments"
    yield from _dependencies(step, definition)
    if step.type != "ForEach":  # which has steps and names of its own
        yield from check_references(step, definition)
    if step.type == "Condition":
        if "Conditions" not in step.arguments:
            yield Problem(f"{place}.Conditions", "is required")
        else:
            yield from check_conditions(step.arguments["Conditions"], f"{place}.Conditions")
    elif step.type == "Fail":
        message = step.arguments.get("ErrorMessage")
        if message is None:
            yield Problem(f"{place}.ErrorMessage", "is required")
        elif not isinstance(message, str) and not is_expression(message):
            yield wrong_type(f"{place}.ErrorMessage", message, "a string")
    elif step.type in CREATED_BY:
        yield from check_arguments(step, resolve_nothing(step.arguments))
    yield from _property_files(step)


def check_arguments(step: Step, arguments: dict[str, Any]) -> Iterator[Problem]:
    """What the service would refuse in the request that a step makes, without the name that it gets later."""
    operation, name, _ = CREATED_BY[step.type]
    model = service_model()
    shape = model.shape_of(operation, "input")
    assert shape is not None  # noqa: S101 - for the type checker: each of these operations has an input
    yield from check_shape(model, shape, {name: Later(name), **arguments}, f"{step.place}.Arguments")


def _dependencies(step: Step, definition: Definition) -> Iterator[Problem]:
    for i, (name, _) in enumerate(step.depends_on):
        place = f"{step.place}.DependsOn[{i}]"
        if name not in definition.steps:
            close = nearest(name, definition.steps, 1)
            hint = f'; did you mean "{close[0]}"?' if close else ""
            yield Problem(place, f'there is no step "{name}"{hint}')
        elif definition.steps[name].type == "Fail":
            yield Problem(place, f'no step can wait for "{name}": it ends the execution')


def _property_files(step: Step) -> Iterator[Problem]:
    if step.type != "Processing" or not step.files:
        return
    found = step.arguments.get("ProcessingOutputConfig")
    items = found.get("Outputs") if isinstance(found, dict) else None
    outputs = {item.get("OutputName"): item for item in items or [] if isinstance(item, dict)}
    for i, file in enumerate(step.files.values()):
        place = f"{step.place}.PropertyFiles[{i}].OutputName"
        if file.output not in outputs:
            known = ", ".join(map(str, outputs)) or "none"
            yield Problem(place, f'the step has no output "{file.output}"', f"its outputs: {known}")
        elif (outputs[file.output].get("S3Output") or {}).get("S3UploadMode", "EndOfJob") == "Continuous":
            yield Problem(place, f'the output "{file.output}" is not uploaded EndOfJob')


def _cycles(definition: Definition) -> Iterator[Problem]:
    ends = {name for name, step in definition.steps.items() if step.type == "Fail"}  # to need one is told elsewhere
    graph = {name: sorted((step.needs & definition.steps.keys()) - ends) for name, step in definition.steps.items()}
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            around: list[str] = error.args[1]  # each is needed by the one that follows it; the last is the first again
            chain = " needs ".join(reversed(around))
            yield Problem(definition.steps[around[0]].place, f"waits for itself: {chain}")
            graph[around[1]].remove(around[0])
        else:
            return


def resolve_nothing(value: Any) -> Any:
    """The value with a ``Later`` for every expression."""
    if is_expression(value):
        try:
            return resolve(value, World())
        except (LookupError, ValueError, TypeError, AttributeError):  # malformed: told by check_references
            return Later("", any_shape=True)
    if isinstance(value, dict):
        return {key: resolve_nothing(inner) for key, inner in value.items()}
    return [resolve_nothing(inner) for inner in value] if isinstance(value, list) else value
