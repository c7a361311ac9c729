"""A run from outside: its state, its logs, its outputs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

from shardr.engines.known import engine_of
from shardr.errors import DataError, JobFailedError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from shardr.api.picture import Figure
    from shardr.data.merge import MergeResult
    from shardr.engines.base import Cursor, Engine, LogLine, RunView, StepView

Merged = TypeVar("Merged")

FIRST_POLL, LAST_POLL = 0.005, 0.1
"""Seconds between two looks at a run: short at first, for jobs that take no time."""


class Run:
    """A run of a spec: its steps, their state, and where their outputs are.

    >>> run = submit("job.yml")          # doctest: +SKIP
    >>> run.wait().status                # doctest: +SKIP
    'Completed'
    """

    def __init__(self, id: str, engine: Engine | None = None) -> None:
        self._engine = engine or engine_of(id)
        self.id = id
        self.view: RunView = self._engine.run(id)

    def __repr__(self) -> str:
        steps = ", ".join(
            " ".join([step.name, step.status, *(f"{name} {progress}" for name, progress in step.streaming.items())])
            for step in self.view.steps
        )
        return f"<Run {self.id}: {self.status} ({steps})>"

    def _repr_html_(self) -> str:
        """A table of the steps for notebooks."""
        from shardr.api.html import run_table

        return run_table(self.view)

    @property
    def status(self) -> str:
        """``InProgress``, ``Completed``, ``Failed``, ``Stopping`` or ``Stopped``, as last seen."""
        return self.view.status

    @property
    def steps(self) -> list[StepView]:
        """The steps in the order in which they run."""
        return self.view.steps

    def step(self, name: str) -> StepView:
        """The step of this name; raises ``NotFoundError`` naming those there are."""
        for step in self.steps:
            if step.name == name:
                return step
        raise NotFoundError(
            f'run {self.id} has no step "{name}"', fix=f"it has {', '.join(s.name for s in self.steps)}"
        )

    def refresh(self) -> Run:
        """The run with its state read anew."""
        self.view = self._engine.run(self.id)
        return self

    def wait(self, watch: Callable[[RunView], None] | None = None) -> Run:
        """The run when it is over; ``watch`` is called with each new look at it."""
        pause = FIRST_POLL
        while not (view := self._engine.run(self.id, files=False)).over:
            if watch:
                watch(view)
            self._engine.nap(pause)
            pause = min(pause * 1.3, LAST_POLL)
        self.refresh()
        if watch:
            watch(self.view)
        return self

    def require_completed(self) -> Run:
        """The run itself when it is complete; raises ``JobFailedError`` with the reason when it is not."""
        if self.status == "Completed":
            return self
        failed = next((step for step in self.steps if step.failure), None)
        where = f'step "{failed.name}": {failed.failure}' if failed else "no step says why"
        fix = (failed and failed.fix) or f"see `shardr logs {self.id}`"
        raise JobFailedError(f"run {self.id} is {self.status}: {where}", fix=fix)

    def stop(self) -> Run:
        """Asks the run to stop; what runs gets SIGTERM, and no further step starts."""
        self._engine.stop(self.id)
        return self.refresh()

    def logs(self, *, step: str | None = None, instance: str | None = None, follow: bool = False) -> Iterator[LogLine]:
        """The lines that the instances printed, in order of steps and instances; ``follow`` waits for more."""
        for lines in self.log_parts(step=step, instance=instance, follow=follow):
            yield from lines

    def log_parts(
        self, *, step: str | None = None, instance: str | None = None, follow: bool = False
    ) -> Iterator[list[LogLine]]:
        """The same, as many lines at once as one look finds: none where nothing was printed since the last one."""
        cursor: Cursor = {}
        while True:
            over = self._engine.run(self.id, files=False).over  # before reading: what is over prints no more
            lines, after = self.read_logs(cursor, step=step, instance=instance)
            yield lines
            if after == cursor:
                if over or not follow:
                    return
                self._engine.nap(LAST_POLL)
            cursor = after

    def read_logs(
        self, cursor: Cursor, *, step: str | None = None, instance: str | None = None
    ) -> tuple[list[LogLine], Cursor]:
        """The lines printed since ``cursor`` (``{}``: since the start), and the cursor for the next look."""
        if step is not None:
            self.step(step)
        lines, after = self._engine.logs(self.id, cursor)
        return [line for line in lines if step in {None, line.step} and instance in {None, line.instance}], after

    def requests(self) -> dict[str, dict[str, Any]]:
        """The request of each step's first job, by step, of those that have one by now."""
        return self._engine.requests(self.id)

    def metrics(self, step: str | None = None) -> pd.DataFrame:
        """What training steps logged of their metrics until now, a row for each value.

        The columns are ``step``, ``instance``, ``metric``, ``index`` (1 is the instance's first value of it), ``x``
        (the ``step=`` of ``log_metric``, else the index) and ``value``.
        """
        from shardr.api.metrics.reading import read

        found: pd.DataFrame = read(self, step).table().to_pandas()
        return found

    def plot_metrics(self, file: str | Path | None = None, *, step: str | None = None) -> Figure:
        """The metrics drawn, into a file (.png, .svg, .pdf) where one is named; needs the extra ``plot``."""
        from shardr.api.metrics.picture import draw
        from shardr.api.metrics.reading import read

        return draw(read(self, step), file)

    def files(self, step: str, output: str) -> list[Path]:
        """The files of an output in the order in which they are merged; raises as ``shardr.collect`` does.

        Of a model.tar.gz or output.tar.gz of a training step these are the files in it.
        """
        from shardr.api.unpacked import unpacked

        about = self.refresh().step(step)
        if about.status != "Completed":
            raise JobFailedError(
                f'step "{step}" of run {self.id} is {about.status}: it has no outputs', why=about.failure
            )
        if output not in about.outputs:
            known = ", ".join(about.outputs) or "none"
            raise NotFoundError(f'step "{step}" has no output "{output}"', fix=f"it has {known}")
        if not about.outputs[output].files:
            raise DataError(f'output "{output}" of step "{step}" is empty: no instance wrote a file')
        return unpacked(self._engine.fetch(about.outputs[output].files))

    @overload
    def collect(self, step: str, output: str, *, fill: bool = False) -> pd.DataFrame: ...
    @overload
    def collect(self, step: str, output: str, *, merge: Callable[[list[Path]], Merged]) -> Merged: ...
    def collect(
        self, step: str, output: str, *, fill: bool = False, merge: Callable[[list[Path]], Any] | None = None
    ) -> Any:
        """The merged output as a data frame, or what ``merge`` makes of its files; see ``shardr.collect``."""
        from shardr.api.results import frame

        files = self.files(step, output)
        return merge(files) if merge else frame(files, fill=fill)

    def collect_to(self, step: str, output: str, to: str | Path, *, fill: bool = False) -> MergeResult:
        """The merged output written to one file; see ``shardr.collect_to``."""
        from shardr.data.merge import merge

        return merge(self.files(step, output), Path(to).expanduser(), fill=fill)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``shardr run --json`` prints it."""
        return self.view.to_dict()
