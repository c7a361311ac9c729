"""Executions of pipelines and their steps in the job store; what two processes want, the store decides."""

from __future__ import annotations

import json
import time
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from shardr.local.pipelines.names import ID_CHARACTERS
from shardr.local.pipelines.reading import checked
from shardr.local.pipelines.rows import ExecutionRow, StepRow, execution_row, insert
from shardr.local.pipelines.store import PipelineStore

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from shardr.local.pipelines.definition import Definition

RUNNING = "SELECT count(*) FROM execution_steps WHERE execution = :execution AND status = 'Executing'"


class ExecutionStore(PipelineStore):
    """The part of the job store that is about executions, and about the pipelines that they run."""

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
            insert(db, "executions", row)
            db.execute("UPDATE pipelines SET last_run = ? WHERE name = ?", (row.created, row.pipeline))
            return row.arn

        return self._do(work, write=True)

    def execution(self, arn: str) -> ExecutionRow | None:
        """The execution of this ARN, or None."""
        rows = self._rows("SELECT * FROM executions WHERE arn = :arn", arn=arn)
        return execution_row(rows[0]) if rows else None

    def named_execution(self, id: str) -> ExecutionRow | None:
        """The execution that goes by this ARN, by ``<pipeline>/<id>``, or by the last part alone; None for none."""
        rows = self._rows(
            "SELECT * FROM executions WHERE arn = :id OR pipeline || '/' || substr(arn, -:characters) = :id"
            " OR substr(arn, -:characters) = :id",
            id=id,
            characters=ID_CHARACTERS,
        )
        return execution_row(rows[0]) if len(rows) == 1 else None

    def executions(self, pipeline: str | None = None) -> list[ExecutionRow]:
        """All executions, oldest first; those of one pipeline when given."""
        query = "SELECT * FROM executions WHERE :pipeline IS NULL OR pipeline = :pipeline ORDER BY created, arn"
        return [execution_row(row) for row in self._rows(query, pipeline=pipeline)]

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

    def add_step(self, row: StepRow, parallel: int | None = None, despite: Sequence[str] = ()) -> bool:
        """Begins a step, or notes how it ended at once.

        False when another process did, or when no step may begin now: the execution is no longer under way, another
        step than those of ``despite`` has failed, or so many run already.
        """
        columns = [field.name for field in fields(row)]
        marks = ", ".join(f":{column}" for column in columns)
        return self._changes(
            f"INSERT INTO execution_steps ({', '.join(columns)}) SELECT {marks}"  # noqa: S608 - columns are ours
            " WHERE EXISTS (SELECT 1 FROM executions WHERE arn = :execution AND status = 'Executing')"
            " AND NOT EXISTS (SELECT 1 FROM execution_steps WHERE execution = :execution"
            " AND status IN ('Failed', 'Stopped') AND name NOT IN (SELECT value FROM json_each(:despite)))"
            f" AND (:parallel IS NULL OR ({RUNNING}) < :parallel) ON CONFLICT DO NOTHING",
            {**vars(row), "parallel": parallel, "despite": json.dumps(list(despite))},
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
