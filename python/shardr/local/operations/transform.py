"""Transform jobs of this machine, with the service's field names, states and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import RequestError
from shardr.local import contract
from shardr.local.operations import jobs, models
from shardr.local.operations.times import moment
from shardr.local.transform.settings import joining
from shardr.requests.facts import TRANSFORM

if TYPE_CHECKING:
    from shardr.local.account import Account
    from shardr.local.store import JobRow


def create(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Takes a job in and starts it; its ARN. Raises ``NameInUseError``, and ``RequestError`` for an unknown model."""
    model = models.find(account, request["ModelName"]).request
    problems = joining(request).checked()
    if problems:
        raise RequestError("DataProcessing cannot be done as it is:", problems=problems)
    return jobs.create(account, TRANSFORM, request, model)


def describe(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """A job as it stands: its request, its state, and how it ended; raises ``NotFoundError``."""
    return described(jobs.find(account, TRANSFORM, request["TransformJobName"]))


def stop(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Asks a job to stop: it leaves no output. One that is over stays as it is. Raises ``NotFoundError``."""
    return jobs.stop(account, TRANSFORM, request)


def list_jobs(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Summaries of jobs, a page at a time."""
    return jobs.listed(account, TRANSFORM, request, described)


def created_with(account: Account, name: str) -> list[dict[str, str]]:
    """The tags that a job was created with; raises ``NotFoundError``."""
    return jobs.created_with(account, TRANSFORM, name)


def described(row: JobRow) -> dict[str, Any]:
    """A job in the form of ``DescribeTransformJob``."""
    request = {key: value for key, value in row.request.items() if key != "Tags"}
    known = {
        "CreationTime": moment(row.created),
        "TransformStartTime": moment(row.started),
        "TransformEndTime": moment(row.ended),
        "FailureReason": row.failure_reason if row.status == "Failed" else None,
    }
    return {
        **request,
        "TransformJobArn": contract.arn(TRANSFORM, row.name),
        "TransformJobStatus": row.status,
        **{key: value for key, value in known.items() if value is not None},
    }
