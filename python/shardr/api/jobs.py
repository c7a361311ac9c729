"""Looking at jobs and runs from outside: list, describe, stop, by id."""

from __future__ import annotations

from typing import Any

from shardr.api.run import Run
from shardr.engines import known
from shardr.engines.local import LocalEngine
from shardr.errors import NotFoundError
from shardr.local import jobs as local_jobs
from shardr.local.operations.described import described
from shardr.local.store import JobRow, Store


def jobs(limit: int | None = None) -> list[dict[str, Any]]:
    """A record for each step of each run, newest run first: run, step, job, status, instances, rows, seconds.

    ``streaming`` says how far the data of a step that runs is: ``45 % of epoch 1`` of a channel in mode Pipe, and
    ``45 % from S3`` of one whose objects are being fetched.
    """
    return [
        {
            "run": view.run,
            "step": step.name,
            "job": step.job,
            "status": step.status,
            "created": view.created,
            "seconds": step.seconds,
            "instances": step.instances,
            "rows_in": step.rows_in,
            "rows_out": step.rows_out,
            "streaming": step.streaming,
        }
        for view in known.runs(limit)
        for step in view.steps
    ]


def describe(id: str) -> dict[str, Any]:
    """A run as ``--json`` prints it, or a job as the service describes it, with what each instance did.

    Raises ``NotFoundError`` when it is neither.
    """
    engine = LocalEngine()
    store = Store(engine.home.store)
    if engine.has_run(id):
        return known.engine_of(id).run(id).to_dict()
    found = _job(store, id)
    if isinstance(found, known.SentJob):
        return {**found.engine.job(found.kind, id), "Shardr": {"run": found.run, "step": found.step, "hosts": {}}}
    row = local_jobs.look(engine.home, found)
    folder = engine.home.job(row.name)
    hosts = {host: {**about, "log": str(folder.log(host))} for host, about in row.report.get("hosts", {}).items()}
    return {**described(row), "Shardr": {"run": row.run, "step": row.step, **row.report, "hosts": hosts}}


def stop(id: str) -> dict[str, Any]:
    """The run or the job after it was asked to stop; raises ``NotFoundError``."""
    engine = LocalEngine()
    store = Store(engine.home.store)
    if engine.has_run(id):
        return Run(id).stop().to_dict()
    found = _job(store, id)
    if isinstance(found, known.SentJob):
        found.engine.stop_job(found.kind, id)
    elif not found.over:
        local_jobs.stop(engine.home, found)
    return describe(id)


def run_of(id: str) -> tuple[Run, str | None]:
    """The run behind an id, and the step when the id is a job's; raises ``NotFoundError``."""
    engine = LocalEngine()
    store = Store(engine.home.store)
    if engine.has_run(id):
        return Run(id), None
    found = _job(store, id)
    if isinstance(found, known.SentJob):
        return Run(found.run), found.step
    return (Run(id, engine), None) if found.run is None else (Run(found.run, engine), found.step)


def _job(store: Store, id: str) -> JobRow | known.SentJob:
    """The job of this name, of this machine or else sent from it to SageMaker; raises ``NotFoundError``."""
    found = store.job(id) or known.sent_job(id)
    if found is None:
        raise NotFoundError(f"there is no run and no job {id}", fix="`shardr jobs` lists those of this machine")
    return found
