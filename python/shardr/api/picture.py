"""Pictures, by matplotlib: the only file that knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure as Figure

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's: told apart by everybody, and in R's pictures, too."""


def blank(width: float, height: float) -> Figure:
    """An empty figure, in inches; raises ``DataError`` where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise DataError("no picture: matplotlib is not there", fix='pip install "shardr[plot]"') from error

    return Figure(figsize=(width, height), layout="constrained")


def plain(panel: Any) -> None:
    """A panel with lines for its heights and without a frame."""
    panel.grid(visible=True, axis="y", color="#dddddd")
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)


def save(figure: Figure, file: str | Path) -> None:
    """The figure as a file; raises ``DataError`` where it cannot be written."""
    try:
        figure.savefig(file, dpi=144)
    except (OSError, ValueError) as error:
        raise DataError(f"the picture {file} cannot be written: {error}", fix="name a .png, .svg or .pdf") from error
