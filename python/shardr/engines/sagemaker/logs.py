"""What the instances print, read from CloudWatch as seldom as can be: its reads have a quota for the whole account."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from shardr.engines.base import LogLine
from shardr.requests.facts import kind_of
from shardr.storage.refused import code_of

if TYPE_CHECKING:
    from shardr.engines.base import Cursor, RunView, StepView
    from shardr.local.store import RunRow

LIST_SECONDS = 10.0
"""Between two looks whether further instances of a job have begun to print."""
PAGES = 20
"""How much of one instance is read before the next one is: 20 MB at most."""


class Logs:
    """The logs of runs. A cursor has the token of each stream, so that whoever comes back later misses nothing."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._listed: dict[str, tuple[float, set[str]]] = {}
        """When the streams of each job were listed last, and those found until then."""

    def read(self, row: RunRow, view: RunView, cursor: Cursor) -> tuple[list[LogLine], Cursor]:
        """The lines printed since the cursor, in order of steps and instances, and the new cursor."""
        after = dict(cursor)
        lines: list[LogLine] = []
        planned = {step["name"]: step for step in row.steps}
        for step in view.steps:
            group = kind_of(planned[step.name]["jobs"][0]["request"]).log_group
            for i, job in enumerate(step.jobs):
                for stream in self._streams(group, job, step, len(planned[step.name]["jobs"]), after):
                    instance = stream.partition("/")[2].rsplit("-", 1)[0]
                    if len(planned[step.name]["jobs"]) > 1:
                        instance = f"shard-{i + 1}"  # a balanced shard's one instance goes by the shard's number
                    texts, after[stream] = self._new(group, stream, after.get(stream))
                    lines += [LogLine(job, step.name, instance, line) for text in texts for line in text.splitlines()]
        return lines, after

    def _streams(self, group: str, job: str, step: StepView, jobs: int, cursor: Cursor) -> list[str]:
        """The streams of a job's instances, as the cursor and earlier looks know them; listed again until each has one.

        Of a job that is over nobody asks again and again, and who asks wants all.
        """
        listed, earlier = self._listed.get(job, (-LIST_SECONDS, set()))
        known = earlier | {stream for stream in cursor if stream.startswith(f"{job}/")}
        now = time.monotonic()
        wait = 0.0 if step.status != "InProgress" else LIST_SECONDS if known else 1.0
        if len(known) >= (step.instances if jobs == 1 else 1) or now - listed < wait:
            return sorted(known, key=_rank)
        pages = self._client.get_paginator("describe_log_streams")
        try:
            for page in pages.paginate(logGroupName=group, logStreamNamePrefix=f"{job}/"):
                known |= {stream["logStreamName"] for stream in page["logStreams"]}
        except Exception as error:
            if code_of(error) != "ResourceNotFoundException":  # no job of this account has printed yet
                raise
        self._listed[job] = now, known
        return sorted(known, key=_rank)

    def _new(self, group: str, stream: str, token: Any) -> tuple[list[str], Any]:
        """What a stream has beyond a token, and the next token; the same one comes back when there is no more."""
        texts: list[str] = []
        for _ in range(PAGES):
            place = {"nextToken": token} if token else {}
            try:
                page = self._client.get_log_events(
                    logGroupName=group, logStreamName=stream, startFromHead=True, **place
                )
            except Exception as error:
                if code_of(error) == "ResourceNotFoundException":
                    return texts, token
                raise
            texts += [event["message"] for event in page["events"]]
            if page["nextForwardToken"] == token:
                break
            token = page["nextForwardToken"]
        return texts, token


def _rank(stream: str) -> tuple[int, str]:
    """algo-2 before algo-10."""
    number = stream.partition("/")[2].removeprefix("algo-").partition("-")[0]
    return (int(number) if number.isdigit() else 0, stream)
