"""Data frames as columns of plain bytes: the one road between R and Python.

A packed frame is a JSON header and a list of buffers, little-endian, columns in order. Both halves read and write
it with the fastest thing they have (``readBin`` in R, ``numpy.frombuffer`` here); no converter of reticulate or rpy2
sees a column, so a missing value is never turned into a number.

===========  ==============================  =======================================  ==========================
wire type    buffers                         pandas, coming from R                    R
===========  ==============================  =======================================  ==========================
double       8-byte float, R's own NA        float64, NA is NaN; Float64 when the     double
                                             column also has an R NaN
integer      4-byte int, -2^31 is NA         int64; Int64 when there are NA           integer
integer64    8-byte int, -2^63 is NA         the same                                 integer64 (only from R)
logical      1 byte, 2 is NA                 bool; boolean when there are NA          logical
string       UTF-8, NUL after each; then     object with None (pandas 3: str)         character
             1 byte per row if any is NA
factor       4-byte codes from 1; levels     Categorical of strings                   factor, ordered kept
date         4-byte days since 1970          date32[day][pyarrow]                     Date
datetime     8-byte float seconds            datetime64[ns, tz] ([us] beyond 1677     POSIXct with tzone
                                             to 2262)
difftime     8-byte float seconds            timedelta64[ns]                          difftime in secs
===========  ==============================  =======================================  ==========================

Towards R, a missing value of any pandas or Arrow kind is NA; a NaN that is not missing (Arrow, ``Float64``) stays NaN.
Integers that do not fit 32 bits become double when every value is whole there (at most 2^53), else they are refused.
Clock times without a zone become UTC. An R time without ``tzone`` takes the zone of the session. Times in R resolve a
quarter of a microsecond today; whole microseconds survive exactly. Names may repeat or be empty. Row names of R are an
index of strings and back; an unnamed index of numbers is positions, and is dropped.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.data.columns_in import FROM_WIRE, split_strings
from shardr.data.columns_out import join, to_wire
from shardr.data.wire import FORMAT, Buffer, RefusedError
from shardr.errors import FrameError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    import pyarrow as pa

__all__ = ["Buffer", "Packed", "from_r", "pack", "to_r", "unpack"]


@dataclass(frozen=True)
class Packed:
    """A frame on its way: the header says what the buffers are."""

    header: str
    buffers: tuple[Buffer, ...]


def pack(frame: pd.DataFrame | pa.Table) -> Packed:
    """The frame as bytes that R reads.

    Raises
    ------
    FrameError
        If a column has no counterpart in R; the error lists every such column.

    Examples
    --------
    >>> import pandas as pd
    >>> pack(pd.DataFrame({"x": [1, 2]})).header
    '{"format":1,"rows":2,"row_names":false,"columns":[{"name":"x","type":"integer"}]}'
    """
    problems: list[Problem] = []
    rows, row_names, columns = _columns_of(frame, problems)
    described: list[dict[str, Any]] = []
    buffers: list[Buffer] = []
    for place, (name, column) in enumerate(columns, start=1):
        try:
            if not isinstance(name, str):
                raise RefusedError(
                    f"the column name {name!r} is not text", "rename it: frame.columns = frame.columns.map(str)"
                )
            kind, parts = to_wire(_as_arrow(column))
        except RefusedError as refused:
            problems.append(Problem(f'column {place} "{name}"', refused.message, refused.fix))
            continue
        described.append({"name": name, **kind})
        buffers.extend(parts)
    if row_names is not None:
        try:
            buffers.insert(0, join(row_names))
        except RefusedError as refused:
            problems.append(Problem("index", refused.message, refused.fix))
    _raise_if(problems)
    header = {"format": FORMAT, "rows": rows, "row_names": row_names is not None, "columns": described}
    return Packed(json.dumps(header, ensure_ascii=False, separators=(",", ":")), tuple(buffers))


def unpack(packed: Packed) -> pd.DataFrame:
    """The frame that R packed, as pandas; the columns own their memory.

    Raises
    ------
    FrameError
        If the bytes are not of this format, or a time zone is not known here.
    """
    import pandas as pd

    header = json.loads(packed.header)
    if header.get("format") != FORMAT:
        raise FrameError(
            f"this frame is packed in format {header.get('format')!r}, and this half reads format {FORMAT}",
            fix="install the R and the Python half of shardr in the same version",
        )
    rows = int(header["rows"])
    buffers = iter(packed.buffers)
    problems: list[Problem] = []
    try:
        index: Any = _labels(split_strings(next(buffers), rows)) if header["row_names"] else pd.RangeIndex(rows)
        arrays: dict[int, Any] = {}
        for place, column in enumerate(header["columns"]):
            _unpack_column(column, place, rows, buffers, arrays, problems)
    except (StopIteration, ValueError, KeyError) as error:
        raise FrameError(
            "the bytes of this frame do not fit its header",
            why=f"{type(error).__name__}: {error}",
            fix="install the R and the Python half of shardr in the same version",
        ) from error
    _raise_if(problems)
    frame = pd.DataFrame(arrays, index=index, copy=False)
    frame.columns = _labels([column["name"] for column in header["columns"]])
    return frame


def _labels(names: Any) -> pd.Index[Any]:
    """Text as pandas labels: of the dtype that this pandas gives to text, which no labels at all would not show."""
    import pandas as pd

    labels: pd.Index[Any] = pd.Index(names) if len(names) else pd.Index(names, dtype=object)
    return labels


def _unpack_column(
    column: dict[str, Any],
    place: int,
    rows: int,
    buffers: Iterator[Buffer],
    arrays: dict[int, Any],
    problems: list[Problem],
) -> None:
    try:
        arrays[place] = FROM_WIRE[column["type"]](column, rows, buffers)
    except RefusedError as refused:
        problems.append(Problem(f'column {place + 1} "{column["name"]}"', refused.message, refused.fix))


def to_r(frame: pd.DataFrame | pa.Table) -> tuple[str, list[bytearray]]:
    """What R's ``frame_from_python()`` takes: the header and the buffers.

    Bytearrays, since reticulate before 1.29 makes raw vectors of those but not of bytes.
    """
    packed = pack(frame)
    return packed.header, [bytearray(buffer) for buffer in packed.buffers]


def from_r(header: str, buffers: Sequence[Buffer]) -> pd.DataFrame:
    """The frame of what R's ``frame_pack()`` made."""
    return unpack(Packed(header, tuple(buffers)))


def _raise_if(problems: list[Problem]) -> None:
    if problems:
        raise FrameError("this frame cannot cross between R and Python unchanged", problems=problems)


def _columns_of(frame: pd.DataFrame | pa.Table, problems: list[Problem]) -> tuple[int, Any, list[tuple[Any, Any]]]:
    """Rows, row names and named columns, each still as the frame has it."""
    import pandas as pd
    import pyarrow as pa

    if isinstance(frame, pa.Table):
        return frame.num_rows, None, list(zip(frame.column_names, frame.columns, strict=True))
    if not isinstance(frame, pd.DataFrame):
        raise FrameError(
            f"expected a pandas DataFrame or a pyarrow Table, found {type(frame).__name__}",
            fix="make a data frame of it: pandas.DataFrame(...)",
        )
    row_names = None
    index = frame.index
    if isinstance(index, pd.MultiIndex) or index.name is not None:
        problems.append(Problem("index", "R has no named index", "make columns of it: frame.reset_index()"))
    elif pd.api.types.is_integer_dtype(index.dtype):
        pass
    elif len(index) and pd.api.types.infer_dtype(index, skipna=False) == "string" and index.is_unique:
        row_names = pa.array(index.tolist(), pa.large_string())
    elif len(index):
        problems.append(
            Problem(
                "index",
                f"an index of {index.dtype} is neither row numbers nor unique strings",
                "make a column of it, frame.reset_index(), or drop it, frame.reset_index(drop=True)",
            )
        )
    return len(frame), row_names, [(name, frame.iloc[:, place]) for place, name in enumerate(frame.columns)]


def _as_arrow(column: pd.Series[Any] | pa.ChunkedArray) -> Any:
    import pyarrow as pa

    if isinstance(column, pa.ChunkedArray):
        return column
    try:
        array = pa.Array.from_pandas(column)
        # pandas keeps text as objects: a column without a single value is text all the same
        return array.cast(pa.large_string()) if pa.types.is_null(array.type) else array
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise RefusedError(
            f"{column.dtype} values that are not of one simple type: {error}",
            "convert the column to text, numbers, dates or a category",
        ) from error
