"""Takes an execution as far as it can go: notices what has ended, starts what has become ready, and tells how it ended.

Nobody watches an execution: whoever ends a job of it, or looks at it, calls ``advance``. Any number may do so at once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shardr.errors import RequestError, ShardrError
from shardr.local import jobs
from shardr.local.contract import failure_reason
from shardr.local.models import made
from shardr.local.operations import models
from shardr.local.pipelines import caching, retries
from shardr.local.pipelines.conditions import all_hold
from shardr.local.pipelines.definition import CREATED_BY
from shardr.local.pipelines.execution_store import ExecutionStore
from shardr.local.pipelines.expressions import resolve
from shardr.local.pipelines.names import new_job_name
from shardr.local.pipelines.rows import ExecutionRow, StepRow
from shardr.local.pipelines.world import StepWorld
from shardr.local.resources import MODEL, Resources
from shardr.local.runnable import check_runnable
from shardr.requests.check import require_request
from shardr.requests.facts import model_facts

if TYPE_CHECKING:
    from shardr.local.home import Home
    from shardr.local.pipelines.definition import Definition, Step
    from shardr.local.store import JobRow

SUCCEEDED, FAILED, STOPPED = "Succeeded", "Failed", "Stopped"
REASON = "Step failure: One or multiple steps failed."
REASON_CHARACTERS = 1300


def advance(home: Home, arn: str) -> float | None:
    """Takes the execution as far as it can go now; the moment at which there is something to do again, if known."""
    while True:
        now = Progress.of(home, arn)
        if now is None or now.row.over:
            return None
        if now.notice() or now.start() or (now.idle and not now.conclude()):
            continue
        return now.due


@dataclass(frozen=True)
class Progress:
    """An execution at a moment, and what can be done about it."""

    home: Home
    store: ExecutionStore
    row: ExecutionRow
    definition: Definition
    steps: dict[str, StepRow]
    elsewhere: dict[str, StepRow]
    """Steps that are not selected, as they went in another execution."""

    @classmethod
    def of(cls, home: Home, arn: str) -> Progress | None:
        """The execution as it stands; None when there is none."""
        store = ExecutionStore(home.store)
        row = store.execution(arn)
        if row is None:
            return None
        definition = store.definition_of(row)
        source = row.selection["source"] if row.selection else None
        return cls(home, store, row, definition, store.steps(arn), store.steps(source) if source else {})

    @cached_property
    def running(self) -> list[StepRow]:
        """The steps whose jobs are not over."""
        return [step for step in self.steps.values() if not step.over]

    @cached_property
    def failed(self) -> list[StepRow]:
        """The steps that ended without success."""
        return [step for step in self.steps.values() if step.status in {FAILED, STOPPED}]

    @cached_property
    def handled(self) -> list[str]:
        """Those of them for whose failure other steps have waited: the execution goes on in spite of it."""
        return [step.name for step in self.failed if self.definition.handles(step.name, step.status)]

    @property
    def idle(self) -> bool:
        """Whether nothing runs that would go on by itself."""
        return not self.running

    @property
    def due(self) -> float | None:
        """When the next attempt of a step is to start; None when none waits."""
        return min((step.due for step in self.running if step.due is not None and not self._job(step)), default=None)

    def notice(self) -> bool:
        """Takes in what has become of the jobs; whether anything has ended."""
        ended = False
        for step in self.running:
            job = self._job(step)
            if job is not None:
                job = jobs.look(self.home, job)
                ended |= job.over and self._end(step, job)
            elif self.row.status == "Stopping":
                ended |= self.store.end_step(step, STOPPED, None, "The execution was stopped")
            elif step.due is None or step.due <= time.time():
                ended |= self._launch(step)
        return ended

    def start(self) -> bool:
        """Starts what is ready; whether the execution has to be looked at again."""
        if self.row.status != "Executing" or len(self.failed) > len(self.handled):
            return False  # what runs is finished first, and nothing further begins
        again, running = False, len(self.running)
        for step in self.definition.steps.values():
            if step.name in self.steps or not self._ready(step):
                continue
            if step.type in CREATED_BY:
                if self.row.parallel is not None and running >= self.row.parallel:
                    continue
                begun, instant = self._begin(step)
                again |= instant or not begun
                running += 1
            else:
                self._add(self._decided(step))
                again = True
        return again

    def conclude(self) -> bool:
        """Gives the execution its final state; False when it has changed meanwhile."""
        if self.row.status == "Stopping":
            status, reason = STOPPED, None
        elif self.failed:
            told = [f"{step.name}: {step.reason}" for step in sorted(self.failed, key=lambda step: step.modified)]
            status = FAILED if len(self.failed) > len(self.handled) else "CompletedWithFailures"
            reason = " ".join(" ".join([REASON, *told]).split())[:REASON_CHARACTERS]
        else:
            status, reason = SUCCEEDED, None
        return self.store.end_execution(self.row, len(self.steps), status, reason)

    def _ready(self, step: Step) -> bool:
        selected = self.row.selection["steps"] if self.row.selection else None
        if selected is not None and step.name not in selected:
            return False
        over = {name: row for name, row in {**self.elsewhere, **self.steps}.items() if row.over}
        if step.condition is not None and (selected is None or step.condition in over):
            outcome = over[step.condition].outcome if step.condition in over else None
            if outcome != str(step.branch):
                return False
        needs = step.needs if selected is None else step.needs - {step.condition}
        return all(need in over and over[need].status in step.content_with(need) for need in needs)

    def _decided(self, step: Step) -> StepRow:
        """How a condition or a Fail step ends, which is at once."""
        now = time.time()
        try:
            if step.type == "Condition":
                outcome = str(all_hold(step.arguments["Conditions"], self._world()))
                return StepRow(self.row.arn, step.name, SUCCEEDED, now, time.time(), outcome=outcome)
            reason = str(resolve(step.arguments["ErrorMessage"], self._world()))
        except (LookupError, ValueError) as error:
            reason = f"ClientError: {error.args[0] if error.args else error}"
        return StepRow(self.row.arn, step.name, FAILED, now, time.time(), reason=failure_reason(reason))

    def _begin(self, step: Step) -> tuple[bool, bool]:
        """Begins a step with a job: whether it was begun, and whether it is over at once."""
        now = time.time()
        name = self._new_name(step)
        try:
            request = self._request(step, name)
        except (LookupError, ValueError, ShardrError) as error:
            row = StepRow(self.row.arn, step.name, FAILED, now, now, reason=failure_reason(_words(error)))
            return self._add(row), True
        if step.type == "Model":
            return self._make_model(step, name, request), True
        key = caching.cache_key(step, request)
        found = caching.hit(self.store, self.row.pipeline, step, key)
        if found is not None:
            row = StepRow(
                self.row.arn, step.name, SUCCEEDED, now, time.time(), job=found.job, cache_key=key,
                cached_from=found.execution,
            )  # fmt: skip
            return self._add(row), True
        row = StepRow(self.row.arn, step.name, "Executing", now, job=name, cache_key=key)
        begun = self._add(row, self.row.parallel)
        if begun:
            self._start_job(row, request)
        return begun, False

    def _make_model(self, step: Step, name: str, request: dict[str, Any]) -> bool:
        """A model is there at once; whether the step was begun."""
        now = time.time()
        Resources(self.home.store).add(MODEL, name, request)
        return self._add(StepRow(self.row.arn, step.name, SUCCEEDED, now, now, job=name))

    def _add(self, row: StepRow, parallel: int | None = None) -> bool:
        return self.store.add_step(row, parallel, self.handled)

    def _launch(self, row: StepRow) -> bool:
        """Starts the job of a step that was begun: whoever began it has died, or it is the next attempt."""
        step = self.definition.steps[row.name]
        assert row.job is not None  # noqa: S101 - for the type checker: a step that is under way has the name of its job
        try:
            request = self._request(step, row.job)
        except (LookupError, ValueError, ShardrError) as error:
            return self.store.end_step(row, FAILED, None, failure_reason(_words(error)))
        self._start_job(row, request)
        return False

    def _start_job(self, row: StepRow, request: dict[str, Any]) -> None:
        assert row.job is not None  # noqa: S101 - as above
        machine = {**self.row.machine, **made(self.home, request, None)}
        jobs.launch(self.home, row.job, request, machine, run=self.row.arn, step=row.name)

    def _request(self, step: Step, name: str) -> dict[str, Any]:
        """The request that a step makes, with every expression replaced by what it is worth."""
        operation, field, _ = CREATED_BY[step.type]
        request: dict[str, Any] = {**resolve(step.arguments, self._world(name)), field: name}
        require_request(operation, request)
        if step.type == "Model":
            models.require(request)
        elif step.type == "Transform":
            model = Resources(self.home.store).find(MODEL, request["ModelName"])
            if model is None:
                raise RequestError(f'Could not find model "{models.arn(request["ModelName"])}".')
            check_runnable(request, self.row.machine["runner"], model_facts(model.request).image)
        else:
            check_runnable(request, self.row.machine["runner"])
        return request

    def _end(self, row: StepRow, job: JobRow) -> bool:
        """Notes how a step's job has ended, or lets it be tried again."""
        if job.status == "Completed":
            return self.store.end_step(row, SUCCEEDED, job.ended)
        step, reason = self.definition.steps[row.name], job.failure_reason or ""
        due = retries.next_try(step, row, reason) if job.status == "Failed" and self.row.status == "Executing" else None
        if due is not None:
            return self.store.next_attempt(row, self._new_name(step), due)
        return self.store.end_step(row, job.status, job.ended, reason)

    def _new_name(self, step: Step) -> str:
        prefix = step.arguments.get(CREATED_BY[step.type][1])  # the service takes it as the beginning of the name
        return new_job_name(self.row.arn, step.name, prefix if isinstance(prefix, str) else None)

    def _world(self, job_name: str | None = None) -> StepWorld:
        steps = {**self.elsewhere, **self.steps}
        return StepWorld(self.home, self.row, self.definition, steps, self.store.job, job_name)

    def _job(self, row: StepRow) -> JobRow | None:
        return self.store.job(row.job) if row.job else None


def _words(error: Exception) -> str:
    """A reason of failure out of what a request was refused for."""
    if isinstance(error, RequestError):
        return "ClientError: " + "; ".join([error.what.rstrip(".:"), *map(str, error.problems)])
    if isinstance(error, ShardrError):
        return f"ClientError: {error.what}"
    return f"ClientError: {error.args[0] if error.args else error}"
