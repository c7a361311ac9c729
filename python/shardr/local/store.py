"""The job store: jobs and runs in one SQLite file that every process of the machine sees."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from shardr.errors import StoreError
from shardr.local.pipelines.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")
PATIENCE_SECONDS = 10
_kept = threading.local()
"""The connections of each thread, with what they are connected to."""
_inherited: list[object] = []

TERMINAL = frozenset({"Completed", "Failed", "Stopped"})

SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
  name TEXT PRIMARY KEY, kind TEXT NOT NULL, request TEXT NOT NULL, status TEXT NOT NULL,
  created REAL NOT NULL, modified REAL NOT NULL, started REAL, ended REAL,
  exit_message TEXT, failure_reason TEXT, pid INTEGER, run TEXT, step TEXT, report TEXT NOT NULL DEFAULT '{}');
CREATE INDEX IF NOT EXISTS jobs_created ON jobs (created);
CREATE INDEX IF NOT EXISTS jobs_run ON jobs (run);
CREATE TABLE IF NOT EXISTS runs (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, created REAL NOT NULL, runner TEXT NOT NULL, steps TEXT NOT NULL,
  machine TEXT NOT NULL, stopping INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS resources (
  kind TEXT NOT NULL, name TEXT NOT NULL, request TEXT NOT NULL, created REAL NOT NULL, PRIMARY KEY (kind, name));
CREATE TABLE IF NOT EXISTS endpoints (
  name TEXT PRIMARY KEY, tags TEXT NOT NULL, status TEXT NOT NULL, created REAL NOT NULL, modified REAL NOT NULL,
  expires REAL NOT NULL, plan TEXT NOT NULL, wanted TEXT, failure_reason TEXT, pid INTEGER,
  doors TEXT NOT NULL DEFAULT '[]');
CREATE TABLE IF NOT EXISTS tags (arn TEXT PRIMARY KEY, tags TEXT NOT NULL);
"""


@dataclass(frozen=True)
class JobRow:
    """A job as the store knows it; times are seconds since 1970."""

    name: str
    kind: str
    request: dict[str, Any]
    status: str
    created: float
    modified: float
    started: float | None
    ended: float | None
    exit_message: str | None
    failure_reason: str | None
    pid: int | None
    run: str | None
    step: str | None
    report: dict[str, Any]

    @property
    def over(self) -> bool:
        """Whether the job has reached a final state."""
        return self.status in TERMINAL


@dataclass(frozen=True)
class RunRow:
    """A run as the store knows it: its steps with their jobs' requests, compiled when it was submitted."""

    id: str
    name: str
    created: float
    runner: str
    steps: list[dict[str, Any]]
    machine: dict[str, Any]
    """What stands in for an image: the same for all jobs of the run, whichever process starts them."""
    stopping: bool = False


class Store:
    """Reads and changes the job store; safe for any number of processes.

    What cannot be done at once, as the disk is full, is tried again for ``patience_seconds``; then ``StoreError``.
    """

    def __init__(self, path: Path, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._path, self._patience_seconds = path, patience_seconds

    def _connect(self) -> sqlite3.Connection:
        """The connection of this thread: opening one takes ten times as long as asking it something."""
        kept: dict[Path, tuple[tuple[int, int, int], sqlite3.Connection]] = _kept.__dict__.setdefault("of", {})
        found, db = kept.get(self._path, (None, None))
        if db is not None and found == _identity(self._path):
            return db
        if found is not None and found[-1] != os.getpid():
            _inherited.append(db)  # SQLite forbids to use it after a fork, and to close it
        if not self._path.exists():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.touch(mode=0o600)  # requests can hold secrets in their environment
        db = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        db.row_factory = sqlite3.Row
        # the file is a record of what ran, not a ledger of money: no fsync for each step of a job
        db.execute("PRAGMA synchronous = NORMAL")
        kept[self._path] = _identity(self._path), db
        return db

    def _disconnect(self) -> None:
        """Lets go of a connection that may be in the middle of something."""
        with suppress(KeyError, sqlite3.Error):
            _kept.__dict__.get("of", {}).pop(self._path)[1].close()

    def _fill(self) -> None:
        """Makes the tables, whoever else may be doing the same."""
        db = self._connect()
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(SCHEMA + TABLES)

    def _do(self, work: Callable[[sqlite3.Connection], T], *, write: bool = False) -> T:
        """What ``work`` gives in one transaction, in which it asks nothing else of a store.

        A disk that is full is waited for, as a failing job frees it.
        """
        end = time.monotonic() + self._patience_seconds
        while True:
            try:
                db = self._connect()
                db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                found = work(db)
                db.execute("COMMIT")
                return found
            except (sqlite3.OperationalError, OSError) as error:
                self._disconnect()
                empty = "no such table" in str(error)
                if time.monotonic() > end or not (empty or _passing(error)):
                    raise StoreError(
                        f"the job store {self._path} cannot be used: {error}",
                        fix="free some space there, or set SHARDR_HOME to a folder that can be written",
                    ) from error
                try:
                    if empty:
                        self._fill()
                        continue
                except sqlite3.OperationalError:  # another process fills it
                    pass
                time.sleep(0.02 if empty else 0.2)
            except BaseException:
                self._disconnect()
                raise

    def add_job(self, name: str, kind: str, request: dict[str, Any], run: str | None, step: str | None) -> bool:
        """Takes the job in as InProgress; False when the name is in use, or its run is asked to stop.

        ``run`` is the job's owner: a run, or an execution of a pipeline, which must be under way and wait for this job.
        """
        return self._changes(
            "INSERT INTO jobs (name, kind, request, status, created, modified, run, step)"
            " SELECT :name, :kind, :request, 'InProgress', :now, :now, :run, :step"
            " WHERE NOT EXISTS (SELECT 1 FROM runs WHERE id = :run AND stopping)"
            " AND (NOT EXISTS (SELECT 1 FROM executions WHERE arn = :run)"
            " OR EXISTS (SELECT 1 FROM executions e JOIN execution_steps s ON s.execution = e.arn"
            " WHERE e.arn = :run AND e.status = 'Executing' AND s.job = :name)) ON CONFLICT DO NOTHING",
            {"name": name, "kind": kind, "request": json.dumps(request), "now": time.time(), "run": run, "step": step},
        )

    def own_job(self, name: str, pid: int) -> JobRow | None:
        """The job, with the process that owns it from now on: a stop either finds that process or is found by it."""

        def work(db: sqlite3.Connection) -> list[sqlite3.Row]:
            db.execute("UPDATE jobs SET pid = ? WHERE name = ?", (pid, name))
            return db.execute("SELECT * FROM jobs WHERE name = ?", (name,)).fetchall()

        rows = self._do(work, write=True)
        return _job(rows[0]) if rows else None

    def update_job(self, name: str, *, only_from: str | None = None, **changes: Any) -> bool:
        """Changes columns of a job; with ``only_from``, only while it has that status. False when it did not."""
        changes["modified"] = time.time()
        if "report" in changes:
            changes["report"] = json.dumps(changes["report"])
        assignments = ", ".join(f"{column} = :{column}" for column in changes)
        condition = "status = :only_from" if only_from else "status NOT IN ('Completed', 'Failed', 'Stopped')"
        return self._changes(
            f"UPDATE jobs SET {assignments} WHERE name = :name AND {condition}",  # noqa: S608 - columns are ours
            {**changes, "name": name, "only_from": only_from},
        )

    def job(self, name: str) -> JobRow | None:
        """The job of this name, or None."""
        rows = self._rows("SELECT * FROM jobs WHERE name = :name", name=name)
        return _job(rows[0]) if rows else None

    def jobs(self, *, run: str | None = None, kind: str | None = None) -> list[JobRow]:
        """All jobs, oldest first; those of one run or of one kind when given."""
        rows = self._rows(
            "SELECT * FROM jobs WHERE (:run IS NULL OR run = :run) AND (:kind IS NULL OR kind = :kind)"
            " ORDER BY created, name",
            run=run,
            kind=kind,
        )
        return [_job(row) for row in rows]

    def jobs_alone(self) -> list[tuple[float, str]]:
        """When each job that belongs to no run was created, and its name."""
        rows = self._rows("SELECT created, name FROM jobs WHERE run IS NULL")
        return [(row["created"], row["name"]) for row in rows]

    def add_run(self, run: RunRow) -> bool:
        """Takes the run in; False when the id is in use."""
        return self._changes(
            "INSERT INTO runs (id, name, created, runner, steps, machine) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (run.id, run.name, run.created, run.runner, json.dumps(run.steps), json.dumps(run.machine)),
        )

    def drop_run(self, run: str) -> bool:
        """Forgets a run that came to nothing."""
        return self._changes("DELETE FROM runs WHERE id = ?", (run,))

    def keep_run(self, run: str, machine: dict[str, Any]) -> bool:
        """Keeps what is known of where the run is; False when there is no such run."""
        return self._changes("UPDATE runs SET machine = ? WHERE id = ?", (json.dumps(machine), run))

    def stop_run(self, run: str) -> bool:
        """Lets no further step of the run start; False when there is no such run."""
        return self._changes("UPDATE runs SET stopping = 1 WHERE id = ?", (run,))

    def run(self, run: str) -> RunRow | None:
        """The run of this id, or None."""
        rows = self._rows("SELECT * FROM runs WHERE id = :run", run=run)
        return _run(rows[0]) if rows else None

    def runs(self) -> list[RunRow]:
        """All runs, oldest first."""
        return [_run(row) for row in self._rows("SELECT * FROM runs ORDER BY created, id")]

    def tags(self, arn: str) -> list[dict[str, str]] | None:
        """The tags of a resource since they were changed; None when they never were."""
        rows = self._rows("SELECT tags FROM tags WHERE arn = :arn", arn=arn)
        return json.loads(rows[0]["tags"]) if rows else None

    def change_tags(
        self,
        arn: str,
        first: list[dict[str, str]],
        change: Callable[[list[dict[str, str]]], list[dict[str, str]]],
    ) -> list[dict[str, str]]:
        """The tags after ``change``, which gets those that there are: ``first`` as long as they were never changed."""

        def work(db: sqlite3.Connection) -> list[dict[str, str]]:
            rows = db.execute("SELECT tags FROM tags WHERE arn = ?", (arn,)).fetchall()
            made = change(json.loads(rows[0]["tags"]) if rows else first)
            db.execute("INSERT OR REPLACE INTO tags VALUES (?, ?)", (arn, json.dumps(made)))
            return made

        return self._do(work, write=True)

    def _rows(self, query: str, **values: Any) -> list[sqlite3.Row]:
        return self._do(lambda db: db.execute(query, values).fetchall())

    def _changes(self, statement: str, values: Any) -> bool:
        return self._do(lambda db: db.execute(statement, values).rowcount == 1, write=True)


def _identity(path: Path) -> tuple[int, int, int]:
    """Of the file behind a connection: it may be removed and made anew, and no connection outlives a fork."""
    try:
        about = os.stat(path)  # noqa: PTH116 - for each question to the store
    except FileNotFoundError:
        return 0, 0, 0
    return about.st_dev, about.st_ino, os.getpid()


def _passing(error: sqlite3.OperationalError | OSError) -> bool:
    """Whether it may go by itself: a disk that is full, or another process that holds the store."""
    if isinstance(error, sqlite3.OperationalError):
        return any(word in str(error) for word in ("disk", "full", "locked"))
    return error.errno == errno.ENOSPC


def _job(row: sqlite3.Row) -> JobRow:
    data = dict(row)
    data["request"] = json.loads(data["request"])
    data["report"] = json.loads(data["report"])
    return JobRow(**data)


def _run(row: sqlite3.Row) -> RunRow:
    data = dict(row)
    data["steps"] = json.loads(data["steps"])
    data["machine"] = json.loads(data["machine"])
    data["stopping"] = bool(data["stopping"])
    return RunRow(**data)
