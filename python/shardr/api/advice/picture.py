"""Minutes and dollars by instances, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.api.picture import COLOURS, blank, plain, save

if TYPE_CHECKING:
    from pathlib import Path

    from shardr.api.advice.advise import Advice
    from shardr.api.advice.forecast import Option

MARKS = ("o", "s", "^", "D", "v", "P")


def draw(advice: Advice, file: str | Path) -> None:
    """Two panels side by side, a line for each type with its 95 % interval; the minutes here as a dashed line."""
    figure = blank(9, 4)
    minutes, dollars = figure.subplots(1, 2)
    away = [option for option in advice.options if option.where == "sagemaker"]
    types = list(dict.fromkeys(option.instance_type for option in away))
    for i, name in enumerate(types):
        of_type = [option for option in away if option.instance_type == name]
        look = {"color": COLOURS[i % len(COLOURS)], "marker": MARKS[i % len(MARKS)], "label": name, "alpha": 0.85}
        _line(minutes, [(o, o.minutes, o.minutes_margin) for o in of_type], i, len(types), look)
        known = [(o, o.dollars, o.dollars_margin or 0.0) for o in of_type if o.dollars is not None]
        _line(dollars, known, i, len(types), look)
    at_home = next(option for option in advice.options if option.where == "here")
    minutes.axhline(at_home.minutes, color="#555555", linestyle="--", label="here")
    counts = sorted({option.instances for option in away}) or [1]
    for panel, what in ((minutes, "minutes"), (dollars, "dollars")):
        panel.set(xlabel="instances", title=what, xscale="log", ylim=(0, None))
        panel.set_xticks(counts, [str(n) for n in counts])
        panel.minorticks_off()
        plain(panel)
    if not dollars.containers:
        dollars.text(0.5, 0.5, "no price known", transform=dollars.transAxes, ha="center", color="#555555")
    handles, labels = minutes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.suptitle(f"{advice.name}: minutes and dollars on SageMaker, {advice.region}", fontsize="medium")
    save(figure, file)


def _line(panel: Any, found: list[tuple[Option, float, float]], i: int, types: int, look: dict[str, Any]) -> None:
    """Counts a little to the side of each other, so that bars of one height do not hide behind one another."""
    if found:
        aside = 1.015 ** (2 * i - types + 1)
        where = [option.instances * aside for option, _, _ in found]
        panel.errorbar(where, [y for _, y, _ in found], yerr=[e for _, _, e in found], capsize=3, **look)
