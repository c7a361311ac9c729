"""A run while it is watched, and its data on their way: live lines on a terminal, else a line for what changes."""

from __future__ import annotations

import math
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from shardr.cli.output import Output, count, seconds, size, state
from shardr.engines.base import OVER
from shardr.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rich.progress import Progress
    from rich.text import Text

    from shardr.api.metrics.reading import Metrics
    from shardr.engines.base import Cursor, RunView, StepView, Uploading

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
BAR_CELLS = 10
AMOUNT_SECONDS = 5
"""Between two lines about an upload."""
STREAM_SECONDS = 30
"""Between two lines about the data of a step, where there is no terminal."""
METRICS_SECONDS = {"here": 1.0, "sagemaker": 15.0}
"""Between two looks into the logs of a run: on AWS they have a quota for the whole account."""
SIGNS = {"Completed": "✔", "Failed": "✖", "Stopped": "■", "Pending": "·"}


@contextmanager
def watching() -> Iterator[Callable[[RunView], None]]:
    """What to call with each look at a run; progress goes to stderr and leaves nothing behind on a terminal."""
    if not sys.stderr.isatty():
        yield _Changes()
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(stderr=True, highlight=False), auto_refresh=False, transient=True) as live:
        ticks = iter(range(sys.maxsize))
        newest = _Newest()
        yield lambda view: live.update(_drawn(view, next(ticks), newest(view)), refresh=True)


@contextmanager
def uploading() -> Iterator[Uploading]:
    """What to call with the bytes that are uploaded and with all: a bar on a terminal, else a line now and then."""
    if not sys.stderr.isatty():
        yield _Amounts()
        return
    bar = _Bar()
    try:
        yield bar
    finally:
        bar.close()


class _Bar:
    """A bar that is there from the first byte on: most runs upload nothing, and drawing takes time to load."""

    def __init__(self) -> None:
        self._bar: Progress | None = None

    def __call__(self, sent: int, total: int) -> None:
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("uploading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task("", total=total)
            self._bar.start()
        self._bar.update(self._task, completed=sent)

    def close(self) -> None:
        """Leaves nothing behind."""
        if self._bar is not None:
            self._bar.stop()


class _Amounts:
    """Says how much is there, every few seconds."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def __call__(self, sent: int, total: int) -> None:
        if time.monotonic() - self._said >= AMOUNT_SECONDS:
            self._said = time.monotonic()
            Output().note(f"uploading: {size(sent)} of {size(total)}")


class _Changes:
    """Says each change of a step's state once, and now and then how far its data is."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}
        self._streamed = time.monotonic()
        self._out = Output()

    def __call__(self, view: RunView) -> None:
        for step in view.steps:
            if step.status not in {"Pending", self._said.get(step.name)}:
                self._said[step.name] = step.status
                self._out.note(f"{step.name}: {step.status}, {_numbers(step)}")
        if time.monotonic() - self._streamed >= STREAM_SECONDS:
            self._streamed = time.monotonic()
            for step in view.steps:
                if streams := _streams(step, bars=False):
                    self._out.note(f"{step.name}: {streams}")


def _numbers(step: StepView) -> str:
    done = sum(host.state in OVER for host in step.hosts)
    rows = "" if step.rows_in is None else f", {count(step.rows_in, 'row')} in"
    return f"{done}/{step.instances} instances{rows}, {seconds(step.seconds)} s"


def _streams(step: StepView, *, bars: bool) -> str:
    """How far the data of a running step is, with bars where it is known how much there is."""

    def bar(share: float) -> str:
        full = round(BAR_CELLS * share)
        return f"{'━' * full}{'─' * (BAR_CELLS - full)} " if bars else ""

    told = []
    for name, sent in step.streamed.items() if step.status == "InProgress" else ():
        if sent.epochs:
            share = bar(sent.epoch_bytes / sent.epoch_size) if sent.epoch_size else ""
            told.append(f"{name} {share}{sent.progress}, {size(round(sent.bytes_per_second))}/s")
    told += [f"{name} {bar(come.share)}{come.progress} ({size(come.of)})" for name, come in step.coming.items()]
    return "  ".join(told)


class _Newest:
    """The newest value of each metric of the steps that run; the logs are read now and then only."""

    def __init__(self) -> None:
        self._metrics: Metrics | None = None
        self._cursor: Cursor = {}
        self._looked = -math.inf
        self._values: dict[str, dict[str, float]] = {}

    def __call__(self, view: RunView) -> dict[str, str]:
        if time.monotonic() - self._looked >= METRICS_SECONDS["sagemaker" if view.runner == "sagemaker" else "here"]:
            self._look(view.run)
        running = [step.name for step in view.steps if step.status == "InProgress"]
        return {
            step: ", ".join(f"{name} {value:.4g}" for name, value in self._values[step].items())
            for step in running
            if step in self._values
        }

    def _look(self, id: str) -> None:
        from shardr.api.metrics.reading import Metrics
        from shardr.api.run import Run

        metrics = self._metrics = self._metrics or Metrics(Run(id))
        with suppress(AwsError):  # who may not read logs may wait for a run all the same
            if metrics.defined:
                lines, self._cursor = metrics.run.read_logs(self._cursor)
                for series, value, _ in metrics.take(lines):
                    self._values.setdefault(series.step, {})[series.metric] = value
        self._looked = time.monotonic()


def _drawn(view: RunView, tick: int, newest: Mapping[str, str]) -> Text:
    from rich.text import Text

    wide = max(len(step.name) for step in view.steps)
    text = Text(no_wrap=True, overflow="ellipsis")
    for i, step in enumerate(view.steps):
        cell = state(step.status)
        sign = SIGNS.get(step.status, SPINNER[tick % len(SPINNER)])
        text.append("\n" if i else "")
        text.append(f"{sign} ", style=cell[1])
        text.append(f"{step.name:<{wide}}  ")
        text.append(f"{step.status:<10}  ", style=cell[1])
        text.append("" if step.status == "Pending" else _numbers(step), style="dim")
        text.append(f"  {newest[step.name]}" if step.name in newest else "")
        text.append(f"  {streams}" if (streams := _streams(step, bars=True)) else "")
    return text
