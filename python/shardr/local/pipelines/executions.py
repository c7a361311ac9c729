"""Executions of pipelines: start one, look at it, stop it, retry it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from shardr.errors import ConflictError, NotFoundError, Problem, RequestError
from shardr.local import jobs
from shardr.local.pipelines.advance import advance
from shardr.local.pipelines.check import check_arguments
from shardr.local.pipelines.definition import CREATED_BY, RUN_HERE
from shardr.local.pipelines.execution_store import ExecutionStore
from shardr.local.pipelines.expressions import resolve
from shardr.local.pipelines.names import new_execution_arn
from shardr.local.pipelines.parameters import values_of
from shardr.local.pipelines.reading import checked
from shardr.local.pipelines.rows import ExecutionRow, PipelineRow
from shardr.local.pipelines.world import StartWorld
from shardr.local.runnable import check_runnable
from shardr.local.runners import choice
from shardr.requests.facts import facts, model_facts
from shardr.requests.later import Later
from shardr.spec.places import PROCESSING

if TYPE_CHECKING:
    from shardr.local.account import Account
    from shardr.local.home import Home
    from shardr.local.pipelines.definition import Definition, Step


def start(account: Account, pipeline: PipelineRow, request: dict[str, Any]) -> str:
    """Starts an execution of a pipeline as ``StartPipelineExecution`` asks for it; its ARN.

    Raises ``RequestError`` with all that is wrong: parameters, requests that these make invalid, and steps of types
    that are not run here.
    """
    store = ExecutionStore(account.home.store)
    version = request.get("PipelineVersionId", pipeline.version)
    text = store.definition(pipeline.name, version)
    if text is None:
        raise NotFoundError(f"Pipeline {pipeline.name} has no version {version}")
    definition = checked(text)
    selection = _selection(store, pipeline, definition, request)
    steps = [s for s in definition.steps.values() if selection is None or s.name in selection["steps"]]
    given = request.get("PipelineParameters", [])
    values, problems = values_of(definition.parameters, given)
    problems += [
        Problem(step.place, f'the step "{step.name}" is of type {step.type}, which is not run on this machine yet')
        for step in steps
        if step.type not in RUN_HERE
    ]
    now = time.time()
    parallel = request.get("ParallelismConfiguration", {}).get("MaxParallelExecutionSteps", pipeline.parallel)
    row = ExecutionRow(
        arn=new_execution_arn(account, pipeline.name),
        pipeline=pipeline.name,
        version=version,
        display=request.get("PipelineExecutionDisplayName"),
        description=request.get("PipelineExecutionDescription"),
        given=given,
        parameters=values,
        parallel=parallel,
        selection=selection,
        machine={},
        status="Executing",
        created=now,
        modified=now,
        reason=None,
        token=request["ClientRequestToken"],
    )
    machine = {} if problems else _machine(account, StartWorld(row, definition), steps, problems)
    if problems:
        raise RequestError(f"Pipeline {pipeline.name} cannot be started:", problems=problems)
    account.home.make()
    arn = store.add_execution(ExecutionRow(**{**vars(row), "machine": machine}))
    if arn != row.arn:
        before = store.execution(arn)
        if before is not None and before.given != given:
            raise ConflictError("ClientRequestToken was used before, to start an execution with other parameters")
    advance(account.home, arn)
    return arn


def _machine(account: Account, world: StartWorld, steps: list[Step], problems: list[Problem]) -> dict[str, Any]:
    """What the jobs need to know of this machine; what cannot run, as far as it is known now, joins the problems."""
    requests = [(step, resolve(step.arguments, world)) for step in steps if step.type in CREATED_BY]
    for step, request in requests:
        problems += check_arguments(step, request)
    if problems:
        return {}
    uses = []
    for step, request in requests:
        image, program = _use(step, request)
        if isinstance(image, str) and image:
            uses.append((image, program))
    runner, _ = choice.choose(choice.asked_for(account.runner), uses)
    for step, request in requests:
        problems += _cannot_run(step, request, runner)
    return {} if problems else choice.machine(runner, [image for image, _ in uses])


def _use(step: Step, request: dict[str, Any]) -> tuple[Any, str]:
    """The image of a step and the program that it runs in it; a transform job's is its model's."""
    if step.type == "Model":
        return model_facts({**request, "ModelName": ""}).image, ""
    about = facts(request)
    return about.image, str(next(iter(about.entrypoint or []), ""))


def _cannot_run(step: Step, request: dict[str, Any], runner: str) -> list[Problem]:
    """What this machine could not do, whatever the values turn out to be that are known later only."""
    open_places: set[str] = set()
    if step.type in {"Model", "Transform"}:
        return []  # told when they are made: what their models are is known then
    try:
        check_runnable(_filled(request, "", open_places), runner)
    except RequestError as error:
        return [
            Problem(f"{step.place}.Arguments.{problem.path}", problem.message, problem.fix)
            for problem in error.problems
            if problem.path not in open_places
        ]
    return []


def _filled(value: Any, place: str, open_places: set[str]) -> Any:
    """The request with some value where one is known later only; these places are collected."""
    if isinstance(value, Later):
        open_places.add(place)
        return f"{PROCESSING}/{place}" if place.endswith("LocalPath") else f"s3://later/{place}"
    if isinstance(value, dict):
        return {key: _filled(inner, f"{place}.{key}".lstrip("."), open_places) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, f"{place}[{i}]", open_places) for i, inner in enumerate(value)]
    return value


def _selection(
    store: ExecutionStore, pipeline: PipelineRow, definition: Definition, request: dict[str, Any]
) -> dict[str, Any] | None:
    """The steps that are to run, when not all are, and the execution that gives the results of the others."""
    config = request.get("SelectiveExecutionConfig")
    if config is None:
        return None
    names = [item["StepName"] for item in config["SelectedSteps"]]
    source = config.get("SourcePipelineExecutionArn")
    problems = [
        Problem(f"SelectiveExecutionConfig.SelectedSteps[{i}].StepName", f'the pipeline has no step "{name}"')
        for i, name in enumerate(names)
        if name not in definition.steps
    ]
    found = store.execution(source) if source else None
    if source and (found is None or found.pipeline != pipeline.name):
        place = "SelectiveExecutionConfig.SourcePipelineExecutionArn"
        problems.append(Problem(place, f"there is no such execution of {pipeline.name}"))
    before = store.steps(source) if source else {}
    for name in names:
        step = definition.steps.get(name)
        for need in sorted((step.needs - {step.condition}) - set(names)) if step else []:
            if need not in before or before[need].status != "Succeeded":
                where = "that execution" if source else "an execution that is named as the source"
                text = f'"{name}" needs "{need}", which is not selected and did not succeed in {where}'
                problems.append(Problem("SelectiveExecutionConfig", text))
    if problems:
        raise RequestError(f"Pipeline {pipeline.name} cannot be started:", problems=problems)
    return {"steps": names, "source": source}


def look(home: Home, arn: str) -> ExecutionRow:
    """The execution as it stands, taken as far as it can go; raises ``NotFoundError``."""
    store = ExecutionStore(home.store)
    row = store.execution(arn)
    if row is None:
        raise NotFoundError(f"Pipeline execution with ARN {arn} does not exist.")
    if not row.over:
        advance(home, arn)
        row = store.execution(arn) or row
    return row


def stop(home: Home, arn: str) -> ExecutionRow:
    """Stops the jobs of an execution and lets no further step start; raises ``RequestError`` when it is over."""
    store = ExecutionStore(home.store)
    if not store.stop_execution(arn):
        row = look(home, arn)
        if row.over:
            raise RequestError(f"Pipeline execution {arn} is {row.status}: only one that is under way can be stopped.")
    for step in store.steps(arn).values():
        job = store.job(step.job) if step.job and not step.over else None
        if job is not None and not job.over:
            jobs.stop(home, job)
    return look(home, arn)


def retry(home: Home, arn: str, parallel: int | None = None) -> ExecutionRow:
    """Sets an execution that failed or was stopped under way again; raises ``RequestError`` where that cannot be."""
    store = ExecutionStore(home.store)
    row = look(home, arn)
    definition = store.definition_of(row)
    ended = [name for name in store.steps(arn) if definition.steps[name].type == "Fail"]
    if ended:
        raise RequestError(f"Pipeline execution {arn} cannot be retried: the Fail step {ended[0]} has ended it.")
    if not store.retry_execution(arn, parallel):
        raise RequestError(f"Pipeline execution {arn} is {row.status}: only one that failed or was stopped is retried.")
    return look(home, arn)
