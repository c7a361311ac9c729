"""Runs, estimates and advice as tables for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shardr.api.advice.advise import Advice
    from shardr.api.advice.estimate import Estimate
    from shardr.engines.base import RunView

UNKNOWN = "–"


def count(value: int | None) -> str:
    """A number of rows for people: ``41,177``, or a dash for what is not a table."""
    return UNKNOWN if value is None else f"{value:,}"


def run_table(view: RunView) -> str:
    """The steps of a run as an HTML table."""
    rows = [
        (
            step.name, step.status, step.instances, count(step.rows_in), count(step.rows_out),
            UNKNOWN if step.seconds is None else f"{step.seconds:.1f}",
        )
        for step in view.steps
    ]  # fmt: skip
    failures = "".join(f"<pre>{escape(step.failure)}</pre>" for step in view.steps if step.failure)
    streams = [f"{step.name}: {name} {progress}" for step in view.steps for name, progress in step.streaming.items()]
    head = ("step", "status", "instances", "rows in", "rows out", "seconds")
    return _table(f"{view.run}: {view.status}", head, rows) + "".join(f"<p>{escape(s)}</p>" for s in streams) + failures


def estimate_table(found: Estimate) -> str:
    """The steps of an estimate with their cost."""
    rows = [
        (
            step.step, step.instances, step.instance_type, f"{step.seconds:,.1f}", step.basis,
            UNKNOWN if step.usd_per_hour is None else f"{step.usd_per_hour:g}", usd(step.dollars),
        )
        for step in found.steps
    ]  # fmt: skip
    head = ("step", "instances", "type", "seconds", "from", "$ per hour", "dollars")
    total = f"{found.name}: {'at most ' if found.at_most else ''}{usd(found.dollars)} in {found.region}"
    return _table(total, head, rows) + _notes(found.notices)


def advice_table(found: Advice) -> str:
    """The options of an advice, with the recommendation above."""
    rows = [
        (
            "here" if option.where == "here" else f"{option.instances} × {option.instance_type}",
            f"{option.minutes:.1f} ± {option.minutes_margin:.1f}",
            UNKNOWN if option.dollars is None else f"{usd(option.dollars)} ± {option.dollars_margin or 0:.3f}",
        )
        for option in found.options
    ]
    return _table(found.recommendation, ("where", "minutes", "dollars"), rows) + _notes(found.notices)


def usd(value: float | None) -> str:
    """``$0.023``, ``$1.20``; a dash for what is not known."""
    if value is None:
        return UNKNOWN
    return f"${value:,.2f}" if value >= 1 else f"${value:.3f}"


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    names = "".join(f"<th>{name}</th>" for name in head)
    lines = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{names}</tr></thead><tbody>{lines}</tbody></table>"


def _notes(notices: Sequence[str]) -> str:
    return "".join(f"<p>note: {escape(notice)}</p>" for notice in notices)
