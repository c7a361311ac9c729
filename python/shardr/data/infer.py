"""The type of a column of text, the same for all its shards.

A column is whole numbers, numbers, logicals, dates, date-times or date-times with a zone: the first of these that *all*
its values fit, in whatever shard; else it is strings. Missing values fit everything, and so do a quoted empty field and
a quoted ``NA``: only in a column of strings are those two text, elsewhere they are missing as well. A value with a
leading zero (``007``) is no number, and neither is a whole number that would lose digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shardr.data.cells import FALSE, INSTANT, TRUE, cast_or_none, plain_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ANY", "convert", "narrow", "settle", "unify"]

_INSTANT_TYPE = pa.timestamp("us")
_ZONED_TYPE = pa.timestamp("us", "UTC")

ANY = (pa.int64(), pa.float64(), pa.bool_(), pa.date32(), _INSTANT_TYPE, _ZONED_TYPE, pa.string())
"""The types a column may turn out to be, in the order in which they are preferred."""

_NO_VALUE = pa.array(["", "NA"], pa.string())  # in quotes, else they are null
_NOT_FINITE = pa.array(["NaN", "nan", "Inf", "inf", "-Inf", "-inf"], pa.string())
_LOGICALS = pa.array(TRUE + FALSE, pa.string())


def narrow(types: tuple[pa.DataType, ...], text: pa.Array) -> tuple[pa.DataType, ...]:
    """Those of ``types`` that the values of another piece of the column fit as well."""
    if len(types) == 1:
        return types
    values = text.unique()
    values = values.filter(pc.invert(pc.is_in(values, _NO_VALUE))).drop_null()
    return tuple(kind for kind in types if _fits(values, kind)) if len(values) else types


def settle(types: tuple[pa.DataType, ...]) -> pa.DataType:
    """The type of a column when all its pieces have been seen; one without any value is strings."""
    return pa.string() if types == ANY else types[0]


def convert(text: pa.Array, kind: pa.DataType) -> pa.Array:
    """A column of text as the type that was settled on, missing values as null."""
    if pa.types.is_string(kind):
        return text
    text = pc.if_else(pc.is_in(text, _NO_VALUE), pa.scalar(None, pa.string()), text)
    if pa.types.is_boolean(kind):
        return pc.if_else(pc.is_null(text), pa.scalar(None, pa.bool_()), pc.is_in(text, pa.array(TRUE, pa.string())))
    return text.cast(kind)


def _fits(values: pa.Array, kind: pa.DataType) -> bool:
    if pa.types.is_string(kind):
        return True
    if pa.types.is_boolean(kind):
        return bool(pc.all(pc.is_in(values, _LOGICALS)).as_py())
    found = cast_or_none(values, kind)
    if found is None:
        return False
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        finite = values.filter(pc.invert(pc.is_in(values, _NOT_FINITE)))
        return plain_numbers(finite.cast(pa.large_string())) and (pa.types.is_integer(kind) or _exact(values, found))
    return bool(pc.all(pc.match_substring_regex(values, INSTANT)).as_py())


def _exact(values: pa.Array, numbers: pa.Array) -> bool:
    """Whether a double holds each digit of all whole numbers among the values, none of which is beyond 64 bits."""
    large = values.filter(pa.array(np.abs(numbers.to_numpy()) >= 2.0**53))
    wholes = cast_or_none(large.filter(pc.match_substring_regex(large, "^-?[0-9]+$")), pa.int64())
    return wholes is not None and all(float(whole) == whole for whole in wholes.to_pylist())


def unify(types: Iterable[pa.DataType]) -> pa.DataType:
    """The type that holds the values of columns that have types already: Parquet and JSON lines."""
    found = [kind for kind in dict.fromkeys(types) if not pa.types.is_null(kind)]
    if len(found) == 1:
        return found[0]
    if found and all(pa.types.is_integer(kind) for kind in found):
        return pa.int64()
    if found and all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in found):
        return pa.float64()
    if found and all(pa.types.is_timestamp(kind) and kind.tz == found[0].tz for kind in found):
        return pa.timestamp("us", found[0].tz)
    return pa.string()
