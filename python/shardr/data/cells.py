"""What a cell says, apart from how it is written: 128 bits for each value of a column.

The rule, by which the same table has the same cells as CSV, JSON lines and Parquet:

- Missing: an empty field, ``NA``, ``NaN``, JSON and Parquet null. Quotes never matter, not even those that make text of
  ``""`` and ``"NA"`` when a table is read: many a script reads them as missing and writes them as it likes, and no row
  is lost by that.
- Numbers compare by value: 1.50, 1.5 and "1.5" are one, so are 999, 999.0 and 9.99e2. Whole numbers are exact within
  64 bits; fractions compare by 15 significant digits, which is what R writes.
- Leading zeros (``007``), hexadecimal and whole numbers beyond 64 bits are text.
- ``TRUE``, ``True`` and ``true`` are one, so are their opposites.
- A date is its midnight; date-times compare as instants to the microsecond, without a zone they are UTC.
- Everything else is text, byte by byte; lists and structures are their JSON, raw bytes their hexadecimal digits.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Words = NDArray[np.uint64]

__all__ = [
    "FALSE",
    "INSTANT",
    "TRUE",
    "cast_or_none",
    "cell_hashes",
    "fifteen_digits",
    "mix",
    "plain_numbers",
    "seed",
]

_MISSING = ("", "NA", "NaN", "nan")
TRUE = ("TRUE", "True", "true")
FALSE = ("FALSE", "False", "false")
_WHOLE_TEXT = r"^[+-]?(0|[1-9][0-9]{0,18})$"
_FRACTION_TEXT = (
    r"^[+-]?((0|[1-9][0-9]*)(\.[0-9]*([eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)|\.[0-9]+([eE][+-]?[0-9]+)?|[iI]nf(inity)?)$"
)
_LOGICAL_TEXT = "^(" + "|".join(TRUE + FALSE) + ")$"
_ZONE = "(Z|[+-][0-9]{2}:?[0-9]{2})"
INSTANT = r"^[0-9]{4}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?" + _ZONE + "?)?$"

_LONG_TEXT = 256  # bytes; beyond, hashing word by word in numpy is no faster than blake2b
_SIGNIFICANT_DIGITS = 15
_A_FEW = 64


def seed(*words: str) -> Words:
    """Two 64-bit numbers that stand for some words."""
    return np.frombuffer(hashlib.blake2b("\0".join(words).encode(), digest_size=16).digest(), np.uint64)


_WHOLE, _FRACTION, _LOGICAL, _INSTANT, _TEXT = (
    seed("shardr cell", kind)[:, None] for kind in ("whole", "fraction", "logical", "instant", "text")
)


def mix(words: Words) -> Words:
    """Each word with its bits stirred (the finaliser of splitmix64): equal stays equal, near becomes far."""
    words = words ^ (words >> np.uint64(30))
    words = words * np.uint64(0xBF58476D1CE4E5B9)
    words ^= words >> np.uint64(27)
    words *= np.uint64(0x94D049BB133111EB)
    words ^= words >> np.uint64(31)
    return words


def cell_hashes(values: pa.Array) -> tuple[Words, NDArray[np.bool_]]:
    """Two rows of 64-bit hashes, one column for each value, and which of the values are there at all.

    ``values`` has no nulls besides those it means as missing.
    """
    kind = values.type
    if pa.types.is_boolean(kind):
        return _tagged(_LOGICAL, _words(values.cast(pa.int64()))), _there(values)
    if pa.types.is_signed_integer(kind) or kind in (pa.uint8(), pa.uint16(), pa.uint32()):
        return _tagged(_WHOLE, _words(values.cast(pa.int64()))), _there(values)
    if pa.types.is_float64(kind):
        return _number_hashes(values)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _tagged(_INSTANT, _words(_instant(values).cast(pa.int64()))), _there(values)
    if pa.types.is_nested(kind):
        values = pa.array(
            [None if v is None else json.dumps(v, sort_keys=True, default=str) for v in values.to_pylist()]
        )
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        values = pa.array([None if v is None else f"0x{v.hex()}" for v in values.to_pylist()], pa.string())
    return _text_hashes(values)


def _tagged(kind: Words, words: Words) -> Words:
    return mix(words[None, :] + kind)


def _words(values: pa.Array) -> Words:
    return cast("Words", values.fill_null(0).to_numpy(zero_copy_only=False).view(np.uint64))


def _there(values: pa.Array) -> NDArray[np.bool_]:
    return cast("NDArray[np.bool_]", values.is_valid().to_numpy(zero_copy_only=False))


def _instant(values: pa.Array) -> pa.Array:
    zone = values.type.tz if pa.types.is_timestamp(values.type) else None
    return values.cast(pa.timestamp("us", zone), safe=False)


def _number_hashes(values: pa.Array) -> tuple[Words, NDArray[np.bool_]]:
    numbers = values.to_numpy(zero_copy_only=False).astype(np.float64)  # null becomes NaN, which is missing too
    there = ~np.isnan(numbers)
    numbers = fifteen_digits(np.where(there, numbers, 0.0))
    whole = (numbers == np.rint(numbers)) & (np.abs(numbers) < 2.0**63)
    as_whole = _tagged(_WHOLE, np.where(whole, numbers, 0.0).astype(np.int64).view(np.uint64))
    return np.where(whole, as_whole, _tagged(_FRACTION, numbers.view(np.uint64))), there


def fifteen_digits(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fractions rounded to 15 significant digits, as ``%.15g`` prints them; whole numbers as they are."""
    fractions = np.flatnonzero((numbers != np.rint(numbers)) & np.isfinite(numbers))
    if not len(fractions):
        return numbers
    rounded = numbers.copy()
    part = numbers[fractions]
    places = _SIGNIFICANT_DIGITS - 1 - np.floor(np.log10(np.abs(part)))
    near = (places >= 0) & (places <= 22)  # so many powers of ten are doubles, and all below is exact
    rounded[fractions[near]] = _rounded(part[near], 10.0 ** places[near])
    rounded[fractions[~near]] = [float(f"{number:.15g}") for number in part[~near].tolist()]
    return rounded


def _rounded(numbers: NDArray[np.float64], scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """``numbers`` to the nearest multiple of ``1/scale``, from the exact product and not from the nearest double."""
    product = numbers * scale
    (a, b), (c, d) = _halves(numbers), _halves(scale)
    error = ((a * c - product) + a * d + b * c) + b * d  # Dekker: product + error is exact
    nearest = np.rint(product)
    rest = (product - nearest) + error
    return (nearest + (rest > 0.5) - (rest < -0.5)) / scale


def _halves(numbers: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    high = numbers * 134217729.0  # 2^27 + 1
    high = high - (high - numbers)
    return high, numbers - high


def _text_hashes(values: pa.Array) -> tuple[Words, NDArray[np.bool_]]:
    """Hashes of values that are written out: numbers, logicals and instants by what they mean."""
    text = values.cast(pa.large_string())
    there = _there(text) & ~_mask(pc.is_in(text, pa.array(_MISSING, pa.large_string())))
    text = text.fill_null("")
    numbers = _all_numbers(text.filter(pa.array(there)))
    if numbers is not None:
        found = np.zeros((2, len(text)), np.uint64)
        found[:, there] = numbers
        return found, there
    found = _word_hashes(text)
    first = _first_bytes(text)
    for initials, pattern, convert in _MEANINGS:
        chosen = np.flatnonzero(there & np.isin(first, np.frombuffer(initials, np.uint8)))
        if len(chosen):
            chosen = chosen[_mask(pc.match_substring_regex(text.take(pa.array(chosen)), pattern))]
        if len(chosen):
            _place(found, chosen, text.take(pa.array(chosen)), convert)
    return found, there


def _place(found: Words, chosen: NDArray[np.intp], text: pa.Array, convert: Callable[[pa.Array], Words]) -> None:
    """Put what the texts mean in place of their bytes, save for those that only look the part (30 February)."""
    try:
        found[:, chosen] = convert(text)
    except pa.ArrowInvalid:
        half = len(chosen) // 2
        if half:
            _place(found, chosen[:half], text[:half], convert)
            _place(found, chosen[half:], text[half:], convert)


def _all_numbers(text: pa.Array) -> Words | None:
    """The short way for a column of nothing but plain numbers; None when a cell needs a closer look."""
    if not len(text) or not plain_numbers(text):
        return None
    wholes = cast_or_none(text, pa.int64())
    if wholes is not None:
        return _tagged(_WHOLE, _words(wholes))
    numbers = cast_or_none(text, pa.float64())
    if numbers is None or (np.abs(numbers.to_numpy()) >= 2.0**53).any():
        return None
    return _number_hashes(numbers)[0]


def cast_or_none(text: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """The texts as values of a type; None when there is one that is no such value."""
    try:
        text[:_A_FEW].cast(kind)  # Arrow words an error for each value that fails, so a long column would take long
        return text.cast(kind)
    except pa.ArrowInvalid:
        return None


def _as_wholes(text: pa.Array) -> Words:
    return _tagged(_WHOLE, _words(_unsigned(text).cast(pa.int64())))


def _as_fractions(text: pa.Array) -> Words:
    return _number_hashes(_unsigned(text).cast(pa.float64()))[0]


def _unsigned(text: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(text, r"^\+", "")  # Arrow reads -5 and 5 as numbers, not +5


def _as_logicals(text: pa.Array) -> Words:
    return _tagged(_LOGICAL, _mask(pc.is_in(text, pa.array(TRUE, pa.large_string()))).astype(np.uint64))


def _as_instants(text: pa.Array) -> Words:
    zoned = _mask(pc.match_substring_regex(text, ":.*" + _ZONE + "$"))
    micros = np.zeros(len(text), np.uint64)
    for mask, kind in ((zoned, pa.timestamp("us", "UTC")), (~zoned, pa.timestamp("us"))):
        micros[mask] = _words(text.filter(pa.array(mask)).cast(kind).cast(pa.int64()))
    return _tagged(_INSTANT, micros)


_MEANINGS: tuple[tuple[bytes, str, Callable[[pa.Array], Words]], ...] = (
    (b"+-0123456789", _WHOLE_TEXT, _as_wholes),
    (b"+-.0123456789iI", _FRACTION_TEXT, _as_fractions),
    (b"tTfF", _LOGICAL_TEXT, _as_logicals),
    (b"0123456789", INSTANT, _as_instants),
)


def _mask(values: pa.Array) -> NDArray[np.bool_]:
    return cast("NDArray[np.bool_]", values.to_numpy(zero_copy_only=False).astype(bool))


def _buffers(text: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Where each string starts (and the last one ends), and the bytes they are in, 8 more than needed."""
    _, offsets, data = text.buffers()
    starts = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    raw = np.frombuffer(data, np.uint8)[: starts[-1]] if data is not None else np.empty(0, np.uint8)
    return starts, np.concatenate([raw, np.zeros(8, np.uint8)])


def _first_bytes(text: pa.Array) -> NDArray[np.uint8]:
    """The first byte of each string, 0 for an empty one."""
    starts, raw = _buffers(text)
    return np.where(np.diff(starts) > 0, raw[starts[:-1]], 0).astype(np.uint8)


def plain_numbers(text: pa.Array) -> bool:
    """Whether all strings begin as decimal numbers do: not as 007, -01 or 0x1F, nor as words."""
    starts, raw = _buffers(text)
    at = starts[:-1] + (raw[starts[:-1]] == ord("-"))
    begins = np.isin(raw[at], np.frombuffer(b".0123456789", np.uint8))
    goes_on = np.isin(raw[at + 1], np.frombuffer(b".eE", np.uint8)) | (at + 1 >= starts[1:])
    return bool((begins & (starts[1:] > starts[:-1]) & ((raw[at] != ord("0")) | goes_on)).all())


def _word_hashes(text: pa.Array) -> Words:
    """Hashes of the bytes of each string: eight bytes a time for all strings at once."""
    starts, raw = _buffers(text)
    words = np.lib.stride_tricks.as_strided(raw.view(), shape=(max(len(raw) - 7, 1), 8), strides=(1, 1))
    lengths = np.diff(starts)
    found = _tagged(_TEXT, lengths.astype(np.uint64))
    short = np.flatnonzero(lengths <= _LONG_TEXT)
    for at in range(0, int(lengths[short].max(initial=0)), 8):
        active = short[lengths[short] > at]
        taken = np.ascontiguousarray(words[starts[active] + at]).view("<u8")[:, 0].astype(np.uint64)
        spare = np.maximum(8 - (lengths[active] - at), 0).astype(np.uint64) * np.uint64(8)
        taken = (taken << spare) >> spare  # what lies behind the end of the string is not part of it
        found[:, active] = mix(found[:, active] * np.uint64(0x9E3779B97F4A7C15) + taken)
    for k in np.flatnonzero(lengths > _LONG_TEXT).tolist():
        digest = hashlib.blake2b(raw[starts[k] : starts[k + 1]].tobytes(), digest_size=16).digest()
        found[:, k] = np.frombuffer(digest, "<u8")
    return found
