"""Runs: plan one, submit it, wait for it, look at it, stop it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

from shardr.api.planning import make_plan
from shardr.engines.local import LocalEngine
from shardr.errors import JobFailedError, NotFoundError, RunnerError
from shardr.local.runners.process import hard_coded, sandbox_problem
from shardr.spec.load import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import pandas as pd

    from shardr.data.merge import MergeResult
    from shardr.engines.base import LogLine, Plan, RunView, StepView
    from shardr.spec.load import Loaded, SpecSource
    from shardr.spec.models import Pipeline

RunnerName = Literal["auto", "process"]
FIRST_POLL, LAST_POLL = 0.005, 0.1
"""Seconds between two looks at a run: short at first, for jobs that take no time."""


class Run:
    """A run of a spec: its steps, their state, and where their outputs are.

    >>> run = submit("job.yml")          # doctest: +SKIP
    >>> run.wait().status                # doctest: +SKIP
    'Completed'
    """

    def __init__(self, id: str, engine: LocalEngine | None = None) -> None:
        self._engine = engine or LocalEngine()
        self.id = id
        self.view: RunView = self._engine.run(id)

    def __repr__(self) -> str:
        steps = ", ".join(f"{step.name} {step.status}" for step in self.view.steps)
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
            time.sleep(pause)
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
        raise JobFailedError(f"run {self.id} is {self.status}: {where}", fix=f"see `shardr logs {self.id}`")

    def stop(self) -> Run:
        """Asks the run to stop; what runs gets SIGTERM, and no further step starts."""
        self._engine.stop(self.id)
        return self.refresh()

    def logs(self, *, step: str | None = None, instance: str | None = None, follow: bool = False) -> Iterator[LogLine]:
        """The lines that the instances printed, in order of steps and instances; ``follow`` waits for more."""
        cursor: dict[str, int] = {}
        while True:
            over = self._engine.run(self.id, files=False).over  # before reading: what is over prints no more
            lines, after = self.read_logs(cursor, step=step, instance=instance)
            yield from lines
            if after == cursor:
                if over or not follow:
                    return
                time.sleep(LAST_POLL)
            cursor = after

    def read_logs(
        self, cursor: dict[str, int], *, step: str | None = None, instance: str | None = None
    ) -> tuple[list[LogLine], dict[str, int]]:
        """The lines printed since ``cursor`` (``{}``: since the start), and the cursor for the next look."""
        if step is not None:
            self.step(step)
        lines, after = self._engine.logs(self.id, cursor)
        return [line for line in lines if step in {None, line.step} and instance in {None, line.instance}], after

    def collect(self, step: str, output: str, *, fill: bool = False) -> pd.DataFrame:
        """The merged output as a data frame; see ``shardr.collect``."""
        from shardr.api.collecting import collect

        return collect(self, step, output, fill=fill)

    def collect_to(self, step: str, output: str, to: str | Path, *, fill: bool = False) -> MergeResult:
        """The merged output written to one file; see ``shardr.collect_to``."""
        from shardr.api.collecting import collect_to

        return collect_to(self, step, output, to, fill=fill)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``shardr run --json`` prints it."""
        return self.view.to_dict()


def validate(
    spec: SpecSource, *, base: Path | None = None, set: Mapping[str, Any] | None = None, **parameters: Any
) -> Pipeline:
    """The checked spec with its parameters filled in; raises ``SpecError`` that lists every problem.

    Looks at the spec and at the files it names; nothing is run and nothing is written.
    """
    return _prepare(spec, base, {**(set or {}), **parameters}, None)[0].pipeline


def plan(
    spec: SpecSource,
    *,
    runner: RunnerName | None = None,
    base: Path | None = None,
    set: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> Plan:
    """What would run: steps, the shard map of each input, and every request; nothing is touched.

    ``spec`` is a path to YAML or JSON, a ``Pipeline`` or a mapping; keywords set its parameters, and so does ``set``
    for those whose name is taken. Raises ``SpecError``
    with all problems, ``RequestError`` never: a request that the service would refuse is a problem of the spec.
    """
    return _prepare(spec, base, {**(set or {}), **parameters}, runner)[1]


def submit(
    spec: SpecSource,
    *,
    runner: RunnerName | None = None,
    base: Path | None = None,
    name: str | None = None,
    set: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> Run:
    """The run, just started; it goes on when this process ends. ``name`` is its id (default: a fresh one)."""
    loaded, planned = _prepare(spec, base, {**(set or {}), **parameters}, runner, name)
    engine = LocalEngine()
    _check_runner(loaded)
    engine.submit(planned)
    return Run(planned.run, engine)


def run(
    spec: SpecSource,
    *,
    runner: RunnerName | None = None,
    base: Path | None = None,
    name: str | None = None,
    watch: Callable[[RunView], None] | None = None,
    check: bool = True,
    set: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> Run:
    """The finished run of a spec; raises ``JobFailedError`` when it failed, unless ``check`` is False.

    Waits, and calls ``watch`` with each look at the run. Interrupting the wait leaves the run going: look at it
    again with ``shardr.Run(id)``.

    >>> import shardr
    >>> done = shardr.run("job.yml", instances=3)      # doctest: +SKIP
    >>> train = done.collect("split", "train")         # doctest: +SKIP
    """
    done = submit(spec, runner=runner, base=base, name=name, set=set, **parameters).wait(watch)
    return done.require_completed() if check else done


def choose_runner(asked: str) -> tuple[str, str]:
    """The runner that will be taken and why, for people: ``auto`` says which."""
    problem = sandbox_problem()
    how = "each instance in a bubblewrap sandbox" if problem is None else f"without a sandbox: {problem}"
    return "process", how if asked != "auto" else f"auto took process: {how}"


def _prepare(
    spec: SpecSource,
    base: Path | None,
    parameters: Mapping[str, Any],
    runner: str | None,
    name: str | None = None,
) -> tuple[Loaded, Plan]:
    loaded = load(spec, parameters, base)
    chosen, _ = choose_runner(runner or loaded.pipeline.runner)
    return loaded, make_plan(loaded, LocalEngine(), chosen, name)


def _check_runner(loaded: Loaded) -> None:
    """Without a sandbox a script that spells ``/opt/ml`` out would read and write the machine's own."""
    problem = sandbox_problem()
    if problem is None:
        return
    for step in loaded.pipeline.steps:
        if step.code is not None and hard_coded(loaded.base / step.code):
            raise RunnerError(
                f'step "{step.name}": {step.code} spells /opt/ml out, and this machine cannot give it one',
                why=problem,
                fix='install bubblewrap (Linux), or use channel("…") of the shardr R package in the script',
            )
