"""The verb ``estimate``: what a spec would cost as it is, by what its steps took here or may take at most."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from shardr.api.advice.cost import ASSUMPTIONS, START_SECONDS, dollars, resources
from shardr.api.advice.prices import REFRESH, price_table
from shardr.api.runs import plan as planned
from shardr.engines.local import LocalEngine
from shardr.errors import SpecError
from shardr.local.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardr.api.advice.cost import Resources
    from shardr.api.advice.prices import Price, PriceTable
    from shardr.engines.base import Plan, PlannedStep
    from shardr.spec.load import Folder, SpecSource

NAMES = {"ProcessingJobName", "TrainingJobName", "TransformJobName", "ModelName"}
DOES_NOT_COUNT = {*NAMES, "Tags", "RoleArn", "StoppingCondition"}
"""Of a request: it changes nothing about how long the job takes."""


@dataclass(frozen=True)
class StepCost:
    """What a step would cost."""

    step: str
    kind: str
    instances: int
    instance_type: str
    seconds: float
    """Of the script; the time to start comes on top. 0 where it is not known."""
    basis: str
    """``measured``: in the newest run here that was alike; ``bound``: its max_runtime_seconds, so at most; ``unknown``:
    it never ran here, and nothing bounds it, as transform steps."""
    run: str | None
    """The run it was measured in."""
    usd_per_hour: float | None
    """For one instance; None when no price is known."""
    priced: str | None
    """The date of the price; None where it has none."""
    dollars: float | None


@dataclass(frozen=True)
class Estimate:
    """What a spec would cost, step by step."""

    name: str
    region: str
    steps: list[StepCost]
    notices: list[str] = field(default_factory=list)
    assumptions: tuple[str, ...] = ASSUMPTIONS

    @property
    def dollars(self) -> float | None:
        """All steps together; None when the price of one is not known."""
        found = [step.dollars for step in self.steps]
        return None if None in found else sum(cost for cost in found if cost is not None)

    @property
    def at_most(self) -> bool:
        """Whether the time of a step is not measured but bounded, and the total with it."""
        return any(step.basis == "bound" for step in self.steps)

    @property
    def seconds(self) -> float:
        """One step after the other, each with its start."""
        return sum(step.seconds + START_SECONDS for step in self.steps)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as ``--json`` prints it."""
        return {**asdict(self), "dollars": self.dollars, "at_most": self.at_most, "seconds": self.seconds}

    def _repr_html_(self) -> str:
        """A table of the steps for notebooks."""
        from shardr.api.html import estimate_table

        return estimate_table(self)


def estimate(
    spec: SpecSource,
    *,
    region: str | None = None,
    prices: Mapping[str, float] | None = None,
    engine: Any = None,
    role: str | None = None,
    bucket: str | None = None,
    session: Any = None,
    base: Folder | None = None,
    set: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> Estimate:
    """What a spec would cost on SageMaker: for each step instances x price x time. Nothing runs, nothing is sent.

    The time of a step is what it took in the newest run on this machine with the same script, arguments, data and
    number of instances; where there is none, ``max_runtime_seconds``, and then the total says "at most". ``region`` is
    whose prices count (default: ``AWS_REGION``, else us-east-1), ``prices`` are your own in USD per hour by type.
    ``engine`` and the rest are as in ``plan``.

    >>> shardr.estimate("job.yml").dollars       # doctest: +SKIP
    0.017
    """
    given: dict[str, Any] = {"base": base, "set": {**(set or {}), **parameters}}
    asked = planned(spec, engine=engine, role=role, bucket=bucket, session=session, **given)
    here: Plan | None = asked
    if asked.runner == "sagemaker":
        try:
            here = planned(spec, engine="local", **given)
        except SpecError:  # data that is there alone was never run on here
            here = None
    times = dict(_times(here)) if here is not None else {}
    table = price_table(region, prices)
    today = date.today()  # noqa: DTZ011 - ages in days
    steps: list[StepCost] = []
    notices: list[str] = []
    for step in asked.steps:
        need = [resources(job.request) for job in step.jobs]
        price = table.of(need[0].kind, need[0].instance_type)
        steps.append(_cost(step, need, price, times.get(step.name)))
        notices += _remarks(steps[-1], price, table, today)
        if need[0].spot:
            notices.append(f"{step.name} asks for spot instances, which cost less than this by what the market gives")
        notices += replicas(step)
    return Estimate(asked.name, table.region, steps, list(dict.fromkeys(notices)))


def replicas(step: PlannedStep) -> list[str]:
    """A notice for instances that all get the same: each is paid for, and none is faster for the others."""
    if step.instance_count < 2 or not step.spreads or any(s.distribution != "FullyReplicated" for s in step.spreads):
        return []
    n = step.instance_count
    return [
        f"{step.name}: each of its {n} instances gets all of the data. Unless its script divides the rows itself "
        f"(shard_rows() and the like), that costs {n} times as much and is no faster; distribution ShardedByS3Key "
        "divides the files"
    ]


def stale_notice(price: Price, instance_type: str, today: date) -> str:
    """That a price is old, in words."""
    if price.date is None:
        return f"nobody knows when the price of {instance_type} was true; {REFRESH}"
    return f"the price of {instance_type} is of {price.date}, {(today - price.date).days} days ago; {REFRESH}"


def _cost(
    step: PlannedStep, need: list[Resources], price: Price | None, measured: tuple[str, float] | None
) -> StepCost:
    # balanced shards are jobs of one instance each, which run at the same time
    instances = sum(job.instance_count for job in need)
    starts = 1 if measured else step.max_attempts
    bound, basis = need[0].bound_seconds, "measured" if measured else "bound"
    if measured is None and bound is None:
        basis = "unknown"
    seconds = measured[1] if measured else float((bound or 0) * step.max_attempts)
    return StepCost(
        step.name,
        need[0].kind,
        instances,
        need[0].instance_type,
        seconds,
        basis,
        measured[0] if measured else None,
        price.usd_per_hour if price else None,
        price.date.isoformat() if price and price.date and price.date != date.max else None,
        dollars(instances, seconds, price.usd_per_hour, starts) if price and basis != "unknown" else None,
    )


def _remarks(cost: StepCost, price: Price | None, table: PriceTable, today: date) -> Iterator[str]:
    if cost.basis == "unknown":
        yield f"how long {cost.step} takes is not known, as nothing bounds a transform job: run it here once"
    if price is None:
        known = ", ".join(table.types(cost.kind)) or "none"
        yield (f"no price known of {cost.instance_type} for {cost.kind} in {table.region} (known: {known}); {REFRESH}")
    elif price.stale(today):
        yield stale_notice(price, cost.instance_type, today)


def _times(here: Plan) -> Iterator[tuple[str, tuple[str, float]]]:
    """For each step that ran here before, alike and to its end: the newest such run and its seconds."""
    engine = LocalEngine()
    wanted = {step.name: _essence([job.kept() for job in step.jobs], here.run) for step in here.steps}
    for row in reversed(Store(engine.home.store).runs()):
        if row.name != here.name or row.runner == "sagemaker":
            continue
        alike = {kept["name"] for kept in row.steps if wanted.get(kept["name"]) == _essence(kept["jobs"], row.id)}
        for step in engine.run(row.id, files=False).steps if alike else ():
            if step.name in alike and step.status == "Completed" and step.seconds is not None:
                del wanted[step.name]
                yield step.name, (row.id, step.seconds)
        if not wanted:
            return


def _essence(jobs: list[dict[str, Any]], run: str) -> str:
    """What of requests says how long they take: not what they are called, nor the type, which is not ours here."""
    requests = [job[of] for job in jobs for of in ("model", "request") if job.get(of)]
    rest = [{key: value for key, value in request.items() if key not in DOES_NOT_COUNT} for request in requests]
    counts = [resources(job["request"]).instance_count for job in jobs]
    for request in rest:
        for where in ("ProcessingResources", "ResourceConfig", "TransformResources"):
            request.pop(where, None)
    return json.dumps([rest, counts], sort_keys=True).replace(run, "")
