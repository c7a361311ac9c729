"""From the times of samples to minutes and dollars of all the data, for more instances and for larger ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import hypot, log2
from typing import TYPE_CHECKING

from shardr.api.advice.cost import START_SECONDS, dollars

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shardr.api.advice.fit import Line

WORTH = 1.25
"""Being faster may cost this much more than the cheapest."""


@dataclass(frozen=True)
class StepModel:
    """How long a step takes.

    With ``n`` instances of ``v`` cores, ``(start + slope * bytes * share(n) * (1 + loss) ** log2(n)) * amdahl(v)``.
    """

    name: str
    needs: Sequence[str]
    kind: str
    line: Line
    bytes: int
    scales: bool
    """Whether more instances are for it."""
    loss: float
    """What each doubling of instances adds to the work of one: 0, half the time; 1, no gain at all."""
    parallel: float
    """The part of the work that uses all cores, by Amdahl's law."""
    shares: Mapping[int, float] = field(default_factory=dict)
    """The part of the data that the busiest of n instances gets, where that is known; else 1/n."""

    def _size(self, instances: int) -> float:
        if not self.scales:
            return float(self.bytes)
        share = self.shares.get(instances, 1 / instances)
        grown: float = share * (1 + self.loss) ** log2(instances)
        return self.bytes * min(grown, 1.0)

    def _amdahl(self, cores: int) -> float:
        return 1 - self.parallel + self.parallel / cores

    def seconds(self, instances: int, cores: int) -> float:
        """Of the script, without the service's start."""
        return self.line.at(self._size(instances)) * self._amdahl(cores)

    def margin(self, instances: int, cores: int) -> float:
        """Half the width of the 95 % interval of the same."""
        return self.line.margin(self._size(instances)) * self._amdahl(cores)


@dataclass(frozen=True)
class Option:
    """A way to run the spec."""

    where: str
    """``here`` or ``sagemaker``."""
    instances: int
    instance_type: str | None
    minutes: float
    minutes_margin: float
    dollars: float | None
    """None: the price of the type is not known, or too old."""
    dollars_margin: float | None


def here(models: Sequence[StepModel], cores: int) -> Option:
    """On this machine, with its cores: no start to wait for, nothing to pay."""
    minutes, margin = _path(models, lambda model: (model.seconds(1, cores), model.margin(1, cores)))
    return Option("here", 1, None, minutes, margin, 0.0, 0.0)


def there(
    models: Sequence[StepModel], instances: int, instance_type: str, cores: int, usd: Callable[[str], float | None]
) -> Option:
    """On SageMaker; ``usd`` is what an hour of an instance costs for a kind of job."""

    def of(model: StepModel) -> tuple[float, float]:
        return START_SECONDS + model.seconds(instances, cores), model.margin(instances, cores)

    minutes, margin = _path(models, of)
    cost, doubt = 0.0, 0.0
    for model in models:
        n, price = instances if model.scales else 1, usd(model.kind)
        if price is None:
            return Option("sagemaker", instances, instance_type, minutes, margin, None, None)
        cost += dollars(n, model.seconds(instances, cores), price)
        doubt = hypot(doubt, n * model.margin(instances, cores) * price / 3600)
    return Option("sagemaker", instances, instance_type, minutes, margin, cost, doubt)


def recommendation(options: Sequence[Option]) -> str:
    """One line: here when that is no slower; else the fastest that costs at most a quarter more than the cheapest."""
    at_home = next(option for option in options if option.where == "here")
    away = [option for option in options if option.where == "sagemaker"]
    fastest = min(away, key=lambda option: option.minutes, default=None)
    if fastest is None or at_home.minutes <= fastest.minutes:
        than = (
            f"; the fastest on SageMaker needs {_minutes(fastest.minutes)}, as its jobs have to start"
            if fastest
            else ""
        )
        return f"Run it here: {_minutes(at_home.minutes)} and nothing to pay{than}."
    priced = [option for option in away if option.dollars is not None]
    if not priced:
        return (
            f"No dollars can be said, so compare the minutes: {_minutes(at_home.minutes)} here, "
            f"{_minutes(fastest.minutes)} on {fastest.instances} x {fastest.instance_type}."
        )
    cheapest = min(option.dollars or 0 for option in priced)
    best = min(
        (option for option in priced if (option.dollars or 0) <= WORTH * cheapest),
        key=lambda option: (option.minutes, option.dollars),
    )
    if at_home.minutes <= best.minutes:
        return (
            f"Run it here: {_minutes(at_home.minutes)} and nothing to pay; what is faster on SageMaker costs more than "
            f"{WORTH:.2f} times the cheapest there."
        )
    return (
        f"{best.instances} x {best.instance_type}: {_minutes(best.minutes)} for {_usd(best.dollars or 0)}, "
        f"against {_minutes(at_home.minutes)} here."
    )


def within(seconds: float) -> str:
    """The recommendation where no more is known than that all of it takes at most so long here."""
    return (
        f"Run it here: at most {_minutes(seconds / 60)} and nothing to pay, where time is in proportion to data; "
        f"a job on SageMaker takes {_minutes(START_SECONDS / 60)} to start."
    )


def _path(models: Sequence[StepModel], of: Callable[[StepModel], tuple[float, float]]) -> tuple[float, float]:
    """Minutes of the longest chain of steps that wait for one another, and how sure they are."""
    done: dict[str, tuple[float, float]] = {}
    for model in models:
        before = max((done[name] for name in model.needs), default=(0.0, 0.0))
        seconds, margin = of(model)
        done[model.name] = before[0] + seconds, hypot(before[1], margin)
    seconds, margin = max(done.values())
    return seconds / 60, margin / 60


def _minutes(value: float) -> str:
    return f"{value:.1f} min" if value >= 1 else f"{value * 60:.0f} s"


def _usd(value: float) -> str:
    return f"${value:.2f}" if value >= 0.1 else f"${value:.3f}"
