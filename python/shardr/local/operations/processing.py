"""Processing jobs of this machine, with the service's field names, states and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import NameInUseError, NotFoundError
from shardr.local import contract, jobs
from shardr.local.operations import tags
from shardr.local.operations.pages import page
from shardr.local.operations.times import moment
from shardr.local.runnable import check_runnable
from shardr.local.runners.choice import asked_for
from shardr.local.runners.lately import chosen
from shardr.local.store import JobRow, Store

if TYPE_CHECKING:
    from shardr.local.account import Account


def create(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Takes a job in and starts it; its ARN. Raises ``NameInUseError`` for a name that is taken."""
    tags.require(request.get("Tags", []))
    app = request["AppSpecification"]
    program = next(iter(app.get("ContainerEntrypoint", [])), "")
    runner, machine = chosen(asked_for(account.runner), app["ImageUri"], program)
    check_runnable(request, runner)
    name: str = request["ProcessingJobName"]
    if not jobs.launch(account.home, name, request, machine):
        raise NameInUseError(f"Job name must be unique: there is a processing job {name} already")
    return {"ProcessingJobArn": contract.processing_arn(name)}


def describe(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """A job as it stands: its request, its state, and how it ended; raises ``NotFoundError``."""
    return described(_job(account, request["ProcessingJobName"]))


def stop(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Asks a job to stop; one that is over stays as it is. Raises ``NotFoundError``."""
    row = _job(account, request["ProcessingJobName"])
    if not row.over:
        jobs.stop(account.home, row)
    return {}


def list_jobs(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Summaries of jobs, a page at a time."""
    rows = [jobs.look(account.home, row) for row in Store(account.home.store).jobs(kind="processing")]
    shown, token = page(rows, request)
    answer: dict[str, Any] = {"ProcessingJobSummaries": [_summary(row) for row in shown]}
    return answer | ({"NextToken": token} if token else {})


def created_with(account: Account, name: str) -> list[dict[str, str]]:
    """The tags that a job was created with; raises ``NotFoundError``."""
    found: list[dict[str, str]] = _job(account, name).request.get("Tags", [])
    return found


def _job(account: Account, name: str) -> JobRow:
    row = Store(account.home.store).job(name)
    if row is None:
        raise NotFoundError(f"Could not find requested job with name: {name}")
    return jobs.look(account.home, row)


def described(row: JobRow) -> dict[str, Any]:
    """A job in the form of ``DescribeProcessingJob``."""
    request = {key: value for key, value in row.request.items() if key != "Tags"}
    times = {
        "CreationTime": moment(row.created),
        "ProcessingStartTime": moment(row.started),
        "ProcessingEndTime": moment(row.ended),
        "LastModifiedTime": moment(row.modified),
    }
    words = {"ExitMessage": row.exit_message, "FailureReason": row.failure_reason}
    return {
        **request,
        "ProcessingJobArn": contract.processing_arn(row.name),
        "ProcessingJobStatus": row.status,
        **{key: value for key, value in {**times, **words}.items() if value is not None},
    }


def _summary(row: JobRow) -> dict[str, Any]:
    whole = described(row)
    names = (
        "ProcessingJobName", "ProcessingJobArn", "CreationTime", "ProcessingEndTime", "LastModifiedTime",
        "ProcessingJobStatus", "FailureReason", "ExitMessage",
    )  # fmt: skip
    return {name: whole[name] for name in names if name in whole}
