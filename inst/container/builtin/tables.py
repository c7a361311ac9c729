"""The files of a channel, and tables of numbers as CSV without a header."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from place import UserError

if TYPE_CHECKING:
    from pathlib import Path

DELIMITERS = ",\t;| "
FOLDER_DEPTH = 3


def files(folder: Path) -> list[Path]:
    """The files of a channel in bytewise order; raises ``UserError`` for those that SageMaker's containers refuse."""
    found = sorted(folder.rglob("*"), key=lambda path: str(path).encode()) if folder.is_dir() else []
    for path in found:
        inside = path.relative_to(folder)
        if inside.name.startswith("."):
            raise UserError(f"{folder.name}/{inside} is hidden: SageMaker's container refuses such files; remove it")
        if path.is_file() and len(inside.parts) > FOLDER_DEPTH + 1:
            raise UserError(f"{folder.name}/{inside} lies too deep: at most {FOLDER_DEPTH} folders")
    return [path for path in found if path.is_file() and not path.name.startswith("_")]


def numbers_of(content: bytes, delimiter: str, name: str, first: int = 1) -> Any:
    """A table of numbers; an empty cell is a missing value. ``first`` is the number that its first line has."""
    try:
        table = pd.read_csv(io.BytesIO(content), header=None, sep=delimiter, dtype=np.float32, skipinitialspace=True)
    except (ValueError, pd.errors.ParserError) as error:
        raise UserError(_fault(content, delimiter, name, first) or f"{name} is no CSV of numbers: {error}") from None
    # pandas fills up a line that is too short
    if content.count(delimiter.encode()) != len(table) * (table.shape[1] - 1) and delimiter != " ":
        raise UserError(_fault(content, delimiter, name, first) or f"{name}: not all of its lines have as many cells")
    return table.to_numpy()


def _fault(content: bytes, delimiter: str, name: str, first: int) -> str | None:
    """The first line that is not as the first one."""
    width = None
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), first):
        cells = line.split(delimiter) if line.strip() else []
        width = width or len(cells)
        if cells and len(cells) != width:
            return f'{name}, line {number}: expected {width} cells, found {len(cells)} in "{line[:80]}"'
        if wrong := [cell for cell in cells if cell.strip() and not is_number(cell)]:
            return f'{name}, line {number}: expected numbers, found "{wrong[0][:40]}"'
    return None


def delimiter_of(content: bytes) -> str:
    """Of the delimiters that are known the one that the first line has most of."""
    return max(DELIMITERS, key=first_line(content).count)


def first_line(content: bytes) -> str:
    """The first line that has something."""
    return content.lstrip().partition(b"\n")[0].decode("utf-8", "replace").strip()


def headless(content: bytes, name: str, algorithm: str, hint: str = "") -> str:
    """The delimiter of CSV; raises ``UserError`` where its first line has words only, which make it a header."""
    first, delimiter = first_line(content), delimiter_of(content)
    if first and not any(map(is_number, first.split(delimiter))):
        raise UserError(
            f'{name} begins with a header, "{first[:80]}": the built-in {algorithm} takes each line for a row;'
            f" write the file without it{hint}"
        )
    return delimiter


def is_number(text: str) -> bool:
    """Whether a cell is one, as a header's is not."""
    try:
        float(text.strip().strip('"'))
    except ValueError:
        return False
    return True
