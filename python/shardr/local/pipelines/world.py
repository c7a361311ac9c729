"""What the expressions of an execution are worth: its parameters and variables, and what its steps have given."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from shardr.errors import DataError
from shardr.local.operations import models
from shardr.local.operations.described import described
from shardr.local.operations.times import moment
from shardr.local.pipelines.expressions import UnknownYetError, World, resolve
from shardr.local.pipelines.names import pipeline_of
from shardr.local.pipelines.paths import follow
from shardr.local.resources import MODEL, Resources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shardr.local.home import Home
    from shardr.local.pipelines.definition import Definition
    from shardr.local.pipelines.paths import Path
    from shardr.local.pipelines.rows import ExecutionRow, StepRow
    from shardr.local.store import JobRow

JSON_BYTES = 64 << 20
"""A larger file is no property file."""


class StartWorld(World):
    """What is known when an execution starts."""

    def __init__(self, row: ExecutionRow, definition: Definition) -> None:
        self._row, self._definition = row, definition

    def parameter(self, name: str) -> Any:
        """The value of a parameter, given or by default."""
        return self._row.parameters[name]

    def variable(self, name: str) -> Any:
        """A variable of the execution; raises ``UnknownYetError`` for those that only a job has."""
        row = self._row
        found = {
            "PipelineName": row.pipeline,
            "PipelineArn": pipeline_of(row.arn),
            "PipelineExecutionId": row.id,
            "PipelineExecutionArn": row.arn,
            "StartDateTime": _text(moment(row.created)),
            "CurrentDateTime": _text(datetime.now(timezone.utc)),
        }
        if name not in found:
            raise UnknownYetError(name)
        return found[name]

    def experiment(self, name: str) -> Any:
        """A member of the pipeline's experiment, which is made of parameters and variables."""
        return resolve((self._definition.experiment or {})[name], self)


class StepWorld(StartWorld):
    """What is known when a step starts: the steps that it needs are over."""

    def __init__(
        self,
        home: Home,
        row: ExecutionRow,
        definition: Definition,
        steps: Mapping[str, StepRow],
        job: Callable[[str], JobRow | None],
        job_name: str | None = None,
    ) -> None:
        super().__init__(row, definition)
        self._home, self._steps, self._job, self._job_name = home, steps, job, job_name

    def variable(self, name: str) -> Any:
        """A variable of the execution, or of the step's job."""
        return self._job_name if name.endswith("JobName") and self._job_name else super().variable(name)

    def property(self, step: str, path: Path) -> Any:
        """A part of what describing the step's job gives; raises ``LookupError`` for what it does not have."""
        found = follow(self._described(step), path)
        return _text(found) if isinstance(found, datetime) else found

    def property_file(self, step: str, file: str, path: Path) -> Any:
        """A value of a property file; raises ``ValueError`` or ``LookupError`` for what is not there."""
        about = (self._definition.steps[step].files or {})[file]
        uri = self.property(step, ("ProcessingOutputConfig", "Outputs", about.output, "S3Output", "S3Uri"))
        return self.json(f"{uri.rstrip('/')}/{about.path.lstrip('/')}", path)

    def json(self, uri: str, path: Path) -> Any:
        """A value of a JSON file; raises ``ValueError`` or ``LookupError`` for what is not there."""
        try:
            file = self._home.storage.path(uri)
            if file.stat().st_size > JSON_BYTES:
                raise ValueError(f"{uri} is too large to be read for a value")
            content = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, DataError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise ValueError(f"{uri} cannot be read: {reason}") from error
        except ValueError as error:
            raise ValueError(f"{uri} is not JSON: {error}") from error
        try:
            found = follow(content, path)
        except LookupError as error:
            raise ValueError(f"{uri}: {error.args[0]}") from error
        if isinstance(found, (dict, list)) or found is None:
            raise ValueError(f"{uri}: what is there is no plain value")
        return found

    def _described(self, step: str) -> dict[str, Any]:
        row = self._steps[step]
        if row.outcome is not None:
            return {"Outcome": row.outcome}
        if self._definition.steps[step].type == "Model":
            made = Resources(self._home.store).find(MODEL, row.job or "")
            if made is None:
                raise LookupError(f'the model of the step "{step}" is no more')
            return models.described(made)
        job = self._job(row.job) if row.job else None
        if job is None:
            raise LookupError(f'there is no job of the step "{step}"')
        return described(job)


def _text(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
