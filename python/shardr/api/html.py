"""A run as a table for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shardr.engines.base import RunView

COLUMNS = ("step", "status", "instances", "rows in", "rows out", "seconds")


def count(value: int | None) -> str:
    """A number of rows for people: ``41,177``, or a dash for what is not a table."""
    return "–" if value is None else f"{value:,}"


def run_table(view: RunView) -> str:
    """The steps of a run as an HTML table."""
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td>{escape(str(cell))}</td>"
            for cell in (
                step.name,
                step.status,
                step.instances,
                count(step.rows_in),
                count(step.rows_out),
                "–" if step.seconds is None else f"{step.seconds:.1f}",
            )
        )
        + "</tr>"
        for step in view.steps
    )
    failures = "".join(f"<pre>{escape(step.failure)}</pre>" for step in view.steps if step.failure)
    caption = f"<caption>{escape(view.run)}: {escape(view.status)}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{failures}"
