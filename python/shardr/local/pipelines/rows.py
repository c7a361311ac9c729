"""Pipelines, their executions and the steps of these as the job store knows them; times are seconds since 1970."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3

UNDER_WAY = "Executing"
"""Of an execution, and of a step whose job is not over yet."""


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
        return self.status in {"Succeeded", "Failed", "Stopped", "CompletedWithFailures"}


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


def insert(db: sqlite3.Connection, table: str, row: Any, leave_out: frozenset[str] | set[str] = frozenset()) -> bool:
    """Adds a row to a table, without some of its columns; False when its key is there already."""
    values = {key: json.dumps(value) if isinstance(value, (dict, list)) else value for key, value in vars(row).items()}
    columns = [key for key in values if key not in leave_out]
    marks = ", ".join(f":{column}" for column in columns)
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - all ours
    return db.execute(statement, values).rowcount == 1


def pipeline_row(row: sqlite3.Row) -> PipelineRow:
    """A pipeline out of the store."""
    return PipelineRow(**{**dict(row), "tags": json.loads(row["tags"])})


def execution_row(row: sqlite3.Row) -> ExecutionRow:
    """An execution out of the store."""
    data = dict(row)
    for column in ("given", "parameters", "machine"):
        data[column] = json.loads(data[column])
    data["selection"] = json.loads(data["selection"]) if data["selection"] else None
    return ExecutionRow(**data)
