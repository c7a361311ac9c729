"""The verbs from a spec to a run: validate, plan, submit, run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from shardr.api.planning import make_plan, missing_files
from shardr.api.run import Run
from shardr.engines.local import LocalEngine
from shardr.errors import RunnerError
from shardr.local.runners.choice import asked_for
from shardr.local.runners.process import hard_coded, sandbox_problem
from shardr.spec.load import examine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from shardr.engines.base import Plan, RunView
    from shardr.spec.load import Loaded, SpecSource
    from shardr.spec.models import Pipeline

RunnerName = Literal["auto", "process", "docker"]


def validate(
    spec: SpecSource, *, base: Path | None = None, set: Mapping[str, Any] | None = None, **parameters: Any
) -> Pipeline:
    """The checked spec with its parameters filled in; raises ``SpecError`` that lists every problem.

    Looks at the spec and at the files it names; nothing is run and nothing is written.
    """
    return prepare(spec, base, {**(set or {}), **parameters}, None)[0].pipeline


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
    for those whose name is taken. Raises ``SpecError`` with all problems; a request that the service would refuse is
    one of them.
    """
    return prepare(spec, base, {**(set or {}), **parameters}, runner)[1]


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
    return start(*prepare(spec, base, {**(set or {}), **parameters}, runner, name))


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


def prepare(
    spec: SpecSource,
    base: Path | None,
    parameters: Mapping[str, Any],
    runner: str | None,
    name: str | None = None,
) -> tuple[Loaded, Plan]:
    """A spec, read and checked, and the plan of it; raises ``SpecError`` with all problems."""
    engine = LocalEngine()
    examined = examine(spec, parameters, base)
    loaded = examined.require(missing_files(examined, engine) if examined.problems else [])
    return loaded, make_plan(loaded, engine, asked_for(runner, loaded.pipeline.runner), name)


def start(loaded: Loaded, planned: Plan) -> Run:
    """The run of a plan, just started; raises ``RunnerError`` or ``ImageError`` when the runner cannot be had."""
    engine = LocalEngine()
    if planned.runner == "process":
        _check_sandbox(loaded)
    engine.submit(planned)
    return Run(planned.run, engine)


def _check_sandbox(loaded: Loaded) -> None:
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
