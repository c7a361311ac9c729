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
    """A record for each step of each run, newest run first: run, step, job, status, instances, rows, seconds."""
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
    sent = known.sent_job(id) if store.job(id) is None else None
    if sent is not None:
        to, run, step, kind = sent
        return {**to.job(kind, id), "Shardr": {"run": run, "step": step, "hosts": {}}}
    row = _job(store, id)
    row = local_jobs.look(engine.home, row)
    folder = engine.home.job(row.name)
    hosts = {host: {**about, "log": str(folder.log(host))} for host, about in row.report.get("hosts", {}).items()}
    return {**described(row), "Shardr": {"run": row.run, "step": row.step, **row.report, "hosts": hosts}}


def stop(id: str) -> dict[str, Any]:
    """The run or the job after it was asked to stop; raises ``NotFoundError``."""
    engine = LocalEngine()
    store = Store(engine.home.store)
    if engine.has_run(id):
        return Run(id).stop().to_dict()
    sent = known.sent_job(id) if store.job(id) is None else None
    if sent is not None:
        sent[0].stop_job(sent[3], id)
        return describe(id)
    row = _job(store, id)
    if not row.over:
        local_jobs.stop(engine.home, row)
    return describe(id)


def run_of(id: str) -> tuple[Run, str | None]:
    """The run behind an id, and the step when the id is a job's; raises ``NotFoundError``."""
    engine = LocalEngine()
    store = Store(engine.home.store)
    if engine.has_run(id):
        return Run(id), None
    sent = known.sent_job(id) if store.job(id) is None else None
    if sent is not None:
        return Run(sent[1]), sent[2]
    row = _job(store, id)
    return (Run(id, engine), None) if row.run is None else (Run(row.run, engine), row.step)


def _job(store: Store, id: str) -> JobRow:
    row = store.job(id)
    if row is None:
        raise NotFoundError(f"there is no run and no job {id}", fix="`shardr jobs` lists those of this machine")
    return row
