"""What is printed: text for people, one JSON object for programs, tables and colours for both eyes of a terminal."""

from __future__ import annotations

import json
import math
import os
import sys
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35",
         "cyan": "36"}  # fmt: skip
STATES = {"Completed": "green", "Failed": "red", "Stopped": "yellow", "Stopping": "yellow", "InProgress": "cyan",
          "Pending": "dim"}  # fmt: skip
Cell = str | tuple[str, str]
"""Text, or text and its style."""


class Output:
    """Where a command speaks: its answer goes to stdout, notes and progress to stderr.

    With ``json``, stdout holds one JSON object and nothing else.
    """

    def __init__(self, *, json: bool = False) -> None:
        self.json = json
        self.colour = _coloured(sys.stdout)
        self.note_colour = _coloured(sys.stderr)

    def say(self, *cells: Cell) -> None:
        """A line of the answer, for people; nothing with ``json``."""
        if not self.json:
            print("".join(painted(cell, on=self.colour) for cell in cells), flush=True)

    def note(self, *cells: Cell) -> None:
        """A line that is not part of the answer; at a terminal it ends where a word does."""
        if sys.stderr.isatty():
            import shutil

            cells = tuple(wrapped(cells, shutil.get_terminal_size().columns))
        print("".join(painted(cell, on=self.note_colour) for cell in cells), file=sys.stderr, flush=True)

    def answer(self, value: Any) -> None:
        """The one JSON object; nothing without ``json``."""
        if self.json:
            print_json(value)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[Cell]], *, numbers: Sequence[str] = ()) -> None:
        """A table for people, numbers to the right."""
        for line in table(head, rows, numbers=numbers):
            self.say(*line)


def _coloured(stream: IO[str]) -> bool:
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


def painted(cell: Cell, *, on: bool) -> str:
    """The text of a cell, in its style when colours are on."""
    if isinstance(cell, str):
        return cell
    text, style = cell
    return f"\x1b[{CODES[style]}m{text}\x1b[0m" if on and style else text


def wrapped(cells: Sequence[Cell], width: int) -> list[Cell]:
    """The cells with line ends instead of blanks where a line would be wider; a command in backquotes stays whole."""
    import re

    made: list[Cell] = []
    column, margin, gap = 0, "", ""
    for cell in cells:
        text, style = (cell, "") if isinstance(cell, str) else cell
        for piece in re.findall(r"\n|[^\S\n]+|(?:`[^`\n]*`|\S)+", text):
            if piece == "\n":
                made.append(piece)
                column, margin, gap = 0, "", ""
            elif piece.isspace():
                margin, gap = (gap + piece if column == 0 else margin), gap + piece
            else:
                wide = column > 0 and gap and column + len(gap) + len(piece) > width
                before = f"\n{margin}" if wide else gap
                made += [before, (piece, style)]
                column = len(margin) + len(piece) if wide else column + len(gap) + len(piece)
                gap = ""
    return [*made, gap]


def state(status: str) -> Cell:
    """A state in its colour."""
    return status, STATES.get(status, "")


def table(head: Sequence[str], rows: Sequence[Sequence[Cell]], *, numbers: Sequence[str] = ()) -> list[list[Cell]]:
    """The lines of a table, as cells that fill their columns."""
    texts = [[_text(cell) for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in [list(head), *texts]) for i in range(len(head))]

    def line(cells: Sequence[Cell]) -> list[Cell]:
        filled: list[Cell] = []
        for i, cell in enumerate(cells):
            room = " " * (widths[i] - len(_text(cell)))
            last = i == len(head) - 1
            filled += [room, cell] if head[i] in numbers else [cell, "" if last else room]
            filled.append("" if last else "  ")
        return filled

    return [line([(name, "bold") for name in head]), *(line(row) for row in rows)]


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell[0]


def print_json(value: Any) -> None:
    """One JSON object on stdout; in ASCII where stdout cannot take the text as it is."""
    text = json_text(value, indent=2)
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:  # a file name that is no UTF-8, or a terminal that is not
        text = json_text(value, indent=2, ensure_ascii=True)
    print(text, flush=True)


def json_text(value: Any, *, indent: int | None = None, ensure_ascii: bool = False) -> str:
    """JSON; what it has no number for, such as a metric that is infinite, is the text ``nan``, ``inf`` or ``-inf``."""
    look: dict[str, Any] = {"indent": indent, "ensure_ascii": ensure_ascii, "default": _plain}
    try:
        return json.dumps(value, allow_nan=False, **look)
    except ValueError:
        return json.dumps(_spelled(value), **look)


def _spelled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _spelled(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_spelled(one) for one in value]
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)


def _plain(value: Any) -> str:
    """Times in ISO 8601, paths as text."""
    return str(value.isoformat()) if hasattr(value, "isoformat") else os.fspath(value)


def count(value: int | None, noun: str = "") -> str:
    """``41,177`` or ``1 file``, ``2 files``; a dash for what is not known."""
    if value is None:
        return "–"
    return f"{value:,}" + (f" {noun}{'' if value == 1 else 's'}" if noun else "")


def seconds(value: float | None) -> str:
    """``0.6`` or ``12:05`` from two minutes on; a dash when it has not begun."""
    if value is None:
        return "–"
    return f"{value:.1f}" if value < 120 else f"{int(value) // 60}:{int(value) % 60:02d}"


def size(value: int | None) -> str:
    """``3.9 MB``; a dash for what is not known."""
    if value is None:
        return "–"
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def where(runner: str, reason: str) -> str:
    """Where a run is, for people: ``on SageMaker in eu-west-1``, or this machine and how its instances are started."""
    return reason if runner == "sagemaker" else f"on this machine, {reason}"
