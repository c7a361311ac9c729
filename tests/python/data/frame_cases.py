"""The frames of tests/contract/frames.json, built the way a user of pandas would."""

from __future__ import annotations

import base64
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from shardr.data.columns import Packed

CASES = Path(__file__).resolve().parents[2] / "contract" / "frames.json"


def cases() -> list[dict[str, Any]]:
    """All cases, R's as well as ours."""
    return json.loads(CASES.read_text(encoding="utf-8"))["cases"]


def golden(case: dict[str, Any]) -> Packed:
    """The bytes of a case as they were written down."""
    return Packed(case["header"], tuple(base64.b64decode(text) for text in case["buffers"]))


def built(case: dict[str, Any]) -> pd.DataFrame:
    """The frame of a case as it comes out of R: the dtypes of the table in shardr.data.columns."""
    index = pd.Index(case["row_names"]) if "row_names" in case else pd.RangeIndex(case["rows"])
    arrays = {place: _ARRAYS[column["type"]](column) for place, column in enumerate(case["columns"])}
    frame = pd.DataFrame(arrays, index=index)
    names = [column["name"] for column in case["columns"]]
    frame.columns = pd.Index(names) if names else pd.Index([], dtype=object)
    return frame


def _double(column: dict[str, Any]) -> Any:
    values = np.array([np.nan if v is None else float(v) for v in column["values"]], dtype="float64")
    if "NaN" not in column["values"]:
        return values
    return pd.arrays.FloatingArray(values, np.array([v is None for v in column["values"]]))


def _integer(column: dict[str, Any]) -> Any:
    return pd.array(column["values"], dtype="Int64" if None in column["values"] else "int64")


def _logical(column: dict[str, Any]) -> Any:
    return pd.array(column["values"], dtype="boolean" if None in column["values"] else "bool")


def _string(column: dict[str, Any]) -> Any:
    new = int(pd.__version__.split(".")[0]) >= 3
    return pd.array(column["values"], dtype="str") if new else np.array([*column["values"], None], dtype=object)[:-1]


def _factor(column: dict[str, Any]) -> Any:
    levels = pd.Index(column["levels"], dtype=object)
    return pd.Categorical(column["values"], categories=levels, ordered=column["ordered"])


def _date(column: dict[str, Any]) -> Any:
    days = [None if v is None else date.fromisoformat(v) for v in column["values"]]
    return pd.array(days, dtype=pd.ArrowDtype(pa.date32()))


def _datetime(column: dict[str, Any]) -> Any:
    unit = "us" if any(abs(v or 0) > 9.2e9 for v in column["values"]) else "ns"
    return pd.DatetimeIndex(_microseconds(column, "M8", unit), tz="UTC").tz_convert(column["tz"]).array


def _difftime(column: dict[str, Any]) -> Any:
    return pd.TimedeltaIndex(_microseconds(column, "m8", "ns")).array


def _microseconds(column: dict[str, Any], kind: str, unit: str) -> Any:
    whole = ["NaT" if v is None else round(v * 1_000_000) for v in column["values"]]
    return np.array(whole, dtype=f"{kind}[us]").astype(f"{kind}[{unit}]")


_ARRAYS = {
    "double": _double,
    "integer": _integer,
    "logical": _logical,
    "string": _string,
    "factor": _factor,
    "date": _date,
    "datetime": _datetime,
    "difftime": _difftime,
}
