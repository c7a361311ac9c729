"""Metrics read from the logs of a run, on whichever engine it is: by the definitions of its requests."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from shardr.api.metrics.series import Series
from shardr.local.metrics import LINE_CHARACTERS, Matcher

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from shardr.api.run import Run
    from shardr.engines.base import LogLine

LOGGED_STEP = re.compile(r"\[shardr\] .*=\S+ step=(-?[0-9]{1,19})\s*$")
"""What ``log_metric()`` puts at the end of a line."""


def read(run: Run, step: str | None = None) -> Metrics:
    """What a run, or a step of it, has logged until now."""
    metrics = Metrics(run)
    for lines in run.log_parts(step=step):
        metrics.take(lines)
    return metrics


class Metrics:
    """The metrics of a run as its lines come in."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._matchers: dict[str, Matcher] = {}
        self._found: dict[tuple[str, str], dict[str, Series]] = {}
        """By step and instance, then by metric."""
        self._jobs: dict[tuple[str, str], str] = {}

    def take(self, lines: Sequence[LogLine]) -> list[tuple[Series, float, int]]:
        """The values in further lines: each with its series, which has it now, and its place there."""
        if any(line.step not in self._matchers for line in lines):
            self._define()
        found = []
        for line in lines:
            matcher = self._matchers.get(line.step)
            if matcher is None or not matcher.names:
                continue
            who = (line.step, line.instance)
            if self._jobs.setdefault(who, line.job) != line.job:  # another attempt of the step begins anew
                self._jobs[who] = line.job
                self._found.pop(who, None)
            for name, value in matcher.found(line.text):
                series = self._found.setdefault(who, {}).setdefault(name, Series(*who, name))
                logged = LOGGED_STEP.search(line.text[:LINE_CHARACTERS])
                series.add(value, int(logged[1]) if logged else None)
                found.append((series, value, series.x[-1]))
        return found

    @property
    def series(self) -> list[Series]:
        """All series: by step as they run, then by metric as they are defined, then by instance."""
        steps = {name: i for i, name in enumerate(self._matchers)}
        metrics = {(step, name): i for step, m in self._matchers.items() for i, name in enumerate(m.names)}
        every = [series for of_one in self._found.values() for series in of_one.values()]

        def rank(series: Series) -> tuple[int, int, int, str]:
            who = series.instance  # algo-2 before algo-10
            return steps[series.step], metrics[series.step, series.metric], len(who), who

        return sorted(every, key=rank)

    @property
    def defined(self) -> bool:
        """Whether any step that has a job by now has metrics to look for."""
        self._define()
        return any(matcher.names for matcher in self._matchers.values())

    def missing(self, step: str | None = None) -> list[tuple[str, str, str]]:
        """The metrics that requests define and no line has: step, name, expression."""
        self._define()
        have = {(series.step, series.metric) for series in self.series}
        every = [(of, name, regex) for of, m in self._matchers.items() for name, regex in m.asked]
        return [found for found in every if found[:2] not in have and step in {None, found[0]}]

    def _define(self) -> None:
        for step, request in self.run.requests().items():
            if step not in self._matchers:
                self._matchers[step] = Matcher(request)

    def table(self) -> pa.Table:
        """A row for each value."""
        import pyarrow as pa

        every = self.series
        lengths = [len(series.values) for series in every]

        def named(field: str) -> pa.Array:
            names = pa.array([getattr(series, field) for series in every], pa.string())
            return names.take(pa.array(chain.from_iterable([i] * n for i, n in enumerate(lengths)), pa.int64()))

        return pa.table({
            "step": named("step"),
            "instance": named("instance"),
            "metric": named("metric"),
            "index": pa.array(chain.from_iterable(range(1, n + 1) for n in lengths), pa.int64()),
            "x": pa.array(chain.from_iterable(series.x for series in every), pa.int64()),
            "value": pa.array(chain.from_iterable(series.values for series in every), pa.float64()),
        })  # fmt: skip
