"""The command that shows what training steps log of their metrics: a table, live, or a picture."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shardr.cli.output import count, table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from shardr.api.metrics.reading import Metrics
    from shardr.api.metrics.series import Series
    from shardr.cli.output import Cell, Output
    from shardr.cli.parser import Parser

    Found = list[tuple[Series, float, int]]

HEAD = ("step", "metric", "instance", "values", "last", "min", "at", "max", "at", "trend")
NUMBERS = HEAD[3:9]


def declare_metrics(parser: Parser) -> None:
    """Options of ``shardr metrics``."""
    parser.add_argument("id", metavar="RUN", help="id of a run or of a job")
    parser.add_argument("--follow", "-f", action="store_true", help="show what comes, until the run is over")
    parser.add_argument("--step", metavar="STEP", help="only this step")
    parser.add_argument("--plot", metavar="FILE", help="draw them, as .png, .svg or .pdf")


def metrics(options: argparse.Namespace, out: Output) -> int:
    """Shows the metrics of a run: last, lowest and highest value, how many there are, and how they went."""
    from shardr.api.jobs import run_of
    from shardr.api.metrics.reading import Metrics
    from shardr.cli.known import hinted

    with hinted(options.id):
        run, step = run_of(options.id)
    step = options.step or step
    found = Metrics(run)
    with _shown(found, out, live=options.follow) as show:
        for lines in run.log_parts(step=step, follow=options.follow):
            show(found.take(lines))
    if options.plot:
        from shardr.api.metrics.picture import draw

        draw(found, options.plot)
    every = found.series
    over = run.refresh().view.over
    missing = found.missing(step) if over else []  # else they may come yet
    out.answer({
        "run": run.id,
        "status": run.status,
        "metrics": [series.to_dict() for series in every],
        "missing": [{"step": of, "metric": name, "regex": regex} for of, name, regex in missing],
    })  # fmt: skip
    if every:
        for line in _table(every):
            out.say(*line)
    elif found.defined:
        out.say(f"no metric was logged{'' if over else ' yet'}")
    else:
        out.say("no step has metrics to look for: name them under metrics of a training step, as in metrics: [loss]")
    for of, name, regex in missing if not out.json else ():
        out.note(("note: ", "yellow"), f"{of}: metric {name}: no line of the log matches {regex}")
    return 0


@contextmanager
def _shown(metrics: Metrics, out: Output, *, live: bool) -> Iterator[Callable[[Found], None]]:
    """What to call with further values: the table is redrawn on a terminal, else each value is a line."""
    if not live or out.json:
        yield lambda _: None
        return
    if not sys.stdout.isatty():
        yield lambda found: _say_each(found, out)
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    def drawn() -> Text:
        lines = [Text.assemble(*line, no_wrap=True, overflow="ellipsis") for line in _table(metrics.series)]
        return Text("\n", no_wrap=True, overflow="ellipsis").join(lines)

    with Live(console=Console(highlight=False), auto_refresh=False, transient=True) as screen:
        yield lambda found: screen.update(drawn(), refresh=True) if found else None


def _say_each(found: Found, out: Output) -> None:
    for series, value, x in found:
        out.say((f"{series.step}/{series.instance} | ", "dim"), f"{series.metric} {value:.6g} at {x}")


def _table(every: list[Series]) -> list[list[Cell]]:
    """A line for each series; who logged it is told where several instances did."""
    rows = [_row(series) for series in every]
    shown = [i for i, name in enumerate(HEAD) if name != "instance" or len({series.instance for series in every}) > 1]
    return table([HEAD[i] for i in shown], [[row[i] for i in shown] for row in rows], numbers=NUMBERS)


def _row(series: Series) -> list[Cell]:
    from shardr.api.metrics.sparkline import ASCII, BLOCKS, sparkline

    marks = BLOCKS if "utf" in (sys.stdout.encoding or "").lower() else ASCII
    least, most = ((f"{pair[0]:.6g}", str(pair[1])) if pair else ("–", "–") for pair in (series.lowest, series.highest))
    numbers = (count(len(series.values)), f"{series.last:.6g}", *least, *most)
    return [series.step, (series.metric, "bold"), series.instance, *numbers, sparkline(series.values, marks=marks)]
