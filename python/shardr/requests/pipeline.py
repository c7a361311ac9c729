"""The jobs of a plan as one pipeline definition: what ``CreatePipeline`` takes, the same for every run of a spec."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.requests.facts import MODEL, TRAINING, TRANSFORM, created_by, facts, kind_of, model_facts
from shardr.requests.pipeline_order import in_order, places, unique_names, unused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERSION = "2020-12-01"
RUN, RUN_URI = "Run", "RunUri"
"""The parameters of every definition: the id of a run, and below which URI it keeps what it makes."""

PIPELINE_NAME_CHARACTERS = 256
PLACES = frozenset({"S3Uri", "S3OutputPath", "ModelDataUrl"})
"""Fields of requests that say where something lies."""
RETRIED = (
    "Step.SERVICE_FAULT",
    "Step.THROTTLING",
    "SageMaker.JOB_INTERNAL_ERROR",
    "SageMaker.CAPACITY_ERROR",
    "SageMaker.RESOURCE_LIMIT",
)
"""All that the service can be asked to try again. A script that fails is not among it."""


@dataclass(frozen=True)
class Retry:
    """How often a job is tried, and the pauses between: each ``backoff_rate`` times as long as the one before."""

    max_attempts: int
    interval_seconds: int = 30
    backoff_rate: float = 2.0


@dataclass(frozen=True)
class CompiledStep:
    """One job of a step, as the request that creates it; the jobs of a step that has several share its name."""

    name: str
    needs: Sequence[str]
    request: Mapping[str, Any]
    model: Mapping[str, Any] | None = None
    """The request of the model that is made first, for a transform job to ask."""
    cache: str | None = None
    """For how long the outputs of an equal job are taken instead, as ``P30D``."""
    retry: Retry | None = None


def pipeline_definition(steps: Sequence[CompiledStep], *, run: str, run_uri: str) -> dict[str, Any]:
    """The definition of these steps, each after those it needs; raises ``RequestError`` when that cannot be.

    An input that is the output of an earlier step refers to it, which is an order already; ``DependsOn`` names the
    needs that no input shows. What lies below ``run_uri`` lies below the parameter ``RunUri``, and the tag that names
    the run takes the parameter ``Run``, so that another run of the same spec starts the same definition.

    >>> request = {"ProcessingJobName": "bank-1-filter", "Tags": [{"Key": "shardr:run", "Value": "bank-1"}]}
    >>> definition = pipeline_definition([CompiledStep("filter", [], request)], run="bank-1", run_uri="s3://b/bank-1")
    >>> definition["Steps"][0]["Arguments"]
    {'Tags': [{'Key': 'shardr:run', 'Value': {'Get': 'Parameters.Run'}}]}
    """
    names, jobs = step_names(steps), places([step.name for step in steps])
    uris = [_outputs(step.request) for step in steps]
    compiled: list[dict[str, Any]] = []
    for i in in_order([step.name for step in steps], [step.needs for step in steps]):
        step = steps[i]
        needed = [j for need in step.needs for j in jobs[need]]
        made = {uri: _reference(names[j], steps[j].request, output) for j in needed for output, uri in uris[j].items()}
        read = {uri for uri in [*input_uris(step.request), *_model_uris(step.model)] if uri in made}
        hidden = [names[j] for j in dict.fromkeys(needed) if read.isdisjoint(uris[j].values())]
        arguments = _arguments(step.request, made, run, run_uri)
        if step.model is not None:
            model = unused(f"{names[i]}-model", [*names, *(one["Name"] for one in compiled)])
            compiled.append({"Name": model, "Type": "Model", "Arguments": _arguments(step.model, made, run, run_uri)})
            arguments["ModelName"] = {"Get": f"Steps.{model}.ModelName"}
        compiled.append(_step(names[i], step, hidden, arguments))
    return {
        "Version": VERSION,
        "Metadata": {},
        "Parameters": [{"Name": RUN, "Type": "String"}, {"Name": RUN_URI, "Type": "String"}],
        "PipelineExperimentConfig": None,  # left out, the service would make an experiment and a trial of each run
        "Steps": compiled,
    }


def definition_text(definition: Mapping[str, Any]) -> str:
    """The exact text that is sent: equal definitions give equal bytes."""
    return json.dumps(definition, separators=(",", ":"))


def run_parameters(run: str, run_uri: str) -> list[dict[str, str]]:
    """The ``PipelineParameters`` that start a run."""
    return [{"Name": RUN, "Value": run}, {"Name": RUN_URI, "Value": run_uri}]


def pipeline_name(name: str) -> str:
    """The name of a spec's pipeline: a prefix keeps it apart from those that others made in the account.

    >>> pipeline_name("bank_marketing")
    'shardr-bank-marketing'
    """
    return "shardr-" + re.sub(r"[^a-zA-Z0-9]+", "-", name).strip("-")[: PIPELINE_NAME_CHARACTERS - 7].rstrip("-")


def step_names(steps: Sequence[CompiledStep]) -> list[str]:
    """What the step of each job is called in the definition: the step's name, numbered where it has several jobs."""
    return unique_names([step.name for step in steps])


def _step(name: str, step: CompiledStep, hidden: list[str], arguments: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"Name": name, "Type": kind_of(step.request).step, "Arguments": arguments}
    if hidden:
        made["DependsOn"] = hidden
    if step.cache is not None:
        made["CacheConfig"] = {"Enabled": True, "ExpireAfter": step.cache}
    if step.retry is not None and step.retry.max_attempts > 1:
        made["RetryPolicies"] = [
            {
                "ExceptionType": list(RETRIED),
                "IntervalSeconds": step.retry.interval_seconds,
                "BackoffRate": step.retry.backoff_rate,
                "MaxAttempts": step.retry.max_attempts - 1,  # the service counts what comes after the first
            }
        ]
    return made


def _arguments(request: Mapping[str, Any], made: Mapping[str, Any], run: str, run_uri: str) -> dict[str, Any]:
    """The request without the job's name, which the service gives; what differs from run to run as expressions."""
    # an execution records its own lineage and refuses a step that names another experiment
    without = {f"{created_by(request).removeprefix('Create')}Name", "ExperimentConfig"}
    arguments: dict[str, Any] = _placed({k: v for k, v in request.items() if k not in without}, made, run_uri)
    if "Tags" in arguments:
        get = {"Get": f"Parameters.{RUN}"}
        arguments["Tags"] = [
            {**tag, "Value": get} if (tag["Key"], tag["Value"]) == ("shardr:run", run) else dict(tag)
            for tag in request["Tags"]
        ]
    return arguments


def _placed(value: Any, made: Mapping[str, Any], run_uri: str) -> Any:
    """A part of a request with expressions for the URIs that an earlier step makes or that lie below the run's."""
    if isinstance(value, dict):
        return {
            key: _place(inner, made, run_uri)
            if key in PLACES and isinstance(inner, str)
            else _placed(inner, made, run_uri)
            for key, inner in value.items()
        }
    return [_placed(inner, made, run_uri) for inner in value] if isinstance(value, list) else value


def _place(uri: str, made: Mapping[str, Any], run_uri: str) -> Any:
    root = run_uri.rstrip("/") + "/"
    if uri in made:
        return made[uri]
    if uri.startswith(root):
        return {"Std:Join": {"On": "/", "Values": [{"Get": f"Parameters.{RUN_URI}"}, uri.removeprefix(root)]}}
    return uri


def _reference(step: str, request: Mapping[str, Any], output: str) -> dict[str, Any]:
    """What another step says in the place of an output's URI."""
    if kind_of(request) is TRANSFORM:
        return {"Get": f"Steps.{step}.TransformOutput.S3OutputPath"}
    if kind_of(request) is not TRAINING:
        return {"Get": f"Steps.{step}.ProcessingOutputConfig.Outputs['{output}'].S3Output.S3Uri"}
    if output == MODEL:
        return {"Get": f"Steps.{step}.ModelArtifacts.S3ModelArtifacts"}
    job = [{"Get": f"Steps.{step}.OutputDataConfig.S3OutputPath"}, {"Get": f"Steps.{step}.TrainingJobName"}]
    return {"Std:Join": {"On": "/", "Values": [*job, "output/output.tar.gz"]}}


def _outputs(request: Mapping[str, Any]) -> dict[str, str]:
    return {output.name: output.uri for output in facts(request).outputs}


def _model_uris(model: Mapping[str, Any] | None) -> list[str]:
    data = model_facts(model).data if model is not None else None
    return [] if data is None else [data]


def input_uris(request: Mapping[str, Any]) -> set[str]:
    """Where the inputs of a job lie."""
    return {channel.uri for channel in facts(request).inputs if channel.uri is not None}
