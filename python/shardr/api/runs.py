"""The verbs from a spec to a run: validate, plan, submit, run."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from shardr.api.planning import make_plan, missing_files
from shardr.api.run import Run
from shardr.engines.known import engine as engine_named
from shardr.errors import Problem
from shardr.local.runners.choice import asked_for
from shardr.spec.load import examine
from shardr.spec.parts import NAME
from shardr.spec.script_step import ScriptStep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from shardr.engines.base import Engine, Plan, RunView, Uploading
    from shardr.spec.load import Folder, Loaded, SpecSource
    from shardr.spec.models import Pipeline

RunnerName = Literal["auto", "process", "docker"]
EngineName = Literal["local", "sagemaker"]


def validate(
    spec: SpecSource, *, base: Folder | None = None, set: Mapping[str, Any] | None = None, **parameters: Any
) -> Pipeline:
    """The checked spec with its parameters filled in; raises ``SpecError`` that lists every problem.

    Looks at the spec and at the files it names; nothing is run and nothing is written.
    """
    return prepare(spec, base, {**(set or {}), **parameters}, None, engine_named("local"))[0].pipeline


def plan(
    spec: SpecSource,
    *,
    engine: EngineName | None = None,
    runner: RunnerName | None = None,
    role: str | None = None,
    bucket: str | None = None,
    session: Any = None,
    base: Folder | None = None,
    name: str | None = None,
    set: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> Plan:
    """What would run: steps, the shard map of each input, and every request; nothing is touched.

    ``spec`` is a path to YAML or JSON, a ``Pipeline`` or a mapping; keywords set its parameters, and so does ``set``
    for those whose name is taken. ``base`` is the folder that paths of a spec which is no file start from (default: the
    current one). ``engine``, ``role``, ``bucket`` and ``session`` are as in ``submit``. Raises
    ``SpecError`` with all problems; a request that the service would refuse is one of them.
    """
    to = engine_named(engine, role=role, bucket=bucket, session=session)
    return prepare(spec, base, {**(set or {}), **parameters}, runner, to, name)[1]


def submit(
    spec: SpecSource,
    *,
    engine: EngineName | None = None,
    runner: RunnerName | None = None,
    role: str | None = None,
    bucket: str | None = None,
    session: Any = None,
    base: Folder | None = None,
    name: str | None = None,
    progress: Uploading | None = None,
    set: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> Run:
    """The run, just started; it goes on when this process ends. ``name`` is its id (default: a fresh one).

    ``engine`` is where it runs: ``"local"``, this machine, or ``"sagemaker"`` (default: ``SHARDR_ENGINE``, else this
    machine). There, ``role`` is the ARN of the role that the jobs act as (default: the spec's, ``SAGEMAKER_ROLE``, else
    your own execution role), ``bucket`` holds code, data and outputs (default: ``SHARDR_BUCKET``, else
    ``sagemaker-<region>-<account>``), ``session`` is a session of boto3 or of the SageMaker SDK;
    ``progress`` is called with the bytes of the inputs that are there so far, and with all bytes.
    """
    to = engine_named(engine, role=role, bucket=bucket, session=session)
    given = {**(set or {}), **parameters}
    return start_spec(spec, to, runner=runner, base=base, name=name, progress=progress, parameters=given)


def start_spec(
    spec: SpecSource,
    engine: Engine,
    *,
    runner: RunnerName | None,
    base: Folder | None,
    name: str | None,
    progress: Uploading | None,
    parameters: Mapping[str, Any] = MappingProxyType({}),
) -> Run:
    """The run of a spec on this very engine, just started."""
    return start(*prepare(spec, base, parameters, runner, engine, name), engine, progress)


def run(
    spec: SpecSource,
    *,
    engine: EngineName | None = None,
    runner: RunnerName | None = None,
    role: str | None = None,
    bucket: str | None = None,
    session: Any = None,
    base: Folder | None = None,
    name: str | None = None,
    watch: Callable[[RunView], None] | None = None,
    progress: Uploading | None = None,
    check: bool = True,
    set: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> Run:
    """The finished run of a spec; raises ``JobFailedError`` when it failed, unless ``check`` is False.

    ``engine``, ``role``, ``bucket``, ``session`` and ``progress`` are as in ``submit``. Waits, and calls ``watch`` with
    each look at the run. Interrupting the wait leaves the run going: look at it again with ``shardr.Run(id)``.

    >>> import shardr
    >>> done = shardr.run("job.yml", instances=3)      # doctest: +SKIP
    >>> train = done.collect("split", "train")         # doctest: +SKIP
    """
    where: dict[str, Any] = {"engine": engine, "role": role, "bucket": bucket, "session": session}
    begun = submit(spec, **where, runner=runner, base=base, name=name, progress=progress, set=set, **parameters)
    done = begun.wait(watch)
    return done.require_completed() if check else done


def prepare(
    spec: SpecSource,
    base: Folder | None,
    parameters: Mapping[str, Any],
    runner: str | None,
    engine: Engine,
    name: str | None = None,
) -> tuple[Loaded, Plan]:
    """A spec, read and checked, and the plan of it; raises ``SpecError`` with all problems."""
    examined, refused = examine(spec, parameters, base), _name_problems(name)
    wrong = refused or examined.problems
    loaded = examined.require([*refused, *missing_files(examined, engine)] if wrong else [])
    return loaded, make_plan(loaded, engine, asked_for(runner, loaded.pipeline.runner), name)


def _name_problems(name: str | None) -> list[Problem]:
    """What is wrong with the name of a run, which those of its jobs begin with."""
    if not name or re.fullmatch(NAME, name):
        return []
    what = f'found "{name}", expected letters, digits and single hyphens between them'
    return [Problem("--name (name= in Python and R)", what)]


def start(loaded: Loaded, planned: Plan, engine: Engine, progress: Uploading | None = None) -> Run:
    """The run of a plan, just started; raises ``RunnerError`` or ``ImageError`` when the runner cannot be had."""
    engine.ready(planned, _scripts(loaded))
    engine.submit(planned, progress)
    return Run(planned.run, engine)


def _scripts(loaded: Loaded) -> dict[str, Path]:
    steps = [step for step in loaded.pipeline.steps if isinstance(step, ScriptStep)]
    return {step.name: loaded.base / step.code for step in steps if step.code is not None}
