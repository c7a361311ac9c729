"""Tries clauses of inference and batch transform by a model that one image serves: an endpoint, and transform jobs."""

from __future__ import annotations

import http.client
import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shardr.api.conformance.served_clauses import Transform, archive, model_request, variant
from shardr.api.conformance.verdict import ClauseResult, differences, told
from shardr.engines.base import OVER
from shardr.errors import ShardrError
from shardr.local import contract, jobs
from shardr.local.endpoints.store import Endpoints
from shardr.local.hosting import Connection
from shardr.local.operations import call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shardr.api.conformance.served_clauses import Ask, ServedClause
    from shardr.local.account import Account
    from shardr.local.runners.doors import Door

INSTANCES_AT_ONCE = 3
ANSWER_SECONDS = 60
UNDER_WAY_SECONDS = 0.4
"""After which a request that was sent is being answered."""
LONGEST_SECONDS = 150
LOOK_SECONDS = 0.02
LOG_LINES = 8


@dataclass
class Served:
    """A model in one image, and the clauses that it is asked to try."""

    account: Account
    language: str
    image: str
    clauses: list[ServedClause]
    folder: Path | None
    open: dict[str, tuple[Transform, float, bool]] = field(default_factory=dict)
    """Transform jobs under way, with the moment of their start and whether they were asked to stop."""

    @property
    def name(self) -> str:
        """Of the model, and of its endpoint."""
        return f"served-{self.language}"

    def results(self) -> Iterator[ClauseResult]:
        """Each result as soon as it is known."""
        uri = f"s3://conformance/{self.name}/model.tar.gz"
        self.account.home.storage.put(uri, archive(self.folder))
        self._do("CreateModel", **model_request(self.name, self.image, uri))
        asked = [clause for clause in self.clauses if clause.asks]
        if asked:
            yield from self._asked(asked)
        waiting = [
            Transform(clause, f"{clause.id}-{self.language}", self.name) for clause in self.clauses if not clause.asks
        ]
        while waiting or self.open:
            load = sum(job.clause.instances for job, _, _ in self.open.values())
            if waiting and (not self.open or load + waiting[0].clause.instances <= INSTANCES_AT_ONCE):
                job = waiting.pop(0)
                try:
                    self._start(job)
                except ShardrError as error:
                    yield self._result(job.clause, 0.0, [f"the job does not start: {error}"])
                continue
            yield from self._looked()
            jobs.nap(LOOK_SECONDS)

    def stop(self) -> None:
        """Ends what is under way."""
        for name in self.open:
            with suppress(ShardrError):
                self._do("StopTransformJob", TransformJobName=name)
        with suppress(ShardrError):
            self._do("DeleteEndpoint", EndpointName=self.name)

    def _do(self, operation: str, **request: Any) -> dict[str, Any]:
        return call(self.account, "sagemaker", operation, request)

    # endpoints

    def _asked(self, clauses: list[ServedClause]) -> Iterator[ClauseResult]:
        began = time.monotonic()
        self._do("CreateEndpointConfig", EndpointConfigName=self.name, ProductionVariants=[variant(self.name)])
        self._do("CreateEndpoint", EndpointName=self.name, EndpointConfigName=self.name)
        while (about := self._do("DescribeEndpoint", EndpointName=self.name))["EndpointStatus"] == "Creating":
            jobs.nap(LOOK_SECONDS)
        started = time.monotonic() - began
        found = Endpoints(self.account.home.store).find(self.name)
        doors = found.doors if found else []
        for clause in clauses:
            began = time.monotonic()
            problems = [told("status of the endpoint", "InService", _state(about))] if not doors else []
            if doors:
                problems = [problem for ask in clause.asked for problem in self._ask(ask, doors[0].door)]
            seconds = time.monotonic() - began + (started if clause is clauses[0] else 0)
            yield self._result(clause, seconds, problems, f"{self.name}.1")

    def _ask(self, ask: Ask, door: Door) -> Iterator[str]:
        """What is not as it must be with one request."""
        if ask.meanwhile is not None:
            other = threading.Thread(target=_sent, args=(door, "POST", "/invocations", ask.meanwhile, "text/csv", ""))
            other.start()
            time.sleep(UNDER_WAY_SECONDS)
        elif ask.stop:
            threading.Timer(UNDER_WAY_SECONDS, self._do, ("DeleteEndpoint",), {"EndpointName": self.name}).start()
        began = time.monotonic()
        method, path = ("GET", ask.get) if ask.get else ("POST", ask.post or "/invocations")
        status, body = _sent(door, method, path, ask.body, ask.type, ask.accept)
        seconds = time.monotonic() - began
        if ask.meanwhile is not None:
            other.join()
        where = f"{method} {path}"
        if status != ask.status:
            yield told(f"status of {where}", str(ask.status), f"{status}: {body}")
        elif ask.answer is not None and not re.fullmatch(ask.answer, body, re.DOTALL):
            yield told(f"answer of {where}", repr(ask.answer), repr(body))
        if ask.within is not None and seconds > ask.within:
            yield told(f"answer of {where}", f"within {ask.within:g} s", f"{seconds:.1f} s")

    # transform jobs

    def _start(self, job: Transform) -> None:
        for uri, content in job.objects.items():
            self.account.home.storage.put(uri, content)
        self._do("CreateTransformJob", **job.request)
        self.open[job.job] = (job, time.monotonic(), False)

    def _looked(self) -> Iterator[ClauseResult]:
        for name, (job, began, stopped) in list(self.open.items()):
            about = self._do("DescribeTransformJob", TransformJobName=name)
            seconds = time.monotonic() - began
            if about["TransformJobStatus"] in OVER:
                del self.open[name]
                problems = list(differences(job.clause.expected, about, self._outputs(job), seconds, "Transform"))
                yield self._result(job.clause, seconds, problems, name)
            elif not stopped and (seconds > LONGEST_SECONDS or (job.clause.stop and "TransformStartTime" in about)):
                self._do("StopTransformJob", TransformJobName=name)
                self.open[name] = (job, began, True)
            elif seconds > 2 * LONGEST_SECONDS:
                del self.open[name]
                yield self._result(job.clause, seconds, [f"the job does not end, not even stopped: {seconds:.0f} s"])

    def _outputs(self, job: Transform) -> dict[str, str]:
        listing = self.account.home.storage.list(f"{job.prefix}/output/")
        return {key: (listing.base / key).read_bytes().decode("utf-8", "replace") for key in listing.keys}

    def _result(
        self, clause: ServedClause, seconds: float, problems: list[str], folder: str | None = None
    ) -> ClauseResult:
        lines: list[str] = []
        for host in contract.hosts(clause.instances) if problems and folder else []:
            log = self.account.home.job(folder or "").log(host)
            last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:] if log.exists() else []
            lines += [f"{host} | {line}" for line in last]
        return ClauseResult(
            clause.id, clause.clause, self.language, not problems, round(seconds, 3), tuple(problems), tuple(lines)
        )


def _sent(door: Door, method: str, path: str, body: str, kind: str, accept: str) -> tuple[int, str]:
    """The status of a request and the text that came back; status 0 where none did."""
    headers = {name: value for name, value in (("Content-Type", kind), ("Accept", accept)) if value}
    connection = Connection(door, ANSWER_SECONDS)
    try:
        connection.request(method, path, body.encode() if method == "POST" else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, f"no answer ({type(error).__name__}: {error})"
    finally:
        connection.close()


def _state(about: dict[str, Any]) -> str:
    reason = about.get("FailureReason", "")
    return f"{about['EndpointStatus']}{': ' if reason else ''}{reason}"
