"""CloudWatch Logs of jobs: the reads with which clients show what a job prints."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from shardr.errors import NotFoundError, RequestError
from shardr.local import contract, jobs
from shardr.local.logs import ANSWER_BYTES, Event, Log
from shardr.local.operations import tokens
from shardr.local.store import JobRow, Store
from shardr.requests.facts import KINDS, facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from shardr.local.account import Account
    from shardr.requests.facts import Kind

EVENTS = 10_000
STREAMS = 50


@dataclass(frozen=True)
class Stream:
    """What one instance of a job printed."""

    name: str
    path: Path
    row: JobRow

    @property
    def changed(self) -> float:
        """Seconds at which something was printed last."""
        return self.path.stat().st_mtime

    def log(self, account: Account) -> Log:
        """The log at this moment."""
        row = jobs.look(account.home, self.row)
        return Log(self.path, since=row.created, over=row.over)


def groups(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """The log group of each kind of job, where it is asked for."""
    prefix, part = request.get("logGroupNamePrefix", ""), request.get("logGroupNamePattern", "")
    tokens.read(request, (), "nextToken")
    created = {"creationTime": 0, "metricFilterCount": 0, "storedBytes": 0}
    found = []
    for kind in KINDS.values():
        if kind.log_group.startswith(prefix) and part.lower() in kind.log_group.lower():
            arn = _arn(account, kind)
            found.append({"logGroupName": kind.log_group, "arn": f"{arn}:*", "logGroupArn": arn, **created})
    return {"logGroups": found}


def streams(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """The streams of a group: one for each instance that has begun to print."""
    kind = group_of(account, request)
    by_time, down = request.get("orderBy") == "LastEventTime", request.get("descending", False)
    prefix = request.get("logStreamNamePrefix", "")
    if by_time and prefix:
        raise RequestError("Cannot order by LastEventTime with a logStreamNamePrefix.")
    last = tokens.read(request, (float if by_time else int, str), "nextToken")
    found = [((stream.changed if by_time else 0, stream.name), stream) for stream in streams_of(account, kind, prefix)]
    found.sort(key=lambda pair: pair[0], reverse=down)
    if last is not None:
        found = [pair for pair in found if pair[0] != tuple(last) and (pair[0] > tuple(last)) != down]
    shown = found[: request.get("limit", STREAMS)]
    answer: dict[str, Any] = {"logStreams": [_described(account, kind, stream) for _, stream in shown]}
    return answer | ({"nextToken": tokens.made(request, shown[-1][0])} if len(shown) < len(found) else {})


def events(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Events of one stream: from its head or its tail, or where a token says, in which direction it says."""
    kind = group_of(account, request)
    name = request["logStreamName"]
    found = list(streams_of(account, kind, name, exact=True))
    if not found:
        raise NotFoundError("The specified log stream does not exist.")
    log = found[0].log(account)
    begin, end, count = request.get("startTime", 0), request.get("endTime"), request.get("limit", EVENTS)
    token: str | None = request.get("nextToken")
    if token is None:
        forwards = request.get("startFromHead", False)
        at = log.since(begin) if forwards else log.size
    else:
        forwards, at = _direction(token, log)
    shown: list[Event]
    if forwards:
        lines = (event for event in log.forwards(at) if event.milliseconds >= begin)
        shown = list(islice(_fitting(_before(lines, end)), count))
    else:
        shown = [
            e for e in log.backwards(at, count) if e.milliseconds >= begin and (end is None or e.milliseconds < end)
        ]
    first, last = (shown[0].start, shown[-1].end) if shown else (at, at)
    return {
        "events": [told(event) for event in shown],
        "nextForwardToken": f"f/{last:056}",
        "nextBackwardToken": f"b/{first:056}",
    }


def _before(lines: Iterable[Event], end: int | None) -> Iterator[Event]:
    for event in lines:
        if end is not None and event.milliseconds >= end:
            return
        yield event


def _fitting(lines: Iterable[Event]) -> Iterator[Event]:
    """As many as fit one answer, and at least one."""
    size = 0
    for event in lines:
        size += event.end - event.start
        if size > ANSWER_BYTES and size > event.end - event.start:
            return
        yield event


def told(event: Event) -> dict[str, Any]:
    """An event as the service tells it."""
    return {"timestamp": event.milliseconds, "message": event.message, "ingestionTime": event.milliseconds}


def _direction(token: str, log: Log) -> tuple[bool, int]:
    way, _, digits = token.partition("/")
    at = int(digits) if digits.isascii() and digits.isdigit() else -1
    if way not in {"f", "b"} or not 0 <= at <= log.size:
        raise RequestError("The specified nextToken is invalid.")
    return way == "f", at


def _arn(account: Account, kind: Kind) -> str:
    return f"arn:aws:logs:{account.region}:{account.id}:log-group:{kind.log_group}"


def group_of(account: Account, request: dict[str, Any]) -> Kind:
    """The kind of job whose log group is meant; raises ``NotFoundError`` for a group of nobody's."""
    named = request.get("logGroupName", request.get("logGroupIdentifier", ""))
    for kind in KINDS.values():
        if named in {kind.log_group, _arn(account, kind), f"{_arn(account, kind)}:*"}:
            return kind
    raise NotFoundError("The specified log group does not exist.")


def streams_of(account: Account, kind: Kind, prefix: str, *, exact: bool = False) -> Iterator[Stream]:
    """The streams whose names begin with ``prefix``, or are it."""
    store = Store(account.home.store)
    job, slash, _ = prefix.partition("/")
    row = store.job(job) if slash else None
    rows = ([row] if row else []) if slash else [row for row in store.jobs() if row.name.startswith(prefix)]
    for row in rows:
        if row.kind != kind.name:
            continue
        folder = account.home.job(row.name)
        for host in contract.hosts(facts(row.request).instances):
            name = f"{row.name}/{host}-{int(row.created * 1000)}"
            path = folder.log(host)
            if (name == prefix if exact else name.startswith(prefix)) and path.exists():
                yield Stream(name, path, row)


def _described(account: Account, kind: Kind, stream: Stream) -> dict[str, Any]:
    log = stream.log(account)
    created = int(stream.row.created * 1000)
    about = {
        "logStreamName": stream.name,
        "creationTime": created,
        "arn": f"{_arn(account, kind)}:log-stream:{stream.name}",
        "storedBytes": 0,
    }
    first = next(log.forwards(0), None)
    if first is None or log.last is None:
        return about
    seen = {"firstEventTimestamp": first.milliseconds, "lastEventTimestamp": log.last, "lastIngestionTime": log.last}
    return {**about, **seen}
