"""What the times of samples say of each step: a line of its bytes, what instances lose, what cores gain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardr.api.advice.cost import START_SECONDS
from shardr.api.advice.fit import MOST_BEND, Line, bend_of, fit, refusal
from shardr.api.advice.sample import Sampler
from shardr.data.keys import assign, balance
from shardr.engines.local import LocalEngine
from shardr.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardr.api.advice.measure import Times
    from shardr.api.advice.sample import Sample
    from shardr.engines.base import PlannedStep
    from shardr.spec.load import Loaded

TELLING_SECONDS, TELLING_NOISE = 0.2, 4
"""What a step must work beyond its start, in seconds and in standard deviations, for a gain to be seen in it."""


@dataclass(frozen=True)
class StepTimes:
    """What the samples said of a step."""

    step: str
    line: Line
    """Its seconds with one core, by bytes of all the data that is sampled."""
    points: list[tuple[float, float]]
    """(bytes, seconds) that the line is of."""
    scales: bool
    """Whether more instances are for it."""
    loss: float
    """What a second instance loses: 0, half the time; 1, no gain at all."""
    loss_measured: bool
    parallel: float
    """The part of the work that uses all cores."""
    parallel_measured: bool


@dataclass(frozen=True)
class Bound:
    """What all of the data takes here at most, and why no more is known."""

    seconds: float
    refused: list[str]


def read_times(
    steps: list[PlannedStep], samples: list[Sample], times: Times, cores: int, scaling: set[str]
) -> tuple[list[StepTimes], Bound | None]:
    """What the times say of each step, and where they say nothing of the whole, what it takes here at most.

    Raises ``DataError``, with all the steps whose times say nothing, where that does not decide either.
    """
    told, refused = [], []
    largest = Sampler(samples[-1].loaded, LocalEngine())
    for step in steps:
        points = times.points[step.name]
        line = fit(points)
        if (why := refusal(line, points)) is not None:
            refused.append(f'step "{step.name}": {why}')
        work = line.at(samples[-1].bytes) - max(line.start, 0.0)
        tells = work > max(TELLING_SECONDS, TELLING_NOISE * line.sigma)
        # the part of the sample that the busier of two instances gets
        share = shares(samples[-1].loaded, largest, step.name, [2]).get(2, 1 / 2) if tells else 1.0
        loss = parallel = None
        if step.name in times.pairs and share < 1:
            loss = _part((min(times.pairs[step.name]) - max(line.start, 0.0)) / (work * share) - 1)
        if step.name in times.all_cores and tells:
            ratio = min(times.all_cores[step.name]) / line.at(samples[-1].bytes)
            parallel = _part((1 - ratio) / (1 - 1 / cores))
        told.append(
            StepTimes(
                step.name,
                line,
                points,
                scales=step.name in scaling,
                loss=loss if loss is not None else _unmeasured_loss(step),
                loss_measured=loss is not None,
                parallel=parallel or 0.0,
                parallel_measured=parallel is not None,
            )
        )
    return told, at_most_here(steps, samples, times, refused) if refused else None


def at_most_here(steps: list[PlannedStep], samples: list[Sample], times: Times, refused: list[str]) -> Bound:
    """What all of the data takes here at most, where that alone decides; raises ``DataError`` where it does not.

    Work in proportion to its data takes at most as many times as long as the sample, for it also started. Where that is
    less than a job on SageMaker needs to start, no line is needed to tell that here is better.
    """
    largest = samples[-1]
    took = sum(max(y for x, y in times.points[step.name] if x == largest.bytes) for step in steps)
    bound = took / float(largest.part)
    if bound < START_SECONDS and not any(bend_of(times.points[step.name]) > MOST_BEND for step in steps):
        return Bound(bound, refused)
    raise DataError(
        "no advice: what the whole takes cannot be told from these samples",
        why="; ".join(refused),
        fix=f"take larger samples (--parts 4,2,1): the largest, {largest.part} of the data, took {took:.1f} s here",
    )


def _unmeasured_loss(step: PlannedStep) -> float:
    """None of what is divided, all of what every instance gets the whole of."""
    return float(all(spread.distribution == "FullyReplicated" for spread in step.spreads))


def _part(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def shares(loaded: Loaded, sampler: Sampler, step: str, counts: Sequence[int]) -> dict[int, float]:
    """The part of its divided input that the busiest of n instances gets; empty where that is not known."""
    for channel in loaded.pipeline.step(step).channels:
        sizes = sampler.sizes(step, channel.name)
        total = sum(size for _, size in sizes)
        if channel.distribution == "FullyReplicated" or not total:
            continue
        weight = dict(sizes)
        found = {}
        for n in counts:
            keys = [key for key, _ in sizes]
            dealt = (
                balance(sizes, n) if channel.distribution == "balanced" else assign(keys, n, loaded.pipeline.permute)
            )
            found[n] = max(sum(weight[key] for key in keys) for keys in dealt) / total
        return found
    return {}
