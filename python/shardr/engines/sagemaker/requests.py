"""What is sent for a plan: one job as it is, several as one pipeline and its execution."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from shardr.errors import RequestError
from shardr.requests.check import check_request
from shardr.requests.facts import facts, kind_of
from shardr.requests.pipeline import (
    CompiledStep,
    Retry,
    definition_text,
    input_uris,
    pipeline_definition,
    pipeline_name,
    run_parameters,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shardr.engines.base import Plan, PlannedStep


def calls_of(plan: Plan, run_uri: str, anyone: Callable[[], str]) -> list[dict[str, Any]]:
    """The operations in their order, each with its request; raises ``RequestError`` for what would be refused.

    ``anyone`` gives the role of the pipeline where no request of it has one. The definition of a pipeline travels as
    text and stands here as what the text says.
    """
    steps = [
        CompiledStep(
            step.name,
            step.needs,
            job.request,
            job.model,
            None if read_as_one(step, plan.steps, run_uri) else step.cache,
            Retry(step.max_attempts) if step.max_attempts > 1 else None,
        )
        for step in plan.steps
        for job in step.jobs
    ]
    if len(steps) == 1 and steps[0].cache is None and steps[0].retry is None:
        only = steps[0]
        model = [{"CreateModel": dict(only.model)}] if only.model is not None else []
        return [*model, {kind_of(only.request).create: dict(only.request)}]
    roles = (job.role for step in plan.steps for job in step.jobs)
    name, role = pipeline_name(plan.name), next(filter(None, roles), None) or anyone()
    made = {
        "PipelineName": name,
        "PipelineDefinition": pipeline_definition(steps, run=plan.run, run_uri=run_uri),
        "RoleArn": role,
    }
    begun = {
        "PipelineName": name,
        "PipelineExecutionDisplayName": plan.run[:82],
        "PipelineParameters": run_parameters(plan.run, run_uri),
        # the same run twice is one execution, also when the first answer was lost
        "ClientRequestToken": hashlib.sha256(plan.run.encode()).hexdigest(),
    }
    token = {"ClientRequestToken": begun["ClientRequestToken"]}  # botocore gives a fresh one
    problems = check_request("CreatePipeline", {**as_sent(made), **token})
    problems += check_request("StartPipelineExecution", begun)
    if problems:
        raise RequestError(f"{plan.name} cannot be a pipeline", problems=problems)
    return [{"CreatePipeline": made}, {"StartPipelineExecution": begun}]


def read_as_one(step: PlannedStep, steps: Sequence[PlannedStep], run_uri: str) -> bool:
    """Whether another step reads what the jobs of this one leave side by side in this run's own place.

    What a cache took from another run would not be there.
    """
    if len(step.jobs) == 1:
        return False
    outputs = [output for job in step.jobs for output in facts(job.request).outputs]
    made = {output.uri.rstrip("/").rpartition("/")[0] + "/" for output in outputs}
    read = {uri for other in steps for job in other.jobs for uri in input_uris(job.request)}
    return any(uri.startswith(run_uri + "/") for uri in made & read)


def as_sent(request: dict[str, Any]) -> dict[str, Any]:
    """A request for a pipeline with its definition as text."""
    return {**request, "PipelineDefinition": definition_text(request["PipelineDefinition"])}
