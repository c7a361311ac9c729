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
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from shardr.errors import FrameError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    import pandas as pd
    import pyarrow as pa

__all__ = ["Packed", "from_r", "pack", "to_r", "unpack"]

FORMAT = 1
_INTEGER_NA = -(2**31)
_INTEGER64_NA = -(2**63)
_WHOLE_IN_DOUBLE = 2**53
_DOUBLE_NA = 0x7FF00000000007A2  # R marks its NA among the NaNs by a low word of 1954
_LOW_WORD_OF_NA = 1954
_NANOSECOND_RANGE = 9.2e9  # seconds from 1970 that 64 bits of nanoseconds reach
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}

Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True)
class Packed:
    """A frame on its way: the header says what the buffers are."""

    header: str
    buffers: tuple[Buffer, ...]


class _RefusedError(Exception):
    """This column cannot cross; turned into one problem among all of the frame's."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


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
    for place, (name, convert) in enumerate(columns, start=1):
        try:
            if not isinstance(name, str):
                raise _RefusedError(
                    f"the column name {name!r} is not text", "rename it: frame.columns = frame.columns.map(str)"
                )
            kind, parts = _to_wire(convert())
        except _RefusedError as refused:
            problems.append(Problem(f'column {place} "{name}"', refused.message, refused.fix))
            continue
        described.append({"name": name, **kind})
        buffers.extend(parts)
    if row_names is not None:
        try:
            buffers.insert(0, _join(row_names))
        except _RefusedError as refused:
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
        index: Any = pd.Index(_split(next(buffers), rows), dtype=object) if header["row_names"] else pd.RangeIndex(rows)
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
    frame.columns = pd.Index([column["name"] for column in header["columns"]], dtype=object)
    return frame


def _unpack_column(
    column: dict[str, Any],
    place: int,
    rows: int,
    buffers: Iterator[Buffer],
    arrays: dict[int, Any],
    problems: list[Problem],
) -> None:
    try:
        arrays[place] = _FROM_WIRE[column["type"]](column, rows, buffers)
    except _RefusedError as refused:
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


# ---- from pandas or Arrow to bytes: everything is looked at as an Arrow array ----


def _columns_of(
    frame: pd.DataFrame | pa.Table, problems: list[Problem]
) -> tuple[int, Any, list[tuple[Any, partial[Any]]]]:
    """Rows, row names and named columns, each column made Arrow when asked."""
    import pandas as pd
    import pyarrow as pa

    if isinstance(frame, pa.Table):
        chunked = zip(frame.column_names, frame.columns, strict=True)
        return frame.num_rows, None, [(name, partial(_itself, column)) for name, column in chunked]
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
    taken: list[tuple[Any, partial[Any]]] = [
        (name, partial(_as_arrow, frame.iloc[:, place])) for place, name in enumerate(frame.columns)
    ]
    return len(frame), row_names, taken


def _itself(column: Any) -> Any:
    return column


def _as_arrow(series: pd.Series[Any]) -> Any:
    import pyarrow as pa

    try:
        array = pa.Array.from_pandas(series)
        # pandas keeps text as objects: a column without a single value is text all the same
        return array.cast(pa.large_string()) if pa.types.is_null(array.type) else array
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise _RefusedError(
            f"{series.dtype} values that are not of one simple type: {error}",
            "convert the column to text, numbers, dates or a category",
        ) from error


def _to_wire(array: Any) -> tuple[dict[str, Any], list[bytes]]:
    """What the header says of one Arrow array, and its buffers."""
    import pyarrow as pa
    import pyarrow.types as is_

    kind = array.type
    if is_.is_dictionary(kind):
        return _factor_to_wire(array)
    if isinstance(array, pa.ChunkedArray):
        if is_.is_string(kind):  # offsets of 32 bits may not reach over all chunks
            array = array.cast(pa.large_string())
        array = array.combine_chunks()
    for fits, convert in (
        (is_.is_boolean, _logical_to_wire),
        (is_.is_null, _logical_to_wire),
        (is_.is_integer, _integer_to_wire),
        (is_.is_floating, _double_to_wire),
        (_is_text, _string_to_wire),
        (is_.is_date, _date_to_wire),
        (is_.is_timestamp, _datetime_to_wire),
        (is_.is_duration, _difftime_to_wire),
    ):
        if fits(kind):
            return convert(array)
    if is_.is_nested(kind):
        raise _RefusedError(f"a list column ({kind})", "spread it over plain columns, or keep it as JSON text")
    raise _RefusedError(f"R has no column type for {kind}", "convert the column to text, numbers, dates or a category")


def _is_text(kind: Any) -> bool:
    import pyarrow.types as is_

    view = getattr(is_, "is_string_view", None)  # since pyarrow 16
    return bool(is_.is_string(kind) or is_.is_large_string(kind) or (view is not None and view(kind)))


def _missing(array: Any) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = array.is_null().to_numpy(zero_copy_only=False)
    return found


def _logical_to_wire(array: Any) -> tuple[dict[str, Any], list[bytes]]:
    import pyarrow as pa

    return {"type": "logical"}, [array.cast(pa.uint8()).fill_null(2).to_numpy().tobytes()]


def _integer_to_wire(array: Any) -> tuple[dict[str, Any], list[bytes]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = pc.min_max(array).as_py()
    low, high = ends["min"] or 0, ends["max"] or 0
    if low > _INTEGER_NA and high < 2**31:
        return {"type": "integer"}, [array.cast(pa.int32()).fill_null(_INTEGER_NA).to_numpy().tobytes()]
    if low < -_WHOLE_IN_DOUBLE or high > _WHOLE_IN_DOUBLE:
        raise _RefusedError(
            f"integers from {low} to {high}: R keeps whole numbers only up to 2^53 = {_WHOLE_IN_DOUBLE}",
            "convert the column to text if it is an identifier, to float64 if it is a measure",
        )
    return _double_to_wire(array)


def _double_to_wire(array: Any) -> tuple[dict[str, Any], list[bytes]]:
    import pyarrow as pa

    return {"type": "double"}, [_doubles(array.cast(pa.float64()).to_numpy(zero_copy_only=False), array)]


def _doubles(values: np.ndarray[Any, Any], array: Any) -> bytes:
    """The values as 8-byte floats, with R's NA where ``array`` has null."""
    if array.null_count:
        values = values.astype("<f8")
        values.view("<u8")[_missing(array)] = _DOUBLE_NA
    return values.astype("<f8", copy=False).tobytes()


def _join(array: Any) -> bytes:
    """The UTF-8 of all strings, a NUL after each."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(array):
        return b""
    row = pa.LargeListArray.from_arrays([0, len(array)], array)
    text = pc.binary_join(row, pa.scalar("\0", pa.large_string()))
    joined = text[0].as_buffer().to_pybytes() + b"\0"
    if joined.count(b"\0") != len(array):
        raise _RefusedError("text with a NUL character, which R cannot hold", 'remove it: .str.replace("\\0", "")')
    return bytes(joined)


def _string_to_wire(array: Any) -> tuple[dict[str, Any], list[bytes]]:
    import pyarrow as pa

    array = array.cast(pa.large_string())
    if not array.null_count:
        return {"type": "string", "mask": False}, [_join(array)]
    return {"type": "string", "mask": True}, [_join(array.fill_null("")), _missing(array).tobytes()]


def _factor_to_wire(array: Any) -> tuple[dict[str, Any], list[bytes]]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as is_

    if isinstance(array, pa.ChunkedArray):
        array = array.unify_dictionaries().combine_chunks()
    levels = array.dictionary
    if is_.is_null(levels.type) and not len(levels):
        levels = levels.cast(pa.large_string())
    if not _is_text(levels.type):
        raise _RefusedError(
            f"categories of {levels.type}: the levels of an R factor are strings",
            "rename_categories(str), or convert the column to its values",
        )
    levels = levels.cast(pa.large_string())
    if levels.null_count or pc.count_distinct(levels).as_py() != len(levels):
        raise _RefusedError("missing or repeated categories", "keep each category once")
    codes = pc.add(array.indices.cast(pa.int32()), pa.scalar(1, pa.int32())).fill_null(_INTEGER_NA).to_numpy()
    kind = {"type": "factor", "levels": len(levels), "ordered": bool(array.type.ordered)}
    return kind, [codes.tobytes(), _join(levels)]


def _date_to_wire(array: Any) -> tuple[dict[str, Any], list[bytes]]:
    import pyarrow as pa

    days = array.cast(pa.date32()).cast(pa.int32())
    return {"type": "date"}, [days.fill_null(_INTEGER_NA).to_numpy().tobytes()]


def _datetime_to_wire(array: Any) -> tuple[dict[str, Any], list[bytes]]:
    return {"type": "datetime", "tz": _zone_in_r(array.type.tz)}, [_seconds(array)]


def _difftime_to_wire(array: Any) -> tuple[dict[str, Any], list[bytes]]:
    return {"type": "difftime", "units": "secs"}, [_seconds(array)]


def _seconds(array: Any) -> bytes:
    """Times or durations as floating seconds, each the nearest double that there is."""
    import numpy as np
    import pyarrow as pa

    per_second = _PER_SECOND[array.type.unit]
    ticks = array.cast(pa.int64()).fill_null(0).to_numpy()
    unit, per_unit = ticks // 1000, per_second // 1000
    if per_unit and (unit * 1000 == ticks).all():  # nanoseconds that are whole microseconds fit a double far longer
        ticks, per_second = unit, per_unit
    whole = ticks // per_second
    in_parts = whole + (ticks - whole * per_second) / per_second
    return _doubles(np.where(np.abs(ticks) <= _WHOLE_IN_DOUBLE, ticks / per_second, in_parts), array)


def _zone_in_r(zone: str | None) -> str:
    """R's name of an Arrow time zone; R has no offsets, but it knows those of whole hours by name."""
    if zone is None:
        return "UTC"
    if zone[0] not in "+-":
        return zone
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if minutes:
        raise _RefusedError(f"R has no time zone for the offset {zone}", 'convert it: .dt.tz_convert("UTC")')
    if not hours:
        return "UTC"
    return f"Etc/GMT{'-' if zone[0] == '+' else '+'}{hours}"  # POSIX counts westwards


# ---- from bytes to pandas ----


def _take(buffers: Iterator[Buffer], dtype: str, rows: int) -> np.ndarray[Any, Any]:
    """The next buffer as an array of its own, writable memory."""
    import numpy as np

    values = np.frombuffer(next(buffers), dtype=dtype)
    if len(values) != rows:
        raise ValueError(f"a buffer has {len(values)} values for {rows} rows")
    return values.copy()


def _split(buffer: Buffer, count: int) -> np.ndarray[Any, Any]:
    import numpy as np

    found = np.empty(count, dtype=object)
    texts = str(buffer, "utf-8").split("\0")[:-1]
    if len(texts) != count:
        raise ValueError(f"a buffer has {len(texts)} strings for {count} rows")
    found[:] = texts
    return found


def _double_from_wire(_: dict[str, Any], rows: int, buffers: Iterator[Buffer]) -> Any:
    import numpy as np
    import pandas as pd

    values = _take(buffers, "<f8", rows)
    nan = np.isnan(values)
    if not nan.any():
        return values
    missing = nan & _is_na(values)
    values[nan] = np.nan
    if (missing == nan).all():
        return values
    values[missing] = 0
    return pd.arrays.FloatingArray(values, missing)


def _is_na(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Which of some NaNs are R's NA."""
    found: np.ndarray[Any, Any] = (values.view("<u8") & 0xFFFFFFFF) == _LOW_WORD_OF_NA
    return found


def _integer_from_wire(_: dict[str, Any], rows: int, buffers: Iterator[Buffer]) -> Any:
    values = _take(buffers, "<i4", rows)
    return _integers(values.astype("int64"), values == _INTEGER_NA)


def _integer64_from_wire(_: dict[str, Any], rows: int, buffers: Iterator[Buffer]) -> Any:
    values = _take(buffers, "<i8", rows)
    return _integers(values, values == _INTEGER64_NA)


def _integers(values: np.ndarray[Any, Any], missing: np.ndarray[Any, Any]) -> Any:
    import pandas as pd

    if not missing.any():
        return values
    values[missing] = 1
    return pd.arrays.IntegerArray(values, missing)


def _logical_from_wire(_: dict[str, Any], rows: int, buffers: Iterator[Buffer]) -> Any:
    import pandas as pd

    values = _take(buffers, "u1", rows)
    missing = values == 2
    return pd.arrays.BooleanArray(values == 1, missing) if missing.any() else values.astype(bool)


def _string_from_wire(column: dict[str, Any], rows: int, buffers: Iterator[Buffer]) -> Any:
    import pandas as pd

    values = _split(next(buffers), rows)
    if column["mask"]:
        values[_take(buffers, "u1", rows) == 1] = None
    return pd.array(values, dtype="str") if int(pd.__version__.split(".")[0]) >= 3 else values


def _factor_from_wire(column: dict[str, Any], rows: int, buffers: Iterator[Buffer]) -> Any:
    import pandas as pd

    codes = _take(buffers, "<i4", rows)
    codes[codes == _INTEGER_NA] = 0
    levels = pd.Index(_split(next(buffers), column["levels"]), dtype=object)
    return pd.Categorical.from_codes(codes - 1, categories=levels, ordered=column["ordered"])


def _date_from_wire(_: dict[str, Any], rows: int, buffers: Iterator[Buffer]) -> Any:
    import pandas as pd
    import pyarrow as pa

    days = _take(buffers, "<i4", rows)
    missing = days == _INTEGER_NA
    return pd.arrays.ArrowExtensionArray(pa.array(days, mask=missing).cast(pa.date32()))


def _datetime_from_wire(column: dict[str, Any], rows: int, buffers: Iterator[Buffer]) -> Any:
    import pandas as pd

    zone = column["tz"]
    values = _take(buffers, "<f8", rows)
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError) as error:
        raise _RefusedError(
            f'the time zone "{zone}" is not known to Python',
            'name it in full, as "Europe/Rome"',
        ) from error
    return pd.DatetimeIndex(_ticks(values, "M8")).tz_localize("UTC").tz_convert(zone).array


def _difftime_from_wire(_: dict[str, Any], rows: int, buffers: Iterator[Buffer]) -> Any:
    import pandas as pd

    return pd.TimedeltaIndex(_ticks(_take(buffers, "<f8", rows), "m8")).array


def _ticks(seconds: np.ndarray[Any, Any], kind: str) -> np.ndarray[Any, Any]:
    """Floating seconds as numpy times.

    Seconds that are the nearest double of whole microseconds become exactly those; others keep all their digits,
    so that R gets back the very double it sent.
    """
    import numpy as np

    missing = np.isnan(seconds)
    seconds[missing] = 0
    micro = np.rint(seconds * 1e6)
    if (np.abs(seconds) > _NANOSECOND_RANGE).any():
        unit, ticks = "us", micro.astype("i8")
    else:
        whole = np.floor(seconds)
        nano = whole.astype("i8") * 10**9 + np.rint((seconds - whole) * 1e9).astype("i8")
        unit, ticks = "ns", np.where(micro / 1e6 == seconds, micro.astype("i8") * 1000, nano)
    ticks[missing] = np.iinfo("i8").min
    return ticks.view(f"{kind}[{unit}]")


_FROM_WIRE: dict[str, Callable[[dict[str, Any], int, Iterator[Buffer]], Any]] = {
    "double": _double_from_wire,
    "integer": _integer_from_wire,
    "integer64": _integer64_from_wire,
    "logical": _logical_from_wire,
    "string": _string_from_wire,
    "factor": _factor_from_wire,
    "date": _date_from_wire,
    "datetime": _datetime_from_wire,
    "difftime": _difftime_from_wire,
}
