"""Runs: the jobs of a spec in their order, each started when those before it are complete.

Nobody watches a run: whoever ends a job, or finds one dead, calls ``advance``. All requests were compiled and checked
when the run was submitted, so that is a look into the store and a launch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shardr.errors import NameInUseError, NotFoundError
from shardr.local import jobs, models
from shardr.local.attempts import moved, pointed
from shardr.local.contract import attempt_name
from shardr.local.store import TERMINAL, JobRow, RunRow, Store
from shardr.requests.facts import facts, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardr.local.home import Home


ALONE = "job"
"""The step of a run that is one job."""


def together(found: Sequence[str], planned: int) -> str:
    """How a step stands whose jobs that have begun stand so, out of those that are planned."""
    for status in ("InProgress", "Stopping", "Failed", "Stopped"):
        if status in found:
            return status
    return "Completed" if len(found) == planned else "InProgress"


@dataclass(frozen=True)
class StepState:
    """A step of a run with the newest attempt of each of its jobs; None for one that was not started."""

    name: str
    needs: list[str]
    planned: list[dict[str, Any]]
    attempts: int
    stopping: bool
    jobs: list[JobRow | None]
    reason: str | None = None
    """Why it failed, where no job of it says so."""

    @property
    def status(self) -> str:
        """Pending until its first job starts, then what its jobs say together."""
        found = [
            "InProgress" if self.next_attempt(i) and job.status == "Failed" else job.status
            for i, job in enumerate(self.jobs)
            if job is not None
        ]
        return together(found, len(self.jobs)) if found else "Pending"

    def names(self, i: int) -> list[str]:
        """Names of the attempts of the i-th job: its own, then with the attempt's number."""
        name: str = self.planned[i]["name"]
        return [name] + [attempt_name(name, attempt) for attempt in range(1, self.attempts)]

    def next_attempt(self, i: int) -> str | None:
        """Name of the attempt that would be next for the i-th job; None after the last, or after a stop."""
        if self.stopping:
            return None
        names, newest = self.names(i), self.jobs[i]
        following = 0 if newest is None else names.index(newest.name) + 1
        return names[following] if following < len(names) else None


@dataclass(frozen=True)
class RunState:
    """A run as it stands."""

    row: RunRow
    steps: list[StepState]

    @property
    def status(self) -> str:
        """The service's word for the whole: Completed only when every step is."""
        found = {step.status for step in self.steps}
        if found == {"Completed"}:
            return "Completed"
        if found & {"InProgress", "Stopping"}:
            return "Stopping" if self.row.stopping else "InProgress"
        if "Failed" in found:
            return "Failed"
        if "Stopped" in found or self.row.stopping:
            return "Stopped"
        return "InProgress"


def submit(home: Home, row: RunRow) -> None:
    """Takes a run in and starts the steps that wait for nothing; raises ``NameInUseError`` for a known id."""
    if not Store(home.store).add_run(row):
        raise NameInUseError(f"there is a run {row.id} already", fix="give another name, or none")
    advance(home, row.id)


def state(home: Home, run: str) -> RunState:
    """The run as it stands, with jobs found dead already failed; raises ``NotFoundError``."""
    found = _read(home, run)
    looked = {job.name: jobs.look(home, job) for step in found.steps for job in step.jobs if job}
    if all(job.over for job in looked.values()) and found.status not in TERMINAL:
        # a supervisor or submitter that died, perhaps just before it started what comes next
        advance(home, run)
        found = _read(home, run)
        looked = {job.name: job for step in found.steps for job in step.jobs if job}
    steps = [replace(step, jobs=[looked[job.name] if job else None for job in step.jobs]) for step in found.steps]
    return RunState(found.row, steps)


def _read(home: Home, run: str) -> RunState:
    store = Store(home.store)
    row = store.run(run)
    if row is None:
        job = store.job(run)
        if job is not None and job.run is None:
            return _alone(job)
        raise NotFoundError(f"there is no run {run}", fix="`shardr jobs` lists the runs of this machine")
    known = {job.name: job for job in store.jobs(run=run)}
    steps = []
    for about in row.steps:
        step = StepState(about["name"], about["needs"], about["jobs"], about["attempts"], row.stopping, [])
        newest = [
            next((known[name] for name in reversed(step.names(i)) if name in known), None)
            for i in range(len(step.planned))
        ]
        steps.append(replace(step, jobs=newest))
    return RunState(row, steps)


def _alone(job: JobRow) -> RunState:
    """A job that a client submitted by itself, as a run of one step that goes by the job's name."""
    planned = [{"name": job.name, "request": job.request}]
    about = [{"name": ALONE, "needs": [], "instances": facts(job.request).instances, "attempts": 1, "jobs": planned}]
    runner, stopping = job.report.get("runner", ""), job.status == "Stopping"
    row = RunRow(job.name, job.name, job.created, runner, about, {"reason": "a job of its own"}, stopping)
    return RunState(row, [StepState(ALONE, [], planned, attempts=1, stopping=stopping, jobs=[job])])


def advance(home: Home, run: str) -> None:
    """Starts what can be started: the jobs of steps whose needs are complete, and another attempt of a failed one."""
    now = _read(home, run)
    complete = {step.name for step in now.steps if step.status == "Completed"}
    places = [
        pair
        for step in now.steps
        for about, job in zip(step.planned, step.jobs, strict=True)
        if step.name in complete and job is not None and job.name != about["name"]
        for pair in moved(about["request"], job).items()
    ]
    for step in now.steps:
        if not complete.issuperset(step.needs):
            continue
        for i, job in enumerate(step.jobs):
            name = step.next_attempt(i)
            if name is not None and (job is None or job.status == "Failed"):
                planned = pointed(step.planned[i], places)
                request = kind_of(planned["request"]).named(planned["request"], name)
                machine = now.row.machine | models.made(home, request, planned.get("model"))
                # another process may be doing the same; the store lets one of them win
                jobs.launch(home, name, request, machine, run=run, step=step.name)


def stop(home: Home, run: str) -> RunState:
    """Stops the jobs of a run and lets no further one start; raises ``NotFoundError``."""
    Store(home.store).stop_run(run)  # first: what starts until then is among the jobs that are read next
    for step in state(home, run).steps:
        for job in step.jobs:
            if job is not None and not job.over:
                jobs.stop(home, job)
    return state(home, run)
