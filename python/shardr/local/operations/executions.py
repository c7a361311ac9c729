"""Executions of pipelines on this machine, with the service's field names, states and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import RequestError
from shardr.local import contract
from shardr.local.operations import models
from shardr.local.operations.pages import page
from shardr.local.operations.pipelines import created_between, find
from shardr.local.operations.times import moment
from shardr.local.pipelines import executions
from shardr.local.pipelines.execution_store import ExecutionStore
from shardr.local.pipelines.expressions import as_text, resolve
from shardr.local.pipelines.names import pipeline_of
from shardr.local.pipelines.world import StartWorld
from shardr.requests.facts import KINDS

if TYPE_CHECKING:
    from shardr.local.account import Account
    from shardr.local.pipelines.definition import Definition
    from shardr.local.pipelines.rows import ExecutionRow, StepRow
    from shardr.local.store import JobRow

SORT = {"CreationTime": "created", "PipelineExecutionArn": "name"}
STEPS_A_PAGE = 100
"""The most that the service gives: its SDK reads one page."""


def start(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Starts an execution; its ARN. Raises ``RequestError`` with everything that keeps it from starting."""
    pipeline = find(account, request["PipelineName"])
    return {"PipelineExecutionArn": executions.start(account, pipeline, request)}


def describe(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """An execution as it stands, and why it failed if it did."""
    row = executions.look(account.home, request["PipelineExecutionArn"])
    definition = ExecutionStore(account.home.store).definition_of(row)
    answer: dict[str, Any] = {
        "PipelineArn": pipeline_of(row.arn),
        "PipelineExecutionArn": row.arn,
        "PipelineExecutionDisplayName": row.display or f"execution-{row.id}",
        "PipelineExecutionStatus": row.status,
        "CreationTime": moment(row.created),
        "LastModifiedTime": moment(row.modified),
        "PipelineVersionId": row.version,
    }
    if definition.experiment:
        answer["PipelineExperimentConfig"] = resolve(definition.experiment, StartWorld(row, definition))
    if row.description is not None:
        answer["PipelineExecutionDescription"] = row.description
    if row.reason is not None:
        answer["FailureReason"] = row.reason
    if row.parallel is not None:
        answer["ParallelismConfiguration"] = {"MaxParallelExecutionSteps": row.parallel}
    if row.selection is not None:
        answer["SelectiveExecutionConfig"] = {
            "SelectedSteps": [{"StepName": name} for name in row.selection["steps"]],
            **({"SourcePipelineExecutionArn": row.selection["source"]} if row.selection["source"] else {}),
        }
    return answer


def definition(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """The definition that an execution runs."""
    row = executions.look(account.home, request["PipelineExecutionArn"])
    text = ExecutionStore(account.home.store).definition(row.pipeline, row.version)
    return {"PipelineDefinition": text, "CreationTime": moment(row.created)}


def parameters(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """The parameters of an execution, given or by default, a page at a time; as text, as they are given."""
    row = executions.look(account.home, request["PipelineExecutionArn"])
    values = {**{name: as_text(value) for name, value in row.parameters.items()}, **_given(row)}
    rows = [_Parameter(name) for name in values]
    shown, following = page(rows, {"MaxResults": 100, "SortBy": "Name", "SortOrder": "Ascending", **request})
    return {"PipelineParameters": [{"Name": p.name, "Value": values[p.name]} for p in shown], **following}


class _Parameter:
    status, created, modified = "", 0.0, 0.0

    def __init__(self, name: str) -> None:
        self.name = name


def list_executions(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Summaries of the executions of a pipeline, a page at a time."""
    pipeline = find(account, request["PipelineName"])
    rows = ExecutionStore(account.home.store).executions(pipeline.name)
    looked = [executions.look(account.home, row.arn) if not row.over else row for row in rows]
    shown, following = page(created_between(looked, request), request, SORT)
    return {"PipelineExecutionSummaries": [_summary(row) for row in shown], **following}


def list_steps(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """The steps of an execution that have begun, a page at a time: newest first, unless asked otherwise."""
    if "PipelineExecutionArn" not in request:
        raise RequestError("PipelineExecutionArn is required")
    row = executions.look(account.home, request["PipelineExecutionArn"])
    store = ExecutionStore(account.home.store)
    definition = store.definition_of(row)
    shown, following = page(store.steps(row.arn).values(), {"MaxResults": STEPS_A_PAGE, **request})
    answer: dict[str, Any] = {
        "PipelineExecutionSteps": [_step(each, store.job(each.job) if each.job else None, definition) for each in shown]
    }
    return answer | following


def update(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Changes what an execution is called, and how many of its steps may run at once."""
    arn = request["PipelineExecutionArn"]
    columns = {"PipelineExecutionDisplayName": "display", "PipelineExecutionDescription": "description"}
    changes = {column: request[field] for field, column in columns.items() if field in request}
    if "ParallelismConfiguration" in request:
        changes["parallel"] = request["ParallelismConfiguration"]["MaxParallelExecutionSteps"]
    ExecutionStore(account.home.store).update_execution(arn, **changes)
    executions.look(account.home, arn)  # more may start now; raises when there is no such execution
    return {"PipelineExecutionArn": arn}


def stop(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Asks an execution to stop; raises ``RequestError`` for one that is over."""
    arn = request["PipelineExecutionArn"]
    executions.stop(account.home, arn)
    return {"PipelineExecutionArn": arn}


def retry(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Sets an execution that failed or was stopped under way again, from the steps that did not succeed."""
    arn = request["PipelineExecutionArn"]
    parallel = request.get("ParallelismConfiguration", {}).get("MaxParallelExecutionSteps")
    executions.retry(account.home, arn, parallel)
    return {"PipelineExecutionArn": arn}


def _given(row: ExecutionRow) -> dict[str, str]:
    return {item["Name"]: item["Value"] for item in row.given}


def _summary(row: ExecutionRow) -> dict[str, Any]:
    found = {
        "PipelineExecutionArn": row.arn,
        "StartTime": moment(row.created),
        "PipelineExecutionStatus": row.status,
        "PipelineExecutionDescription": row.description,
        "PipelineExecutionDisplayName": row.display or f"execution-{row.id}",
        "PipelineExecutionFailureReason": row.reason,
    }
    return {key: value for key, value in found.items() if value is not None}


def _step(row: StepRow, job: JobRow | None, definition: Definition) -> dict[str, Any]:
    step = definition.steps[row.name]
    found = {
        "StepName": row.name,
        "StepDisplayName": step.display,
        "StepDescription": step.description,
        "StartTime": moment(row.started),
        "EndTime": moment(row.ended),
        "StepStatus": status(row, job),
        "CacheHitResult": {"SourcePipelineExecutionArn": row.cached_from} if row.cached_from else None,
        "FailureReason": row.reason,
        "AttemptCount": row.attempt,
        "Metadata": _metadata(row, job, step.type),
    }
    return {key: value for key, value in found.items() if value is not None}


def status(row: StepRow, job: JobRow | None) -> str:
    """The state of a step: how it ended, or how far its job is."""
    if row.over:
        return row.status
    if job is None or (job.started is None and job.status == "InProgress"):
        return "Starting"
    return "Stopping" if job.status == "Stopping" else "Executing"


def _metadata(row: StepRow, job: JobRow | None, kind: str) -> dict[str, Any] | None:
    if kind == "Condition":
        return {"Condition": {"Outcome": row.outcome}} if row.outcome else {"Condition": {}}
    if kind == "Fail":
        return {"Fail": {"ErrorMessage": row.reason or ""}}
    if kind == "Model":
        return {"Model": {"Arn": models.arn(row.job)}} if row.job else None
    if job is None:
        return None
    made = KINDS[job.kind]
    return {made.noun: {"Arn": contract.arn(made, job.name)}}
