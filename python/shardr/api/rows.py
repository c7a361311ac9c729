"""Rows on their way to a model and back: lines of CSV, in pieces that a request can hold."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from shardr.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

MOST_BYTES = 5_000_000
"""Of a request: the service takes 6 MiB."""


def row_lines(frame: pd.DataFrame) -> list[bytes]:
    """A line of CSV for each row; raises ``DataError`` for text with a line end in it, which would be two rows."""
    text = frame.to_csv(header=False, index=False, lineterminator="\n")
    lines = [line + b"\n" for line in text.encode().split(b"\n")[:-1]]
    if len(lines) != len(frame):
        raise DataError("a text in the data has a line end", fix="models read rows by their line ends: replace it")
    return lines


def header_line(frame: pd.DataFrame) -> bytes:
    """The names of the columns as a line of CSV."""
    return frame[:0].to_csv(index=False, lineterminator="\n").encode()


def answers(lines: list[bytes], ask: Callable[[bytes], bytes]) -> list[bytes]:
    """A line for each row, of the answers to pieces of them; raises ``DataError`` when there are more or fewer."""
    return [line for piece in _pieces(lines) for line in _of(ask(b"".join(piece)), len(piece))]


def table(lines: list[bytes]) -> pd.DataFrame:
    """The answers as a data frame."""
    import pandas as pd

    told = b"\n".join(line or b"NA" for line in lines)  # an empty line would be no row
    return pd.read_csv(io.BytesIO(told), header=None) if lines else pd.DataFrame()


def _pieces(lines: list[bytes]) -> Iterator[list[bytes]]:
    piece: list[bytes] = []
    size = 0
    for line in lines:
        if piece and size + len(line) > MOST_BYTES:
            yield piece
            piece, size = [], 0
        piece.append(line)
        size += len(line)
    if piece:
        yield piece


def _of(body: bytes, rows: int) -> list[bytes]:
    """One answer for each row: models put theirs on lines, or all on one, as XGBoost of the service does.

    A line may be empty: an answer that is missing.
    """
    text = body.replace(b"\r\n", b"\n")
    lines = text.removesuffix(b"\n").split(b"\n")
    if len(lines) != rows:
        lines = text.strip().split(b"\n")
    if len(lines) == 1 and rows > 1:
        lines = lines[0].split(b",")
    if len(lines) != rows:
        raise DataError(
            f"the model gave {len(lines)} answers to {rows} rows",
            fix="invoke() gives its answer as it is; a model for tables answers each row, in order",
        )
    return lines
