"""The verb ``advise``: times samples of the data here, and says what all of it would take, here and on SageMaker."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from shardr.api.advice.cost import ASSUMPTIONS, resources
from shardr.api.advice.estimate import replicas, stale_notice
from shardr.api.advice.forecast import Option, StepModel, here, recommendation, there, within
from shardr.api.advice.measure import BUSY, Bench, own_home
from shardr.api.advice.prices import REFRESH, PriceTable, price_table
from shardr.api.advice.reading import StepTimes, read_times, shares
from shardr.api.advice.sample import MANY_FILES, Sampler
from shardr.api.runs import prepare
from shardr.engines.local import LocalEngine
from shardr.errors import DataError
from shardr.local.limits import of_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from shardr.engines.base import PlannedStep, RunView
    from shardr.spec.load import Folder, SpecSource

PARTS = (16, 8, 4)
COUNTS = (1, 2, 4, 8)
MOST_TYPES = 4
NOTICED_LOSS = 0.9
"""From here on two instances are as good as one: each does nearly all of the work."""


@dataclass(frozen=True)
class Advice:
    """Where and how a spec is best run."""

    name: str
    region: str
    bytes: int
    cores: int
    sampled: list[dict[str, Any]]
    """The samples: the ``part`` of the data as ``1/16`` and its ``bytes``."""
    steps: list[StepTimes]
    options: list[Option]
    recommendation: str
    notices: list[str] = field(default_factory=list)
    assumptions: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``--json`` prints it."""
        return asdict(self)

    def plot(self, file: str | Path) -> None:
        """Draws minutes and dollars by instances into a file (.png, .svg, .pdf); needs the extra ``plot``."""
        from shardr.api.advice.picture import draw

        draw(self, file)

    def _repr_html_(self) -> str:
        """The table for notebooks."""
        from shardr.api.html import advice_table

        return advice_table(self)


def advise(
    spec: SpecSource,
    *,
    types: Sequence[str] | None = None,
    instances: Sequence[int] = COUNTS,
    parts: Sequence[int] = PARTS,
    region: str | None = None,
    prices: Mapping[str, float] | None = None,
    runner: str | None = None,
    base: Folder | None = None,
    watch: Callable[[RunView], None] | None = None,
    set: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> Advice:
    """Runs a spec on samples of its data on this machine and says what all of it takes, here and on SageMaker.

    ``parts`` are the samples: 1/16, 1/8 and 1/4 of the data. ``types`` are the instance types to compare (default:
    those of the spec and up to four with a known price), ``instances`` how many of them; ``region`` and ``prices`` are
    as in ``estimate``. Takes about as long as ten to sixteen runs on a sample; its jobs leave nothing behind.

    Where the samples do not say how the time grows, ``notices`` say why; the only option is then ``here``, with the
    most that it takes, where that is less than SageMaker needs to start, and else ``DataError`` is raised. Raises
    ``JobFailedError`` when the spec fails on a sample.

    >>> shardr.advise("job.yml").recommendation       # doctest: +SKIP
    '4 x ml.m5.large: 14.2 min for $0.11, against 41.0 min here.'
    """
    wanted_parts = _parts(parts)
    counts = sorted({1, *instances})
    engine = LocalEngine()
    loaded, plan = prepare(spec, base, {**({} if set is None else set), **parameters}, runner, engine)
    table = price_table(region, prices)
    sampler = Sampler(loaded, engine)
    scaling = {step.name for step in loaded.pipeline.steps if _scales(step)}
    with own_home() as home:
        samples = [sampler.sample(part, home / f"sample-{part}") for part in wanted_parts]
        bench = Bench(home / "home", plan.runner, watch)
        times = bench.times(samples, scaling)
        told, bound = read_times(plan.steps, samples, times, bench.cores, scaling)
    sampled = [{"part": str(sample.part), "bytes": sample.bytes} for sample in samples]
    assumed = (*_assumptions(sampler), *ASSUMPTIONS)
    first = (loaded.pipeline.name, table.region, sampler.bytes, bench.cores, sampled, told)
    if bound is not None:
        only = Option("here", 1, None, bound.seconds / 60, 0.0, 0.0, 0.0)
        return Advice(*first, [only], within(bound.seconds), bound.refused, assumed)
    models = [
        StepModel(
            step.name,
            step.needs,
            resources(step.jobs[0].request).kind,
            found.line,
            sampler.bytes,
            step.name in scaling,
            found.loss,
            found.parallel,
            shares(loaded, sampler, step.name, counts),
        )
        for step, found in zip(plan.steps, told, strict=True)
    ]
    kinds = {model.kind for model in models}
    wanted = list(types or _types(plan.steps, table, kinds))
    options, notices = _options(models, counts, wanted, table, bench.cores)
    for step in plan.steps:
        notices += replicas(step)
    notices += _remarks(told, sampler, bench, counts)
    return Advice(*first, options, recommendation(options), list(dict.fromkeys(notices)), assumed)


def _parts(parts: Sequence[int]) -> list[int]:
    found = sorted({*parts}, reverse=True)
    if len(found) < 2 or any(part < 1 for part in found):
        raise DataError(f"found the samples {list(parts)}, expected two different ones or more", fix="take 16, 8, 4")
    return found


def _scales(step: Any) -> bool:
    return step.instance_count > 1 or any(channel.distribution != "FullyReplicated" for channel in step.channels)


def _types(steps: list[PlannedStep], table: PriceTable, kinds: set[str]) -> list[str]:
    """The types of the spec, then the cheapest that have a price which is not old.

    Burstable ones (ml.t3) not unasked: they keep up the speed that is assumed for a while only.
    """
    found = list(dict.fromkeys(resources(step.jobs[0].request).instance_type for step in steps))
    today = _today()
    for name in table.types(min(kinds)):
        priced = [table.of(kind, name) for kind in kinds]
        has = of_type(name)
        fresh = all(price is not None and not price.stale(today) for price in priced)
        steady = not name.startswith("ml.t")
        if (
            len(found) < MOST_TYPES
            and name not in found
            and fresh
            and steady
            and has is not None
            and not has.accelerators
        ):
            found.append(name)
    return found


def _options(
    models: list[StepModel], counts: Sequence[int], types: list[str], table: PriceTable, cores: int
) -> tuple[list[Option], list[str]]:
    options, notices, today = [here(models, cores)], [], _today()
    for name in types:
        has = of_type(name)
        if has is None:
            notices.append(f"how many cores {name} has is not known here: it is left out")
            continue
        if has.accelerators:
            notices.append(
                f"{name} has accelerators, and what they gain cannot be seen here: its minutes are those of its cores"
            )
        usd: dict[str, float | None] = {}
        for kind in sorted({model.kind for model in models}):
            price = table.of(kind, name)
            usd[kind] = price.usd_per_hour if price and not price.stale(today) else None
            if price is None:
                notices.append(f"no price known of {name} for {kind} in {table.region}; {REFRESH}")
            elif price.stale(today):
                notices.append(f"no dollars for {name}: {stale_notice(price, name, today)}")
        options += [there(models, n, name, has.vcpus, usd.__getitem__) for n in counts]
    return options, notices


def _remarks(told: list[StepTimes], sampler: Sampler, bench: Bench, counts: Sequence[int]) -> list[str]:
    found = []
    for step in told:
        if step.scales and step.loss_measured and step.loss >= NOTICED_LOSS:
            found.append(
                f"{step.step}: two instances took as long as one here, so more of them cost more and gain nothing"
            )
        elif step.scales and not step.loss_measured:
            said = "no gain" if step.loss else "no loss"
            found.append(f"{step.step}: what two instances gain could not be measured here; taken: {said}")
    if sampler.files < max(counts) and any(step.scales for step in told):
        found.append(
            f"there are {sampler.files} files: no more instances than that get any; `shardr split` makes more of them"
        )
    if bench.load >= BUSY:
        found.append(
            f"this machine was busy (load {bench.load:.1f} for each core), so its times are too long, and what cores "
            "and instances gain was not measured"
        )
    if not bench.can_pin:
        found.append("instances could not be held to a core, so what more cores gain is not known; taken for nothing")
    return found


def _assumptions(sampler: Sampler) -> tuple[str, ...]:
    kind = "whole files" if sampler.files >= MANY_FILES else "the first records of each file"
    return (
        f"samples are {kind}; a core there is as fast as one here, and data comes as fast; ± is the 95 % interval of "
        "the fitted line, not of the assumptions",
    )


def _today() -> date:
    return date.today()  # noqa: DTZ011 - ages in days
