"""Random tables and the many ways to write one down."""

from __future__ import annotations

import csv
import io
from typing import Any

from hypothesis import strategies as st

# Everything that makes CSV hard: separators, quotes and newlines inside, blanks, unicode, numbers that look like text
CELLS = st.one_of(
    st.lists(st.sampled_from([*'ab ,"\n;é日\t', "\r\n"]), max_size=6).map(
        "".join
    ),  # a lone \r Python 3.11 does not quote
    st.integers(-(10**19), 10**19).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["", "NA", "007", "-01", "0", "-0", "1e5", "TRUE", "false", "2024-02-30", "2024-02-29", "5."]),
)


@st.composite
def tables(draw: st.DrawFn, *, columns: int = 4, rows: int = 30) -> tuple[list[str], list[list[str]]]:
    """Column names, and rows of text cells."""
    width = draw(st.integers(2, columns))
    names = [f"c{k}" for k in range(width)]
    return names, draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=rows))


def as_csv(
    names: list[str], rows: list[list[str]], *, quoting: Any = csv.QUOTE_MINIMAL, end: str = "\n", last: bool = True
) -> bytes:
    """The table as CSV text; ``last`` says whether the last line has its end."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=quoting, lineterminator=end)
    writer.writerow(names)
    writer.writerows(rows)
    written = text.getvalue().encode()
    return written if last else written[: -len(end)]
