"""Bytes of one column as the array that pandas holds; each owns its memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from shardr.data.wire import INTEGER64_NA, INTEGER_NA, LOW_WORD_OF_NA, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np

    from shardr.data.wire import Buffer

_NANOSECOND_RANGE = 9.2e9  # seconds from 1970 that 64 bits of nanoseconds reach


def _take(buffers: Iterator[Buffer], dtype: str, rows: int) -> np.ndarray[Any, Any]:
    """The next buffer as an array of its own, writable memory."""
    import numpy as np

    values = np.frombuffer(next(buffers), dtype=dtype)
    if len(values) != rows:
        raise ValueError(f"a buffer has {len(values)} values for {rows} rows")
    return values.copy()


def split_strings(buffer: Buffer, count: int) -> np.ndarray[Any, Any]:
    """The strings that stand in a buffer, a NUL after each; ValueError if there are not ``count``."""
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
    found: np.ndarray[Any, Any] = (values.view("<u8") & 0xFFFFFFFF) == LOW_WORD_OF_NA
    return found


def _integer_from_wire(_: dict[str, Any], rows: int, buffers: Iterator[Buffer]) -> Any:
    values = _take(buffers, "<i4", rows)
    return _integers(values.astype("int64"), values == INTEGER_NA)


def _integer64_from_wire(_: dict[str, Any], rows: int, buffers: Iterator[Buffer]) -> Any:
    values = _take(buffers, "<i8", rows)
    return _integers(values, values == INTEGER64_NA)


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

    values = split_strings(next(buffers), rows)
    if column["mask"]:
        values[_take(buffers, "u1", rows) == 1] = None
    return pd.array(values, dtype="str") if int(pd.__version__.split(".")[0]) >= 3 else values


def _factor_from_wire(column: dict[str, Any], rows: int, buffers: Iterator[Buffer]) -> Any:
    import pandas as pd

    codes = _take(buffers, "<i4", rows)
    codes[codes == INTEGER_NA] = 0
    levels = pd.Index(split_strings(next(buffers), column["levels"]), dtype=object)
    return pd.Categorical.from_codes(codes - 1, categories=levels, ordered=column["ordered"])


def _date_from_wire(_: dict[str, Any], rows: int, buffers: Iterator[Buffer]) -> Any:
    import pandas as pd
    import pyarrow as pa

    days = _take(buffers, "<i4", rows)
    missing = days == INTEGER_NA
    return pd.arrays.ArrowExtensionArray(pa.array(days, mask=missing).cast(pa.date32()))


def _datetime_from_wire(column: dict[str, Any], rows: int, buffers: Iterator[Buffer]) -> Any:
    import pandas as pd

    zone = column["tz"]
    values = _take(buffers, "<f8", rows)
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError) as error:
        raise RefusedError(
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


FROM_WIRE: dict[str, Callable[[dict[str, Any], int, Iterator[Buffer]], Any]] = {
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
