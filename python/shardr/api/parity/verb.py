"""The verb ``parity``: runs a spec in both runners and tells what differs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from shardr.api.destinations import without_destinations
from shardr.api.parity.compare import Side, remarks, step_differences
from shardr.api.parity.difference import Difference, gathered
from shardr.api.parity.look import Wish, look
from shardr.api.parity.sight import sight_differences, sight_notes
from shardr.api.planning import make_plan, new_run
from shardr.api.runs import prepare, start
from shardr.engines.local import LocalEngine
from shardr.errors import NotFoundError
from shardr.local.runners import choice
from shardr.local.runners.process import sandbox_problem
from shardr.requests.facts import TRANSFORM, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shardr.api.parity.sight import Sight
    from shardr.engines.base import RunView
    from shardr.local.store import JobRow
    from shardr.spec.load import Folder, SpecSource

RUNNERS = ("process", "docker")


@dataclass(frozen=True)
class Parity:
    """Both runs of a spec and what differs between them."""

    name: str
    process: str
    """Id of the run in the process runner."""
    docker: str
    """Id of the run in the docker runner."""
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What is worth knowing and no difference: as who the scripts ran, how many printed lines differ."""
    compared: dict[str, int] = field(default_factory=dict)
    """How many ``steps``, ``instances`` and output ``files`` there were, and into how many instances we could look."""

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"same": self.same, **asdict(self)}


def parity(
    spec: SpecSource,
    *,
    base: Folder | None = None,
    watch: Callable[[RunView], None] | None = None,
    set: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> Parity:
    """Runs a spec in both runners, one after the other, and compares them; both runs are kept.

    Compared are states, exit codes, messages, the bytes of the outputs, rows, and what each instance sees: what lies
    below ``/opt/ml``, the config files, the names of environment variables. Outputs with a destination of their own go
    to a fresh place instead. Interrupting stops the run that is under way.

    Raises ``SpecError``, and ``RunnerError`` or ``ImageError`` when a runner cannot be had, before anything runs.

    >>> import shardr
    >>> shardr.parity("job.yml").same      # doctest: +SKIP
    True
    """
    engine = LocalEngine()
    loaded, planned = prepare(spec, base, {**(set or {}), **parameters}, "process", engine)
    choice.machine("docker", [job.image for step in planned.steps for job in step.jobs])
    pipeline, moves = without_destinations(loaded.pipeline)
    moved = replace(loaded, pipeline=pipeline)
    notes = [f"{place} went to a fresh place in each run, not to {asked}" for place, asked in moves]
    name = moved.pipeline.name
    id = new_run(f"{name[:17].rstrip('-')}-parity")
    try:
        process, docker = (
            Side(engine, start(moved, make_plan(moved, engine, runner, f"{id}-{runner}"), engine).wait(watch))
            for runner in RUNNERS
        )
        return _compared(Parity(name, process.run.id, docker.run.id, notes=notes), process, docker)
    except BaseException:
        for runner in RUNNERS:
            with suppress(NotFoundError):  # one that was not started
                engine.stop(f"{id}-{runner}")
        raise


def _compared(found: Parity, process: Side, docker: Side) -> Parity:
    sights = _looks(process, docker)
    differences: list[Difference] = []
    notes = [*found.notes, *remarks(process, docker)]
    seen = 0
    for step in process.run.steps:
        of_step = list(step_differences(process, docker, step.name))
        pairs = {
            (step.name, shard or host): (sight, sights[theirs.name][host])
            for shard, ours, theirs in _in_both(process, docker, step.name)
            for host, sight in sights.get(ours.name, {}).items()
        }
        for (_, instance), (one, other) in pairs.items():
            if one is not None and other is not None:
                of_step += sight_differences(step.name, instance, one, other)
        differences += gathered(of_step, [host.host for host in step.hosts])
        seen += sum(None not in pair for pair in pairs.values())
        notes += sight_notes(pairs)
    if sights == {} and (problem := sandbox_problem()):
        notes.append(f"no look into the instances, as there is no sandbox: {problem}")
    compared = {
        "steps": len(process.run.steps),
        "instances": sum(len(step.hosts) for step in process.run.steps),
        "files": sum(len(output.files) for step in process.run.steps for output in step.outputs.values()),
        "looks": seen,
    }
    return replace(found, differences=differences, notes=notes, compared=compared)


def _in_both(process: Side, docker: Side, step: str) -> list[tuple[str, JobRow, JobRow]]:
    """The jobs of a step that ran in both, with the shard each works on."""
    ours, theirs = process.jobs(step), docker.jobs(step)
    return [(shard, row, theirs[shard]) for shard, row in ours.items() if shard in theirs]


def _looks(process: Side, docker: Side) -> dict[str, dict[str, Sight | None]]:
    """Into the jobs that ran in both; without a sandbox a shell would see the machine's own ``/opt/ml``."""
    if sandbox_problem() is not None:
        return {}
    wishes = []
    for step in process.run.steps:
        for _, ours, theirs in _in_both(process, docker, step.name):
            if kind_of(ours.request) is TRANSFORM:  # its instances serve: what a script would see is not there
                continue
            wishes.append(Wish(ours, process.row.machine, process.normal))
            wishes.append(Wish(theirs, docker.row.machine, docker.normal))
    return look(process.engine, wishes)
