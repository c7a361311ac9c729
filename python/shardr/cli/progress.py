"""A run while it is watched: live lines on a terminal, else one line for each change of state."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shardr.cli.output import Output, count, seconds, state
from shardr.engines.base import OVER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.text import Text

    from shardr.engines.base import RunView, StepView

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
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
        yield lambda view: live.update(_drawn(view, next(ticks)), refresh=True)


class _Changes:
    """Says each change of a step's state once."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}
        self._out = Output()

    def __call__(self, view: RunView) -> None:
        for step in view.steps:
            if step.status not in {"Pending", self._said.get(step.name)}:
                self._said[step.name] = step.status
                self._out.note(f"{step.name}: {step.status}, {_numbers(step)}")


def _numbers(step: StepView) -> str:
    done = sum(host.state in OVER for host in step.hosts)
    rows = "" if step.rows_in is None else f", {count(step.rows_in, 'row')} in"
    return f"{done}/{step.instances} instances{rows}, {seconds(step.seconds)} s"


def _drawn(view: RunView, tick: int) -> Text:
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
    return text
