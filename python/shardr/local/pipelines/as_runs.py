"""Executions of pipelines as runs, for whoever lists and looks at runs: one kind of thing for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.local import jobs
from shardr.local.pipelines import executions
from shardr.local.pipelines.definition import CREATED_BY
from shardr.local.pipelines.execution_store import ExecutionStore
from shardr.local.pipelines.words import in_words_of_jobs
from shardr.local.runs import RunState, StepState
from shardr.local.store import RunRow

if TYPE_CHECKING:
    from shardr.local.home import Home
    from shardr.local.pipelines.definition import Step
    from shardr.local.pipelines.rows import StepRow
    from shardr.local.store import JobRow


@dataclass(frozen=True)
class ExecutionStep(StepState):
    """A step of an execution; a condition has no job."""

    begun: str = "Pending"

    @property
    def status(self) -> str:
        """Pending until it begins, then what has become of it."""
        return self.begun


@dataclass(frozen=True)
class ExecutionState(RunState):
    """An execution as it stands, in the form of a run."""

    said: str = ""

    @property
    def status(self) -> str:
        """The state of the execution, in the words of jobs."""
        return in_words_of_jobs(self.said)


def find(home: Home, id: str) -> str | None:
    """The ARN of the execution that goes by this id; None when it is none's."""
    row = ExecutionStore(home.store).named_execution(id)
    return row.arn if row else None


def ids(home: Home) -> list[tuple[float, str]]:
    """Every execution: when it was started, and what people call it."""
    return [(row.created, row.short) for row in ExecutionStore(home.store).executions()]


def state(home: Home, arn: str) -> ExecutionState:
    """The execution as it stands; the steps that have not begun are among its steps as long as it is under way."""
    row = executions.look(home, arn)
    store = ExecutionStore(home.store)
    begun = store.steps(arn)
    steps, about = [], []
    for step in store.definition_of(row).steps.values():
        if row.over and step.name not in begun:
            continue
        found = begun.get(step.name)
        job = store.job(found.job) if found and found.job else None
        if job is not None:
            job = jobs.look(home, job)
        planned = [{"name": job.name, "request": job.request}] if job else []
        steps.append(
            ExecutionStep(
                name=step.name,
                needs=sorted(step.needs),
                planned=planned,
                attempts=1,
                stopping=row.status == "Stopping",
                jobs=[job] if job else [],
                reason=found.reason if found else None,
                begun=_status(found, job),
            )
        )
        about.append({"name": step.name, "instances": _instances(step, job), "jobs": planned})
    machine = {**row.machine, "reason": f"an execution of the pipeline {row.pipeline}"}
    runner = row.machine.get("runner", "")
    return ExecutionState(RunRow(row.short, row.pipeline, row.created, runner, about, machine), list(steps), row.status)


def stop(home: Home, arn: str) -> None:
    """Asks an execution to stop; one that is over stays as it is."""
    if not executions.look(home, arn).over:
        executions.stop(home, arn)


def _status(row: StepRow | None, job: JobRow | None) -> str:
    if row is None:
        return "Pending"
    if not row.over and job is not None and job.status == "Stopping":
        return "Stopping"
    return in_words_of_jobs(row.status)


def _instances(step: Step, job: JobRow | None) -> int:
    """As many as its job has, or will have where that is known; a condition has none."""
    if step.type not in CREATED_BY:
        return 0
    request: dict[str, Any] = job.request if job else step.arguments
    cluster = request.get("ProcessingResources", {}).get("ClusterConfig", {})
    count = (request.get("ResourceConfig") or request.get("TransformResources") or cluster).get("InstanceCount")
    return count if isinstance(count, int) else 1
