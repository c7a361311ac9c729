"""Runs: the jobs of a spec in their order, each started when those before it are complete.

Nobody watches a run: whoever ends a job, or finds one dead, calls ``advance``. All requests were compiled and checked
when the run was submitted, so that is a look into the store and a launch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shardr.errors import NameInUseError, NotFoundError
from shardr.local import jobs
from shardr.local.store import TERMINAL, JobRow, RunRow, Store

if TYPE_CHECKING:
    from shardr.local.home import Home


@dataclass(frozen=True)
class StepState:
    """A step of a run with the newest attempt of each of its jobs; None for one that was not started."""

    name: str
    needs: list[str]
    planned: list[dict[str, Any]]
    jobs: list[JobRow | None]

    @property
    def status(self) -> str:
        """Pending until its first job starts, then what its jobs say together."""
        found = [job.status for job in self.jobs if job is not None]
        if not found:
            return "Pending"
        for status in ("InProgress", "Stopping", "Failed", "Stopped"):
            if status in found:
                return status
        return "Completed" if len(found) == len(self.jobs) else "InProgress"


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
    if looked and all(job.over for job in looked.values()) and found.status not in TERMINAL:
        # a supervisor that died, perhaps just before it started what comes next
        advance(home, run)
        found = _read(home, run)
        looked = {job.name: job for step in found.steps for job in step.jobs if job}
    steps = [replace(step, jobs=[looked[job.name] if job else None for job in step.jobs]) for step in found.steps]
    return RunState(found.row, steps)


def _read(home: Home, run: str) -> RunState:
    store = Store(home.store)
    row = store.run(run)
    if row is None:
        raise NotFoundError(f"there is no run {run}", fix="`shardr jobs` lists the runs of this machine")
    known = {job.name: job for job in store.jobs(run=run)}
    steps = []
    for step in row.steps:
        newest = [
            next((known[name] for name in reversed(_attempts(job, step["attempts"])) if name in known), None)
            for job in step["jobs"]
        ]
        steps.append(StepState(step["name"], step["needs"], step["jobs"], newest))
    return RunState(row, steps)


def _attempts(job: dict[str, Any], attempts: int) -> list[str]:
    """Names of a job's attempts: its own, then with the attempt's number."""
    name: str = job["name"]
    return [name] + [f"{name[:59]}-r{i}" for i in range(1, attempts)]


def advance(home: Home, run: str) -> None:
    """Starts what can be started: the jobs of steps whose needs are complete, and another attempt of a failed one."""
    now = _read(home, run)
    if now.row.stopping:
        return
    complete = {step.name for step in now.steps if step.status == "Completed"}
    for step, planned in zip(now.steps, now.row.steps, strict=True):
        if not complete.issuperset(step.needs):
            continue
        for job, newest in zip(planned["jobs"], step.jobs, strict=True):
            names = _attempts(job, planned["attempts"])
            if newest is None:
                name = names[0]
            elif newest.status == "Failed" and newest.name != names[-1]:
                name = names[names.index(newest.name) + 1]
            else:
                continue
            # another process may be doing the same; the store lets one of them win
            request = {**job["request"], "ProcessingJobName": name}
            jobs.launch(home, name, request, now.row.machine, run=run, step=step.name)


def stop(home: Home, run: str) -> RunState:
    """Stops the jobs of a run and lets no further one start."""
    now = state(home, run)
    Store(home.store).stop_run(run)
    for step in now.steps:
        for job in step.jobs:
            if job is not None and not job.over:
                jobs.stop(home, job)
    return state(home, run)
