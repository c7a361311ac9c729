"""What must hold between the parts of a spec: names, references, cycles, paths."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from shardr.errors import Problem
from shardr.spec.check_streamed import of_channels
from shardr.spec.check_transform import of_transform
from shardr.spec.parts import Input, Manifest, Output, StepOutput
from shardr.spec.problems import did_you_mean, shown
from shardr.spec.processing import ProcessingStep
from shardr.spec.script_step import ScriptStep
from shardr.spec.training import TrainingStep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shardr.spec.models import AnyStep, Pipeline

MOST_INPUTS = 20
"""Channels of a training job, by the service's rule."""


def check(pipeline: Pipeline) -> list[Problem]:
    """Every problem between the parts of a well-formed spec, in the order of the spec."""
    problems = list(_repeated("steps", [step.name for step in pipeline.steps], "step"))
    problems += _tags(pipeline)
    for i, step in enumerate(pipeline.steps):
        at = f"steps[{i}]"
        problems += _repeated(f"{at}.inputs", [channel.name for channel in step.channels], "input")
        problems += _code(at, step) if isinstance(step, ScriptStep) else []
        problems += _sources(at, step, pipeline)
        problems += _network(at, step)
        if isinstance(step, ProcessingStep):
            problems += _of_processing(at, step)
        elif isinstance(step, TrainingStep):
            problems += _of_training(at, step)
        else:
            problems += of_transform(at, step, pipeline)
    return problems or [*_cycle(pipeline), *_chosen(pipeline)]


def _of_processing(at: str, step: ProcessingStep) -> Iterator[Problem]:
    yield from _repeated(f"{at}.outputs", [output.name for output in step.outputs], "output")
    yield from _paths(at, step)
    yield from of_channels(at, step.inputs, [*(step.command or []), *step.arguments], step.outputs)
    yield from _distributions(at, step)
    yield from _claims(at, step)


def _of_training(at: str, step: TrainingStep) -> Iterator[Problem]:
    if step.source_dir is not None and step.code is None:
        yield Problem(f"{at}.code", "is required beside source_dir: the script's path in it")
    if step.source_dir is not None and step.code is not None and not _inside(step.code):
        yield Problem(f"{at}.code", f'found "{step.code}", expected a path in source_dir, "{step.source_dir}"')
    if step.code is not None and len(step.inputs) == MOST_INPUTS:
        yield Problem(f"{at}.inputs", f"found {MOST_INPUTS}, at most {MOST_INPUTS - 1} are left beside the script's")
    yield from of_channels(at, step.inputs, [*(step.command or []), *step.arguments])
    if step.max_wait_seconds is not None and not step.spot:
        yield Problem(f"{at}.max_wait_seconds", "is for spot instances only", fix="set spot: true")
    elif (step.max_wait_seconds or step.max_runtime_seconds) < step.max_runtime_seconds:
        yield Problem(
            f"{at}.max_wait_seconds",
            f"found {step.max_wait_seconds}, expected at least max_runtime_seconds, {step.max_runtime_seconds}",
        )
    if step.spot and step.keep_alive_seconds is not None:
        yield Problem(f"{at}.keep_alive_seconds", "is not for spot instances")
    if isinstance(step.checkpoints, str) and not step.checkpoints.startswith("s3://"):
        yield Problem(f"{at}.checkpoints", f'found "{step.checkpoints}", expected true, false or an s3:// prefix')
    for name, regex in step.metric_definitions.items():
        yield from _metric(f"{at}.metrics.{name}", regex)


def _inside(path: str) -> bool:
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts and parts.parts[:1] != ("~",)


def _metric(at: str, regex: str) -> Iterator[Problem]:
    try:
        groups = re.compile(regex).groups
    except re.error as error:
        yield Problem(at, f'"{regex}" is no regular expression: {error}')
        return
    if not groups:
        yield Problem(at, f'"{regex}" has no group that would be the value', fix="put brackets around the number")


def _repeated(at: str, names: Sequence[str], noun: str) -> Iterator[Problem]:
    first = {name: names.index(name) for name in names}
    for i, name in enumerate(names):
        if first[name] != i:
            yield Problem(f"{at}[{i}].name", f'"{name}" is already the name of {noun} {at}[{first[name]}]')


def _code(at: str, step: ScriptStep) -> Iterator[Problem]:
    if step.code is not None and not step.interpreter:
        ending = PurePosixPath(step.code).suffix
        yield Problem(f"{at}.command", f'is required: nothing says what runs a "{ending}" file',
                      fix='for example command: ["Rscript"]')  # fmt: skip
    if step.code is not None and any(channel.name == "code" for channel in step.channels):
        yield Problem(f"{at}.inputs", 'the name "code" is taken by the channel that carries the script')
    if step.code is None and step.command is None and step.image == "processing":
        yield Problem(f"{at}.code", "is required: the image has no program of its own")


def _paths(at: str, step: ProcessingStep) -> Iterator[Problem]:
    used: dict[str, str] = {}
    channels: list[tuple[str, Input | Output]] = [(f"{at}.inputs[{i}]", c) for i, c in enumerate(step.inputs)]
    channels += [(f"{at}.outputs[{i}]", c) for i, c in enumerate(step.outputs)]
    for where, channel in channels:
        path = channel.local_path.rstrip("/")
        if any(part in {".", ".."} for part in path.split("/")):
            yield Problem(f"{where}.path", f'found "{channel.local_path}", expected a path without "." and ".."')
        elif path in used:
            yield Problem(f"{where}.path", f'"{path}" is already the path of {used[path]}')
        used.setdefault(path, where)


def _sources(at: str, step: AnyStep, pipeline: Pipeline) -> Iterator[Problem]:
    names = [other.name for other in pipeline.steps]
    for i, channel in enumerate(step.channels):
        source = channel.source
        if not isinstance(source, StepOutput):
            continue
        where = f"{at}.{step.source_at(i)}"
        if source.step not in names:
            yield Problem(f"{where}.step", f'"{source.step}" is not a step{did_you_mean(source.step, names)}')
            continue
        outputs = [output.name for output in pipeline.step(source.step).results]
        if source.output not in outputs:
            hint = did_you_mean(source.output, outputs) or f"; it has {', '.join(outputs) or 'none'}"
            yield Problem(f"{where}.output", f'"{source.output}" is not an output of step "{source.step}"{hint}')
    for i, name in enumerate(step.depends_on):
        if name not in names:
            yield Problem(f"{at}.depends_on[{i}]", f'"{name}" is not a step{did_you_mean(name, names)}')


def _distributions(at: str, step: ProcessingStep) -> Iterator[Problem]:
    balanced = [i for i, channel in enumerate(step.inputs) if channel.distribution == "balanced"]
    for i in balanced:
        where = f"{at}.inputs[{i}].distribution"
        if isinstance(step.inputs[i].source, StepOutput | Manifest):
            yield Problem(
                where,
                "balanced needs files whose sizes are known before the run starts",
                fix="use ShardedByS3Key for the output of a step or a manifest",
            )
        elif i != balanced[0]:
            yield Problem(where, f"only one input of a step can be balanced; inputs[{balanced[0]}] is already")
    if balanced:
        for i, channel in enumerate(step.inputs):
            if channel.distribution == "ShardedByS3Key":
                yield Problem(
                    f"{at}.inputs[{i}].distribution",
                    "cannot be ShardedByS3Key beside a balanced input: each balanced shard is its own job",
                )


def _claims(at: str, step: ProcessingStep) -> Iterator[Problem]:
    if step.expect is None:
        return
    for noun, named, known in (
        ("inputs", step.expect.inputs, [channel.name for channel in step.inputs]),
        ("outputs", step.expect.outputs, [output.name for output in step.outputs]),
    ):
        for i, name in enumerate(named or []):
            if name not in known:
                where = f"{at}.expect.{noun}[{i}]"
                yield Problem(where, f'"{name}" is not one of the {noun} of this step{did_you_mean(name, known)}')
        if not known:
            yield Problem(f"{at}.expect", f"cannot hold: the step has no {noun}")


def _chosen(pipeline: Pipeline) -> Iterator[Problem]:
    """What is wrong with the choice of steps: one that runs needs one that does not, or none is left."""
    gone = {step.name for step in pipeline.steps if not step.wanted}
    if len(gone) == len(pipeline.steps):
        yield Problem("steps", "none is part of the run, as when says of each")
        return
    for i, step in enumerate(pipeline.steps):
        for name in step.needs:
            if step.wanted and name in gone:
                when = pipeline.step(name).when
                yield Problem(f"steps[{i}]", f'needs step "{name}", which is no part of the run: when is {shown(when)}')


def _network(at: str, step: AnyStep) -> Iterator[Problem]:
    for given, other in (("subnets", "security_group_ids"), ("security_group_ids", "subnets")):
        if getattr(step, given) and not getattr(step, other):
            yield Problem(f"{at}.{other}", f"is required beside {given}: the service takes both or none")


def _tags(pipeline: Pipeline) -> Iterator[Problem]:
    for key in pipeline.tags:
        owner = next((name for name in ("aws", "shardr") if key.lower().startswith(f"{name}:")), None)
        if owner is not None:
            yield Problem(f"tags.{key}", f'names that begin with "{owner}:" are reserved')


def _cycle(pipeline: Pipeline) -> Iterator[Problem]:
    needs = {step.name: set(step.needs) for step in pipeline.steps}
    while free := [name for name, others in needs.items() if not others & needs.keys()]:
        for name in free:
            del needs[name]
    if needs:
        # what is left still holds steps that only wait for the cycle; follow needs until one repeats
        path = [next(iter(needs))]
        while max(Counter(path).values()) == 1:
            path.append(next(name for name in needs if name in needs[path[-1]]))
        loop = path[path.index(path[-1]) :]
        yield Problem("steps", f"form a cycle: {' needs '.join(loop)}", fix="drop one of these inputs")
