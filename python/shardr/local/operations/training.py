"""Training jobs of this machine, with the service's field names, states and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.local import contract
from shardr.local.operations import jobs, warm
from shardr.local.operations.phases import phases
from shardr.local.operations.times import moment
from shardr.requests.facts import MODEL, TRAINING, artifact

if TYPE_CHECKING:
    from shardr.local.account import Account
    from shardr.local.store import JobRow


def create(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Takes a job in and starts it; its ARN. Raises ``NameInUseError`` for a name that is taken."""
    return jobs.create(account, TRAINING, request)


def describe(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """A job as it stands: its request, its state, and how it ended; raises ``NotFoundError``."""
    row = jobs.find(account, TRAINING, request["TrainingJobName"])
    return {**described(row), **warm.pool(account, row)}


def stop(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Asks a job to stop, and keeps what it has made; one that is over stays as it is. Raises ``NotFoundError``."""
    return jobs.stop(account, TRAINING, request)


def list_jobs(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Summaries of jobs, a page at a time."""
    return jobs.listed(account, TRAINING, request, described)


def created_with(account: Account, name: str) -> list[dict[str, str]]:
    """The tags that a job was created with; raises ``NotFoundError``."""
    return jobs.created_with(account, TRAINING, name)


def described(row: JobRow) -> dict[str, Any]:
    """A job in the form of ``DescribeTrainingJob``."""
    request = {key: value for key, value in row.request.items() if key != "Tags"}
    gone_through = phases(row)
    ended = moment(row.ended)
    seconds = None if row.ended is None or row.started is None else max(1, round(row.ended - row.started))
    known = {
        "CreationTime": moment(row.created),
        "TrainingStartTime": moment(row.started),
        "TrainingEndTime": ended,
        "LastModifiedTime": moment(row.modified),
        "FailureReason": row.failure_reason if row.status == "Failed" else None,
        "TrainingTimeInSeconds": seconds,
        "BillableTimeInSeconds": seconds,  # by instance, as the service counts it
        "FinalMetricDataList": [
            {"MetricName": name, "Value": value, "Timestamp": ended or moment(row.modified)}
            for name, value in row.report.get("metrics", {}).items()
        ]
        or None,
    }
    return {
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
        **request,
        "TrainingJobArn": contract.arn(TRAINING, row.name),
        "TrainingJobStatus": row.status,
        "SecondaryStatus": gone_through[-1].status,
        "SecondaryStatusTransitions": [phase.told() for phase in gone_through],
        "ModelArtifacts": {"S3ModelArtifacts": artifact(row.request, MODEL) if row.over else ""},
        **{key: value for key, value in known.items() if value is not None},
    }
