"""What must hold between the parts of a spec: names, references, cycles, paths."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from shardr.errors import Problem
from shardr.spec.models import Input, Manifest, Output, Pipeline, ProcessingStep, StepOutput
from shardr.spec.problems import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def check(pipeline: Pipeline) -> list[Problem]:
    """Every problem between the parts of a well-formed spec, in the order of the spec."""
    problems = list(_repeated("steps", [step.name for step in pipeline.steps], "step"))
    problems += _tags(pipeline)
    for i, step in enumerate(pipeline.steps):
        at = f"steps[{i}]"
        problems += _repeated(f"{at}.inputs", [channel.name for channel in step.inputs], "input")
        problems += _repeated(f"{at}.outputs", [output.name for output in step.outputs], "output")
        problems += _code(at, step)
        problems += _paths(at, step)
        problems += _sources(at, step, pipeline)
        problems += _distributions(at, step)
        problems += _claims(at, step)
        problems += _network(at, step)
    return problems or list(_cycle(pipeline))


def _repeated(at: str, names: Sequence[str], noun: str) -> Iterator[Problem]:
    first = {name: names.index(name) for name in names}
    for i, name in enumerate(names):
        if first[name] != i:
            yield Problem(f"{at}[{i}].name", f'"{name}" is already the name of {noun} {at}[{first[name]}]')


def _code(at: str, step: ProcessingStep) -> Iterator[Problem]:
    if step.code is not None and not step.interpreter:
        ending = PurePosixPath(step.code).suffix
        yield Problem(f"{at}.command", f'is required: nothing says what runs a "{ending}" file',
                      fix='for example command: ["Rscript"]')  # fmt: skip
    if step.code is not None and any(channel.name == "code" for channel in step.inputs):
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


def _sources(at: str, step: ProcessingStep, pipeline: Pipeline) -> Iterator[Problem]:
    names = [other.name for other in pipeline.steps]
    for i, channel in enumerate(step.inputs):
        source = channel.source
        if not isinstance(source, StepOutput):
            continue
        where = f"{at}.inputs[{i}].source"
        if source.step not in names:
            yield Problem(f"{where}.step", f'"{source.step}" is not a step{did_you_mean(source.step, names)}')
            continue
        outputs = [output.name for output in pipeline.step(source.step).outputs]
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


def _network(at: str, step: ProcessingStep) -> Iterator[Problem]:
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
