"""Pipelines and their versions in the job store."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from shardr.local.pipelines.rows import insert, pipeline_row
from shardr.local.store import Store

if TYPE_CHECKING:
    import sqlite3

    from shardr.local.pipelines.rows import PipelineRow


class PipelineStore(Store):
    """The part of the job store that is about pipelines."""

    def add_pipeline(self, row: PipelineRow, definition: str) -> bool:
        """Takes a pipeline in with its first version; False when the name is in use."""

        def work(db: sqlite3.Connection) -> bool:
            new = insert(db, "pipelines", row, leave_out={"status"})
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
        return pipeline_row(rows[0]) if rows else None

    def pipelines(self) -> list[PipelineRow]:
        """All pipelines, oldest first."""
        return [pipeline_row(row) for row in self._rows("SELECT * FROM pipelines ORDER BY created, name")]

    def versions(self, pipeline: str) -> list[tuple[int, float]]:
        """The versions of a pipeline, oldest first, with the moments they were made at."""
        query = "SELECT version, created FROM pipeline_versions WHERE pipeline = :pipeline ORDER BY version"
        return [(row["version"], row["created"]) for row in self._rows(query, pipeline=pipeline)]

    def definition(self, pipeline: str, version: int) -> str | None:
        """A version of a pipeline's definition, or None."""
        query = "SELECT definition FROM pipeline_versions WHERE pipeline = :pipeline AND version = :version"
        rows = self._rows(query, pipeline=pipeline, version=version)
        return rows[0]["definition"] if rows else None
