"""The jobs of a plan as one pipeline definition: what ``CreatePipeline`` takes, the same for every run of a spec."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.requests.pipeline_order import in_order, places, unique_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERSION = "2020-12-01"
RUN, RUN_URI = "Run", "RunUri"
"""The parameters of every definition: the id of a run, and below which URI it keeps what it makes."""

PIPELINE_NAME_CHARACTERS = 256
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
    """One job of a step, as its ``CreateProcessingJob`` request; the jobs of a step that has several share its name."""

    name: str
    needs: Sequence[str]
    request: Mapping[str, Any]
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
    compiled = []
    for i in in_order([step.name for step in steps], [step.needs for step in steps]):
        step = steps[i]
        needed = [j for need in step.needs for j in jobs[need]]
        made = {uri: _reference(names[j], output) for j in needed for output, uri in uris[j].items()}
        read = {uri for uri in input_uris(step.request) if uri in made}
        hidden = [names[j] for j in dict.fromkeys(needed) if read.isdisjoint(uris[j].values())]
        compiled.append(_step(names[i], step, hidden, _arguments(step.request, made, run, run_uri)))
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
    made: dict[str, Any] = {"Name": name, "Type": "Processing", "Arguments": arguments}
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


def _arguments(
    request: Mapping[str, Any], made: Mapping[str, dict[str, str]], run: str, run_uri: str
) -> dict[str, Any]:
    """The request without the job's name, which the service gives; what differs from run to run as expressions."""
    # an execution records its own lineage and refuses a step that names another experiment
    arguments = {key: value for key, value in request.items() if key not in {"ProcessingJobName", "ExperimentConfig"}}

    if "ProcessingInputs" in arguments:
        arguments["ProcessingInputs"] = [
            _placed(channel, "S3Input", made, run_uri) for channel in request["ProcessingInputs"]
        ]
    if "ProcessingOutputConfig" in arguments:
        outputs = request["ProcessingOutputConfig"]
        placed = [_placed(output, "S3Output", {}, run_uri) for output in outputs["Outputs"]]
        arguments["ProcessingOutputConfig"] = {**outputs, "Outputs": placed}
    if "Tags" in arguments:
        get = {"Get": f"Parameters.{RUN}"}
        arguments["Tags"] = [
            {**tag, "Value": get} if (tag["Key"], tag["Value"]) == ("shardr:run", run) else dict(tag)
            for tag in request["Tags"]
        ]
    return arguments


def _placed(channel: Mapping[str, Any], kind: str, made: Mapping[str, Any], run_uri: str) -> dict[str, Any]:
    """The channel with its URI as an expression where it is made by a step or lies below the run's."""
    if kind not in channel:  # a dataset definition, a feature store: no place in S3
        return dict(channel)
    uri, root = channel[kind]["S3Uri"], run_uri.rstrip("/") + "/"
    place: Any = uri
    if uri in made:
        place = made[uri]
    elif uri.startswith(root):
        place = {"Std:Join": {"On": "/", "Values": [{"Get": f"Parameters.{RUN_URI}"}, uri.removeprefix(root)]}}
    return {**channel, kind: {**channel[kind], "S3Uri": place}}


def _reference(step: str, output: str) -> dict[str, str]:
    return {"Get": f"Steps.{step}.ProcessingOutputConfig.Outputs['{output}'].S3Output.S3Uri"}


def _outputs(request: Mapping[str, Any]) -> dict[str, str]:
    outputs = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return {output["OutputName"]: output["S3Output"]["S3Uri"] for output in outputs if "S3Output" in output}


def input_uris(request: Mapping[str, Any]) -> set[str]:
    """Where the inputs of a job lie."""
    channels = request.get("ProcessingInputs", [])
    return {channel["S3Input"]["S3Uri"] for channel in channels if "S3Input" in channel}
