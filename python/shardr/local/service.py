"""The operations of SageMaker that this machine answers, with the service's field names, states and errors."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from shardr.errors import DataError, NameInUseError, NotFoundError, Problem, RequestError
from shardr.local import contract, jobs
from shardr.local.runners import choice
from shardr.local.store import JobRow, Store
from shardr.requests.check import require_request
from shardr.storage.uris import split_uri

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.local.home import Home

Place = tuple[Any, str]
"""Where a job stands in a list: what it is sorted by, and its name."""
SORT = {"Name": "name", "CreationTime": "created", "Status": "status"}


class LocalSageMaker:
    """Processing jobs of this machine: create, describe, list, stop."""

    def __init__(self, home: Home, runner: str | None = None) -> None:
        """``runner`` as in the spec; None: what ``SHARDR_RUNNER`` says, else ``auto``."""
        self._home = home
        self._runner = runner
        self._store = Store(home.store)

    def create_processing_job(self, **request: Any) -> dict[str, Any]:
        """Takes a job in and starts it; its ARN.

        Raises ``RequestError`` for what the service would refuse, ``NameInUseError`` for a name that is taken.
        """
        require_request("CreateProcessingJob", request)
        app = request["AppSpecification"]
        images = [app["ImageUri"]]
        runner, _ = choice.choose(
            choice.asked_for(self._runner), [(images[0], next(iter(app.get("ContainerEntrypoint", [])), ""))]
        )
        check_runnable(request, runner)
        name: str = request["ProcessingJobName"]
        if not jobs.launch(self._home, name, request, choice.machine(runner, images)):
            raise NameInUseError(f"Job name must be unique: there is a processing job {name} already")
        return {"ProcessingJobArn": contract.processing_arn(name)}

    def describe_processing_job(self, **request: Any) -> dict[str, Any]:
        """A job as it stands: its request, its state, and how it ended; raises ``NotFoundError``."""
        require_request("DescribeProcessingJob", request)
        return described(self._job(request["ProcessingJobName"]))

    def stop_processing_job(self, **request: Any) -> dict[str, Any]:
        """Asks a job to stop; one that is over stays as it is. Raises ``NotFoundError``."""
        require_request("StopProcessingJob", request)
        row = self._job(request["ProcessingJobName"])
        if not row.over:
            jobs.stop(self._home, row)
        return {}

    def list_processing_jobs(self, **request: Any) -> dict[str, Any]:
        """Summaries of jobs, a page at a time: newest first, 10 a page, unless asked otherwise."""
        require_request("ListProcessingJobs", request)
        rows = [jobs.look(self._home, row) for row in self._store.jobs(kind="processing")]
        rows = [row for row in rows if _wanted(row, request)]
        key = SORT[request.get("SortBy", "CreationTime")]
        rows.sort(key=lambda row: (getattr(row, key), row.name), reverse=request.get("SortOrder") != "Ascending")
        last = _last(request)
        if last is not None:  # by the job itself: those that were created since do not shift the pages
            up = request.get("SortOrder") == "Ascending"
            rows = [row for row in rows if ((getattr(row, key), row.name) > last) == up and row.name != last[1]]
        page = rows[: request.get("MaxResults", 10)]
        answer: dict[str, Any] = {"ProcessingJobSummaries": [_summary(row) for row in page]}
        if len(page) < len(rows):
            answer["NextToken"] = _token(request, (getattr(page[-1], key), page[-1].name))
        return answer

    def _job(self, name: str) -> JobRow:
        row = self._store.job(name)
        if row is None:
            raise NotFoundError(f"Could not find requested job with name: {name}")
        return jobs.look(self._home, row)


def check_runnable(request: dict[str, Any], runner: str) -> None:
    """Refuses what the service would take and this machine cannot do; raises ``RequestError`` with all of it."""
    problems = []
    app = request["AppSpecification"]
    if runner == "process" and "ContainerEntrypoint" not in app:
        problems.append(
            Problem(
                "AppSpecification.ContainerEntrypoint",
                "is required by the process runner: only the image itself knows what it runs",
            )
        )
    words = {f"Environment.{key}": value for key, value in request.get("Environment", {}).items()}
    for field in ("ContainerEntrypoint", "ContainerArguments"):
        words |= {f"AppSpecification.{field}[{i}]": word for i, word in enumerate(app.get(field, []))}
    problems += [
        Problem(at, "holds a NUL, which no program can be given") for at, word in words.items() if "\0" in word
    ]
    names: set[str] = set()
    for i, item in enumerate(request.get("ProcessingInputs", [])):
        at = f"ProcessingInputs[{i}]"
        problems += _channel(at, "InputName", item, "S3Input", names)
        if item.get("S3Input", {}).get("S3InputMode", "File") != "File":
            problems.append(Problem(f"{at}.S3Input.S3InputMode", 'found "Pipe", only "File" can be served here'))
    names = set()
    for i, item in enumerate(request.get("ProcessingOutputConfig", {}).get("Outputs", [])):
        at = f"ProcessingOutputConfig.Outputs[{i}]"
        problems += _channel(at, "OutputName", item, "S3Output", names)
        if item.get("S3Output", {}).get("S3UploadMode", "EndOfJob") != "EndOfJob":
            problems.append(Problem(f"{at}.S3Output.S3UploadMode", 'found "Continuous", only "EndOfJob" is done here'))
    problems += _overlaps(request)
    if problems:
        raise RequestError("This machine cannot run the request as it is:", problems=problems)


def _channel(at: str, field: str, item: dict[str, Any], kind: str, names: set[str]) -> Iterator[Problem]:
    """What is wrong with an input or output; a name and a path become folders here, so neither may lead elsewhere."""
    name: str = item[field]
    if name in names or "/" in name or name in {"", ".", ".."}:
        reason = "is the name of another one, too" if name in names else "cannot be the name of a folder"
        yield Problem(f"{at}.{field}", f'"{name}" {reason}')
    names.add(name)
    if kind not in item:
        yield Problem(f"{at}.{kind}", "is required: data of no other kind is moved here")
        return
    path: str = item[kind].get("LocalPath", "")
    if not path.startswith(f"{contract.PROCESSING}/") or {"", ".", ".."} & set(path.rstrip("/").split("/")[1:]):
        yield Problem(f"{at}.{kind}.LocalPath", f'found "{path}", expected a path below {contract.PROCESSING}/')
    try:
        split_uri(item[kind]["S3Uri"])
    except DataError as error:
        yield Problem(f"{at}.{kind}.S3Uri", error.what)


def _overlaps(request: dict[str, Any]) -> Iterator[Problem]:
    """Outputs that would hold another channel: its files, links to somebody's data among them, would be theirs."""
    inputs, outputs = contract.input_paths(request), contract.output_paths(request)
    for i, (name, path) in enumerate(outputs.items()):
        others = [(f"input {n}", p) for n, p in inputs.items()]
        others += [(f"output {n}", p) for n, p in outputs.items() if n != name]
        for what, other in others:
            inside, outside = f"{path.rstrip('/')}/", f"{other.rstrip('/')}/"
            if inside.startswith(outside) or (what.startswith("input") and outside.startswith(inside)):
                at = f"ProcessingOutputConfig.Outputs[{i}].S3Output.LocalPath"
                yield Problem(at, f'found "{path}", which overlaps with "{other}" of {what}')


def described(row: JobRow) -> dict[str, Any]:
    """A job in the form of ``DescribeProcessingJob``."""
    request = {key: value for key, value in row.request.items() if key != "Tags"}
    times = {
        "CreationTime": _time(row.created),
        "ProcessingStartTime": _time(row.started),
        "ProcessingEndTime": _time(row.ended),
        "LastModifiedTime": _time(row.modified),
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


def _wanted(row: JobRow, request: dict[str, Any]) -> bool:
    bounds = {
        "CreationTimeAfter": (row.created, 1),
        "CreationTimeBefore": (row.created, -1),
        "LastModifiedTimeAfter": (row.modified, 1),
        "LastModifiedTimeBefore": (row.modified, -1),
    }
    return (
        request.get("NameContains", "").lower() in row.name.lower()
        and request.get("StatusEquals", row.status) == row.status
        and all(
            (moment - _seconds(request[field])) * direction >= 0
            for field, (moment, direction) in bounds.items()
            if field in request
        )
    )


def _token(request: dict[str, Any], last: Place) -> str:
    """After which job the next page begins, with the question it belongs to."""
    asked = {key: str(value) for key, value in request.items() if key not in {"NextToken", "MaxResults"}}
    return base64.urlsafe_b64encode(json.dumps([*last, asked]).encode()).decode()


def _last(request: dict[str, Any]) -> Place | None:
    if "NextToken" not in request:
        return None
    try:
        key, name, _ = json.loads(base64.urlsafe_b64decode(request["NextToken"]))
    except (ValueError, TypeError) as error:
        raise RequestError("NextToken is not one that was handed out") from error
    if _token(request, (key, name)) != request["NextToken"]:
        raise RequestError("NextToken belongs to another question", fix="repeat the filters of the first page")
    return key, name


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=timezone.utc)


def _seconds(moment: datetime | float | str) -> float:
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return moment.timestamp() if isinstance(moment, datetime) else float(moment)
