"""How a run on SageMaker stands, in the words of all engines."""

from __future__ import annotations

import posixpath
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from shardr.engines.base import OVER, OutputView, RunView, StepView, one_text
from shardr.engines.sagemaker.notices import unchecked_claim
from shardr.engines.sagemaker.record import created, waiting
from shardr.local.pipelines.words import in_words_of_jobs
from shardr.local.runs import together
from shardr.requests.facts import ARCHIVE, KINDS, PROCESSING, facts, kind_of
from shardr.requests.pipeline import CompiledStep, step_names
from shardr.storage.uris import SCHEME

if TYPE_CHECKING:
    from shardr.local.store import RunRow
    from shardr.requests.facts import Kind


def look(client: Any, row: RunRow) -> tuple[RunView, dict[str, Any]]:
    """The run as AWS tells it, and its jobs that are over, which need not be asked for again."""
    known: dict[str, Any] = row.machine.get("jobs", {})
    if "execution" not in row.machine:
        only = row.steps[0]["jobs"][0]
        job = _seen(client, kind_of(only["request"]), only["name"])
        found = [[job]]
        status, reason = job["status"], None
    else:
        execution = client.describe_pipeline_execution(PipelineExecutionArn=row.machine["execution"])
        status = in_words_of_jobs(execution["PipelineExecutionStatus"])
        reason = execution.get("FailureReason")
        found = _of_execution(client, row, known)
    steps = [_step(about, jobs) for about, jobs in zip(row.steps, found, strict=True)]
    if status == "Failed" and not any(step.failure for step in steps) and steps:
        steps[0] = StepView(**{**vars(steps[0]), "failure": reason or "the execution failed and does not say why"})
    jobs = {job["name"]: job for step in found for job in step if job["name"] and job["status"] in OVER}
    return RunView(row.id, row.name, status, created(row), row.runner, row.machine["reason"], steps), jobs


def _of_execution(client: Any, row: RunRow, known: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The jobs of each step of the spec that have begun."""
    begun: dict[str, dict[str, Any]] = {}
    pages = client.get_paginator("list_pipeline_execution_steps")
    for page in pages.paginate(PipelineExecutionArn=row.machine["execution"]):
        begun |= {step["StepName"]: step for step in page["PipelineExecutionSteps"]}
    each = [CompiledStep(step["name"], [], job["request"]) for step in row.steps for job in step["jobs"]]
    names = iter(step_names(each))
    found = []
    for step in row.steps:
        own = [begun.get(next(names)) for _ in step["jobs"]]
        found.append([_of_step(client, about, known) for about in own if about is not None])
    return found


def _of_step(client: Any, about: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    made = about.get("Metadata", {})
    kind = next((kind for kind in KINDS.values() if kind.noun in made), PROCESSING)
    arn = made.get(kind.noun, {}).get("Arn", "")
    name, status = arn.rpartition("/")[2], in_words_of_jobs(about["StepStatus"])
    job = known.get(name)
    if job is None and name and status in OVER:
        job = _seen(client, kind, name)  # a step from the cache has the outputs of another run's job
    return {
        "name": name or None,
        "outputs": {},
        "metrics": {},
        "message": None,
        **(job or {}),
        "status": status,
        "failure": about.get("FailureReason") or (job or {}).get("failure"),
        "start": _seconds(about.get("StartTime")),
        "end": _seconds(about.get("EndTime")),
    }


def described(client: Any, kind: Kind, name: str) -> dict[str, Any]:
    """What the service says of a job."""
    found: dict[str, Any] = getattr(client, f"describe_{kind.method}")(**{f"{kind.noun}Name": name})
    return found


def _seen(client: Any, kind: Kind, name: str) -> dict[str, Any]:
    job = described(client, kind, name)
    return {
        "name": name,
        "status": job[f"{kind.noun}Status"],
        "metrics": {item["MetricName"]: item["Value"] for item in job.get("FinalMetricDataList", [])},
        "outputs": {output.name: output.uri for output in facts(job).outputs},
        "failure": job.get("FailureReason") or None,
        "message": job.get("ExitMessage"),
        "start": _seconds(job.get("CreationTime")),
        "end": _seconds(job.get(kind.ended)),
    }


def _step(about: dict[str, Any], jobs: list[dict[str, Any]]) -> StepView:
    if not jobs:
        return waiting(about)
    status = together([job["status"] for job in jobs], len(about["jobs"]))
    ended = [job for job in jobs if job["status"] in {"Failed", "Stopped"}]
    failure = one_text((ended[0]["failure"], ended[0]["message"])) if ended else None
    unchecked = unchecked_claim(about["jobs"][0]["request"])
    made: dict[str, str] = jobs[0]["outputs"] if status == "Completed" else {}
    outputs = {name: _together([job["outputs"][name] for job in jobs]) for name in made}
    starts = [job["start"] for job in jobs if job["start"] is not None]
    now = datetime.now(timezone.utc).timestamp()
    seconds = max(job["end"] or now for job in jobs) - min(starts) if starts else None
    names = [job["name"] for job in jobs if job["name"]]
    return StepView(
        name=about["name"],
        job=names[0] if names else None,
        status=status,
        instances=about["instances"],
        rows_in=None,
        rows_out=None,
        seconds=None if seconds is None else round(seconds, 3),
        outputs={name: OutputView(uri, None, []) for name, uri in outputs.items()},
        failure=failure,
        jobs=names,
        hosts=[],
        notices=[unchecked] if unchecked and status == "Completed" else [],
        message=one_text(job["message"] for job in jobs),
        metrics={name: value for job in jobs for name, value in job.get("metrics", {}).items()},
    )


def place(uri: str) -> str:
    """Where an output's files are: below a prefix, or the one archive of a training job."""
    return uri if uri.endswith(ARCHIVE) else uri.rstrip("/") + "/"


def _together(uris: list[str]) -> str:
    """What the places of the jobs' outputs have in common: more than a run's own where some came from the cache."""
    if len(uris) == 1:
        return place(uris[0])
    return SCHEME + posixpath.commonpath([uri.removeprefix(SCHEME) for uri in uris]) + "/"


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
