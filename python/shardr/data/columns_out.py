"""One Arrow array as the bytes that R reads: everything pandas has is looked at as Arrow first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.data.wire import DOUBLE_NA, INTEGER_NA, WHOLE_IN_DOUBLE, RefusedError

if TYPE_CHECKING:
    import numpy as np

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def to_wire(array: Any) -> tuple[dict[str, Any], list[bytes]]:
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
        raise RefusedError(f"a list column ({kind})", "spread it over plain columns, or keep it as JSON text")
    raise RefusedError(f"R has no column type for {kind}", "convert the column to text, numbers, dates or a category")


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
    if low > INTEGER_NA and high < 2**31:
        return {"type": "integer"}, [array.cast(pa.int32()).fill_null(INTEGER_NA).to_numpy().tobytes()]
    if low < -WHOLE_IN_DOUBLE or high > WHOLE_IN_DOUBLE:
        raise RefusedError(
            f"integers from {low} to {high}: R keeps whole numbers only up to 2^53 = {WHOLE_IN_DOUBLE}",
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
        values.view("<u8")[_missing(array)] = DOUBLE_NA
    return values.astype("<f8", copy=False).tobytes()


def join(array: Any) -> bytes:
    """The UTF-8 of all strings, a NUL after each."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(array):
        return b""
    row = pa.LargeListArray.from_arrays([0, len(array)], array)
    text = pc.binary_join(row, pa.scalar("\0", pa.large_string()))
    joined = text[0].as_buffer().to_pybytes() + b"\0"
    if joined.count(b"\0") != len(array):
        raise RefusedError("text with a NUL character, which R cannot hold", 'remove it: .str.replace("\\0", "")')
    return bytes(joined)


def _string_to_wire(array: Any) -> tuple[dict[str, Any], list[bytes]]:
    import pyarrow as pa

    array = array.cast(pa.large_string())
    if not array.null_count:
        return {"type": "string", "mask": False}, [join(array)]
    return {"type": "string", "mask": True}, [join(array.fill_null("")), _missing(array).tobytes()]


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
        raise RefusedError(
            f"categories of {levels.type}: the levels of an R factor are strings",
            "rename_categories(str), or convert the column to its values",
        )
    levels = levels.cast(pa.large_string())
    if levels.null_count or pc.count_distinct(levels).as_py() != len(levels):
        raise RefusedError("missing or repeated categories", "keep each category once")
    codes = pc.add(array.indices.cast(pa.int32()), pa.scalar(1, pa.int32())).fill_null(INTEGER_NA).to_numpy()
    kind = {"type": "factor", "levels": len(levels), "ordered": bool(array.type.ordered)}
    return kind, [codes.tobytes(), join(levels)]


def _date_to_wire(array: Any) -> tuple[dict[str, Any], list[bytes]]:
    import pyarrow as pa

    days = array.cast(pa.date32()).cast(pa.int32())
    return {"type": "date"}, [days.fill_null(INTEGER_NA).to_numpy().tobytes()]


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
    return _doubles(np.where(np.abs(ticks) <= WHOLE_IN_DOUBLE, ticks / per_second, in_parts), array)


def _zone_in_r(zone: str | None) -> str:
    """R's name of an Arrow time zone; R has no offsets, but it knows those of whole hours by name."""
    if zone is None:
        return "UTC"
    if zone[0] not in "+-":
        return zone
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    if minutes:
        raise RefusedError(f"R has no time zone for the offset {zone}", 'convert it: .dt.tz_convert("UTC")')
    if not hours:
        return "UTC"
    return f"Etc/GMT{'-' if zone[0] == '+' else '+'}{hours}"  # POSIX counts westwards
