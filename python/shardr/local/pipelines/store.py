"""Pipelines, their executions and the steps of these in the job store; what two processes want, the store decides."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from shardr.local.pipelines.names import ID_CHARACTERS
from shardr.local.pipelines.reading import checked
from shardr.local.store import Store

if TYPE_CHECKING:
    import sqlite3

    from shardr.local.pipelines.definition import Definition

UNDER_WAY = "Executing"
"""Of an execution, and of a step whose job is not over yet."""
RUNNING = "SELECT count(*) FROM execution_steps WHERE execution = :execution AND status = 'Executing'"


@dataclass(frozen=True)
class PipelineRow:
    """A pipeline as the store knows it; ``version`` is the newest."""

    name: str
    display: str | None
    description: str | None
    role: str
    parallel: int | None
    tags: list[dict[str, str]]
    token: str
    created: float
    modified: float
    last_run: float | None
    version: int
    status: str = "Active"


@dataclass(frozen=True)
class ExecutionRow:
    """An execution as the store knows it."""

    arn: str
    pipeline: str
    version: int
    display: str | None
    description: str | None
    given: list[dict[str, str]]
    """The parameters as they were given, as text."""
    parameters: dict[str, Any]
    parallel: int | None
    """How many steps may run at once; None: as many as can."""
    selection: dict[str, Any] | None
    """The steps that are to run, where not all are, and the execution whose results are taken for the others."""
    machine: dict[str, Any]
    status: str
    created: float
    modified: float
    reason: str | None
    token: str

    @property
    def name(self) -> str:
        """What it is listed by."""
        return self.arn

    @property
    def id(self) -> str:
        """The last part of the ARN."""
        return self.arn.rpartition("/")[2]

    @property
    def short(self) -> str:
        """What people call it: the pipeline and the last part of the ARN."""
        return f"{self.pipeline}/{self.id}"

    @property
    def over(self) -> bool:
        """Whether it has reached a final state."""
        return self.status in {"Succeeded", "Failed", "Stopped"}


@dataclass(frozen=True)
class StepRow:
    """A step that has begun: Executing, or how it ended."""

    execution: str
    name: str
    status: str
    started: float
    ended: float | None = None
    attempt: int = 1
    job: str | None = None
    reason: str | None = None
    outcome: str | None = None
    cache_key: str | None = None
    cached_from: str | None = None
    """The execution whose result was taken."""
    due: float | None = None
    """Before this moment the next attempt does not start."""

    @property
    def over(self) -> bool:
        """Whether the step has reached a final state."""
        return self.status != UNDER_WAY

    @property
    def created(self) -> float:
        """What it is sorted by."""
        return self.started

    @property
    def modified(self) -> float:
        """When it last changed."""
        return self.ended or self.started


class PipelineStore(Store):
    """The part of the job store that is about pipelines."""

    def add_pipeline(self, row: PipelineRow, definition: str) -> bool:
        """Takes a pipeline in with its first version; False when the name is in use."""

        def work(db: sqlite3.Connection) -> bool:
            new = _insert(db, "pipelines", row, leave_out={"status"})
            if new:
                values = (row.name, row.version, definition, row.created)
                db.execute("INSERT INTO pipeline_versions VALUES (?, ?, ?, ?)", values)
            return new

        return self._do(work, write=True)

    def update_pipeline(self, name: str, definition: str | None, **changes: Any) -> int | None:
        """The newest version after these changes: a further one when a definition is given; None: no such pipeline."""

        def work(db: sqlite3.Connection) -> int | None:
            now = time.time()
            assignments = "".join(f", {column} = :{column}" for column in changes)
            more = 0 if definition is None else 1
            db.execute(
                f"UPDATE pipelines SET modified = :now, version = version + :more{assignments} WHERE name = :name",  # noqa: S608 - columns are ours
                {**changes, "now": now, "more": more, "name": name},
            )
            found = db.execute("SELECT version FROM pipelines WHERE name = ?", (name,)).fetchone()
            if found is not None and definition is not None:
                db.execute("INSERT INTO pipeline_versions VALUES (?, ?, ?, ?)", (name, found[0], definition, now))
            return None if found is None else int(found[0])

        return self._do(work, write=True)

    def delete_pipeline(self, name: str) -> bool | None:
        """Removes a pipeline with its executions; False while one of them is under way, None: no such pipeline."""

        def work(db: sqlite3.Connection) -> bool | None:
            busy = "SELECT 1 FROM executions WHERE pipeline = ? AND status IN ('Executing', 'Stopping')"
            if db.execute(busy, (name,)).fetchone():
                return False
            of = "SELECT arn FROM executions WHERE pipeline = ?"
            db.execute(f"DELETE FROM execution_steps WHERE execution IN ({of})", (name,))  # noqa: S608 - all ours
            db.execute("DELETE FROM executions WHERE pipeline = ?", (name,))
            db.execute("DELETE FROM pipeline_versions WHERE pipeline = ?", (name,))
            db.execute("DELETE FROM tags WHERE arn LIKE ?", (f"arn:%:pipeline/{name}",))
            return db.execute("DELETE FROM pipelines WHERE name = ?", (name,)).rowcount == 1 or None

        return self._do(work, write=True)

    def pipeline(self, name: str) -> PipelineRow | None:
        """The pipeline of this name, or None."""
        rows = self._rows("SELECT * FROM pipelines WHERE name = :name", name=name)
        return _pipeline(rows[0]) if rows else None

    def pipelines(self) -> list[PipelineRow]:
        """All pipelines, oldest first."""
        return [_pipeline(row) for row in self._rows("SELECT * FROM pipelines ORDER BY created, name")]

    def versions(self, pipeline: str) -> list[tuple[int, float]]:
        """The versions of a pipeline, oldest first, with the moments they were made at."""
        query = "SELECT version, created FROM pipeline_versions WHERE pipeline = :pipeline ORDER BY version"
        return [(row["version"], row["created"]) for row in self._rows(query, pipeline=pipeline)]

    def definition(self, pipeline: str, version: int) -> str | None:
        """A version of a pipeline's definition, or None."""
        query = "SELECT definition FROM pipeline_versions WHERE pipeline = :pipeline AND version = :version"
        rows = self._rows(query, pipeline=pipeline, version=version)
        return rows[0]["definition"] if rows else None

    def definition_of(self, row: ExecutionRow) -> Definition:
        """What an execution runs."""
        return checked(self.definition(row.pipeline, row.version) or "")

    def add_execution(self, row: ExecutionRow) -> str:
        """Takes an execution in; its ARN, or that of the one that was started with the same token."""

        def work(db: sqlite3.Connection) -> str:
            same = "SELECT arn FROM executions WHERE pipeline = ? AND token = ?"
            before = db.execute(same, (row.pipeline, row.token)).fetchone()
            if before is not None:
                return str(before[0])
            _insert(db, "executions", row)
            db.execute("UPDATE pipelines SET last_run = ? WHERE name = ?", (row.created, row.pipeline))
            return row.arn

        return self._do(work, write=True)

    def execution(self, arn: str) -> ExecutionRow | None:
        """The execution of this ARN, or None."""
        rows = self._rows("SELECT * FROM executions WHERE arn = :arn", arn=arn)
        return _execution(rows[0]) if rows else None

    def named_execution(self, id: str) -> ExecutionRow | None:
        """The execution that goes by this ARN, by ``<pipeline>/<id>``, or by the last part alone; None for none."""
        rows = self._rows(
            "SELECT * FROM executions WHERE arn = :id OR pipeline || '/' || substr(arn, -:characters) = :id"
            " OR substr(arn, -:characters) = :id",
            id=id,
            characters=ID_CHARACTERS,
        )
        return _execution(rows[0]) if len(rows) == 1 else None

    def executions(self, pipeline: str | None = None) -> list[ExecutionRow]:
        """All executions, oldest first; those of one pipeline when given."""
        query = "SELECT * FROM executions WHERE :pipeline IS NULL OR pipeline = :pipeline ORDER BY created, arn"
        return [_execution(row) for row in self._rows(query, pipeline=pipeline)]

    def update_execution(self, arn: str, **changes: Any) -> bool:
        """Changes columns of an execution; False when there is none."""
        changes["modified"] = time.time()
        assignments = ", ".join(f"{column} = :{column}" for column in changes)
        return self._changes(f"UPDATE executions SET {assignments} WHERE arn = :arn", {**changes, "arn": arn})  # noqa: S608 - columns are ours

    def stop_execution(self, arn: str) -> bool:
        """Lets no further step start; False when the execution is not under way."""
        change = "UPDATE executions SET status = 'Stopping', modified = ? WHERE arn = ? AND status = 'Executing'"
        return self._changes(change, (time.time(), arn))

    def end_execution(self, row: ExecutionRow, steps: int, status: str, reason: str | None) -> bool:
        """Gives the execution its final state, when it still is as it was read with so many steps, all of them over."""
        return self._changes(
            "UPDATE executions SET status = :to, reason = :reason, modified = :now"  # noqa: S608 - all ours
            f" WHERE arn = :execution AND status = :status AND ({RUNNING}) = 0"
            " AND (SELECT count(*) FROM execution_steps WHERE execution = :execution) = :steps",
            {"to": status, "reason": reason, "now": time.time(), "execution": row.arn, "status": row.status}
            | {"steps": steps},
        )

    def retry_execution(self, arn: str, parallel: int | None) -> bool:
        """Sets an execution that failed or was stopped under way again, without the steps that did not succeed."""

        def work(db: sqlite3.Connection) -> bool:
            change = (
                "UPDATE executions SET status = 'Executing', reason = NULL, modified = ?,"
                " parallel = coalesce(?, parallel) WHERE arn = ? AND status IN ('Failed', 'Stopped')"
            )
            if db.execute(change, (time.time(), parallel, arn)).rowcount != 1:
                return False
            db.execute("DELETE FROM execution_steps WHERE execution = ? AND status <> 'Succeeded'", (arn,))
            return True

        return self._do(work, write=True)

    def add_step(self, row: StepRow, parallel: int | None = None) -> bool:
        """Begins a step, or notes how it ended at once.

        False when another process did, or when no step may begin now: the execution is no longer under way, another
        step has failed, or so many run already.
        """
        columns = [field.name for field in fields(row)]
        marks = ", ".join(f":{column}" for column in columns)
        return self._changes(
            f"INSERT INTO execution_steps ({', '.join(columns)}) SELECT {marks}"  # noqa: S608 - columns are ours
            " WHERE EXISTS (SELECT 1 FROM executions WHERE arn = :execution AND status = 'Executing')"
            " AND NOT EXISTS (SELECT 1 FROM execution_steps WHERE execution = :execution"
            " AND status IN ('Failed', 'Stopped'))"
            f" AND (:parallel IS NULL OR ({RUNNING}) < :parallel) ON CONFLICT DO NOTHING",
            {**vars(row), "parallel": parallel},
        )

    def end_step(self, row: StepRow, status: str, ended: float | None, reason: str | None = None) -> bool:
        """Gives a step its final state; False when it is not in the attempt any more that was read."""
        return self._changes(
            "UPDATE execution_steps SET status = ?, ended = ?, reason = ?, due = NULL"
            " WHERE execution = ? AND name = ? AND job IS ? AND status = 'Executing'",
            (status, ended or time.time(), reason, row.execution, row.name, row.job),
        )

    def next_attempt(self, row: StepRow, job: str, due: float) -> bool:
        """Begins the next attempt of a step; False when another process did, or the execution is being stopped."""
        return self._changes(
            "UPDATE execution_steps SET attempt = attempt + 1, job = ?, due = ?"
            " WHERE execution = ? AND name = ? AND job IS ? AND status = 'Executing'"
            " AND EXISTS (SELECT 1 FROM executions WHERE arn = ? AND status = 'Executing')",
            (job, due, row.execution, row.name, row.job, row.execution),
        )

    def steps(self, execution: str) -> dict[str, StepRow]:
        """The steps of an execution that have begun, by name."""
        rows = self._rows("SELECT * FROM execution_steps WHERE execution = :execution", execution=execution)
        return {row["name"]: StepRow(**dict(row)) for row in rows}

    def cached(self, pipeline: str, step: str, key: str, after: float) -> StepRow | None:
        """The newest success of a step with this key in any execution of the pipeline, not older than ``after``."""
        rows = self._rows(
            "SELECT s.* FROM execution_steps s JOIN executions e ON e.arn = s.execution WHERE e.pipeline = :pipeline"
            " AND s.name = :step AND s.cache_key = :key AND s.status = 'Succeeded' AND s.cached_from IS NULL"
            " AND s.ended >= :after ORDER BY s.ended DESC LIMIT 1",
            pipeline=pipeline,
            step=step,
            key=key,
            after=after,
        )
        return StepRow(**dict(rows[0])) if rows else None


def _insert(db: sqlite3.Connection, table: str, row: Any, leave_out: frozenset[str] | set[str] = frozenset()) -> bool:
    values = {key: json.dumps(value) if isinstance(value, (dict, list)) else value for key, value in vars(row).items()}
    columns = [key for key in values if key not in leave_out]
    marks = ", ".join(f":{column}" for column in columns)
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - all ours
    return db.execute(statement, values).rowcount == 1


def _pipeline(row: sqlite3.Row) -> PipelineRow:
    return PipelineRow(**{**dict(row), "tags": json.loads(row["tags"])})


def _execution(row: sqlite3.Row) -> ExecutionRow:
    data = dict(row)
    for column in ("given", "parameters", "machine"):
        data[column] = json.loads(data[column])
    data["selection"] = json.loads(data["selection"]) if data["selection"] else None
    return ExecutionRow(**data)
