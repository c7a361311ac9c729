"""Metrics drawn: a panel for each quantity, as ``train:rmse`` and ``validation:rmse`` are read side by side."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shardr.api.picture import COLOURS, blank, plain, save
from shardr.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from shardr.api.metrics.reading import Metrics
    from shardr.api.metrics.series import Series
    from shardr.api.picture import Figure

LINES = ("-", "--", ":", "-.")
MOST_NAMED = 12
"""More lines in one panel are drawn and not named: nobody could tell them apart."""


def draw(metrics: Metrics, file: str | Path | None) -> Figure:
    """Each series as a line; what is no number is a gap. Raises ``DataError`` when there is nothing to draw."""
    every = metrics.series
    if not every:
        raise DataError(f"run {metrics.run.id} has logged no metric", fix="`shardr metrics` says which it looks for")
    panels: dict[str, list[Series]] = {}
    for series in every:
        panels.setdefault(series.metric.rpartition(":")[2], []).append(series)
    wide = min(3, len(panels))
    high = math.ceil(len(panels) / wide)
    figure = blank(max(6.0, 4.5 * wide), 3.2 * high + 0.4)
    for number, (what, lines) in enumerate(panels.items(), 1):
        panel = figure.add_subplot(high, wide, number)
        labels = _labels(lines)
        if all(len(series.values) == 1 for series in lines):  # a place for each: lines of one value are none
            panel.plot(labels, [series.last for series in lines], "o", color=COLOURS[0])
            panel.margins(x=0.3)
            named = False
        else:
            for series, label, look in zip(lines, labels, _looks(lines), strict=True):
                _line(panel, series, label, look)
            panel.locator_params(axis="x", integer=True)
            named = 1 < len(lines) <= MOST_NAMED
        panel.set_title(what if len(lines) <= MOST_NAMED else f"{what}, {len(lines)} lines")
        plain(panel)
        if named:
            panel.legend(frameon=False, fontsize="small")
    figure.suptitle(f"run {metrics.run.id}", fontsize="medium")
    if file is not None:
        save(figure, file)
    return figure


def _looks(lines: list[Series]) -> list[dict[str, str]]:
    """A colour for each metric and a dash for each instance; where one of both is alone, each line has its own."""
    metrics = list(dict.fromkeys((series.step, series.metric) for series in lines))
    instances = list(dict.fromkeys(series.instance for series in lines))
    both = len(metrics) > 1 and len(instances) > 1
    places = [
        (metrics.index((series.step, series.metric)), instances.index(series.instance)) if both else (i, i)
        for i, series in enumerate(lines)
    ]
    return [{"color": COLOURS[i % len(COLOURS)], "linestyle": LINES[j % len(LINES)]} for i, j in places]


def _line(panel: Any, series: Series, label: str, look: dict[str, str]) -> None:
    """A line with gaps, and a dot for a value that has a gap on both sides."""
    heights = [value if math.isfinite(value) else math.nan for value in series.values]
    there = [False, *(not math.isnan(height) for height in heights), False]
    lone = [at for at in range(len(heights)) if there[at + 1] and not there[at] and not there[at + 2]]
    panel.plot(series.x, heights, label=label, alpha=0.85, **look)
    panel.plot([series.x[at] for at in lone], [heights[at] for at in lone], "o", markersize=4, color=look["color"])


def _labels(lines: list[Series]) -> list[str]:
    """What tells the lines of a panel apart: of step, metric and instance those that differ; else the metric."""
    words = [(series.step, series.metric.rpartition(":")[0] or series.metric, series.instance) for series in lines]
    differ = [i for i in range(3) if len({found[i] for found in words}) > 1] or [1]
    return [" ".join(found[i] for i in differ) for found in words]
