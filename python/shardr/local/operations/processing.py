"""Processing jobs of this machine, with the service's field names, states and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.local import contract
from shardr.local.operations import jobs
from shardr.local.operations.times import moment
from shardr.requests.facts import PROCESSING

if TYPE_CHECKING:
    from shardr.local.account import Account
    from shardr.local.store import JobRow


def create(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Takes a job in and starts it; its ARN. Raises ``NameInUseError`` for a name that is taken."""
    return jobs.create(account, PROCESSING, request)


def describe(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """A job as it stands: its request, its state, and how it ended; raises ``NotFoundError``."""
    return described(jobs.find(account, PROCESSING, request["ProcessingJobName"]))


def stop(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Asks a job to stop; one that is over stays as it is. Raises ``NotFoundError``."""
    return jobs.stop(account, PROCESSING, request)


def list_jobs(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Summaries of jobs, a page at a time."""
    return jobs.listed(account, PROCESSING, request, described)


def created_with(account: Account, name: str) -> list[dict[str, str]]:
    """The tags that a job was created with; raises ``NotFoundError``."""
    return jobs.created_with(account, PROCESSING, name)


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
        "ProcessingJobArn": contract.arn(PROCESSING, row.name),
        "ProcessingJobStatus": row.status,
        **{key: value for key, value in {**times, **words}.items() if value is not None},
    }
