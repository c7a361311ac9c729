"""Checks one plain value (text, number, time, bytes) against its shape."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from shardr.errors import Problem
from shardr.requests.found import nearest, shown, wrong_type
from shardr.requests.patterns import matches

Shape = Mapping[str, Any]

# What the wire types hold.
_WHOLE = {"integer": 2**31, "long": 2**63}
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d+)?(?:[Zz]|([+-]\d\d:\d\d))", re.ASCII)
# A longer list of allowed values than this is told by its nearest ones.
_LIST_AT_MOST = 12


def check_scalar(shape: Shape, value: object, path: str) -> Problem | None:
    """What is wrong with the value, all its broken rules in one problem; None when it fits."""
    return _CHECKS[shape["type"]](shape, value, path)


def broken_bound(shape: Shape, size: float | Decimal, unit: str | None = None) -> str | None:
    """The bound of the shape that ``size`` breaks, in words; None when it keeps both.

    >>> broken_bound({"min": 1, "max": 10}, 11, "item")
    'at most 10 items'
    """
    if "min" in shape and size < shape["min"]:
        return f"at least {counted(shape['min'], unit)}"
    if "max" in shape and size > shape["max"]:
        return f"at most {counted(shape['max'], unit)}"
    return None


def counted(size: float, unit: str | None) -> str:
    """The number with its unit in the right number: 1 item, 2 entries."""
    if unit is None:
        return str(size)
    return f"{size} {unit if size == 1 else {'entry': 'entries'}.get(unit, f'{unit}s')}"


def _refused(shape: Shape, value: object, path: str, expected: str) -> Problem:
    return wrong_type(path, value, expected, hidden=shape.get("sensitive", False))


def _string(shape: Shape, value: object, path: str) -> Problem | None:
    if not isinstance(value, str):
        return _refused(shape, value, path, "a string")
    hidden = shape.get("sensitive", False)
    found = f"found {shown(value, hidden=hidden)}"
    try:
        value.encode()
    except UnicodeEncodeError:
        return Problem(path, f"{found}, which is not text that UTF-8 can carry")
    if "enum" in shape:
        return None if value in shape["enum"] else _not_allowed(shape["enum"], value, path, found)
    rules, hint = [], ""
    # Characters are Unicode code points, as the service counts them.
    if bound := broken_bound(shape, len(value), "character"):
        rules.append(f"{bound} (it has {len(value)})")
    if "pattern" in shape and matches(shape["pattern"], value) is False:
        rules.append(f"a match of the pattern {shape['pattern']}")
        fits = None if hidden else _longest_fit(shape["pattern"], value)
        hint = f"; it fits up to {shown(fits)}" if fits else ""
    return Problem(path, f"{found}, expected {' and '.join(rules)}{hint}") if rules else None


def _not_allowed(allowed: list[str], value: str, path: str, found: str) -> Problem:
    if len(allowed) <= _LIST_AT_MOST:
        return Problem(path, f"{found}, expected one of {', '.join(allowed)}")
    near = ", ".join(nearest(value, allowed, 3, cutoff=0))
    return Problem(
        path,
        f"{found}, expected one of {len(allowed)} values; the nearest are {near}",
        "if the service has it by now, upgrade boto3",
    )


def _longest_fit(pattern: str, value: str) -> str | None:
    """The longest beginning of a short value that fits the pattern: the trouble begins behind it."""
    ends = range(len(value) - 1, 0, -1) if len(value) <= 256 else ()
    return next((value[:end] for end in ends if matches(pattern, value[:end])), None)


def _whole(shape: Shape, value: object, path: str) -> Problem | None:
    # Python counts True among the integers, the service does not.
    if not isinstance(value, int) or isinstance(value, bool):
        return _refused(shape, value, path, "a whole number")
    limit = _WHOLE[shape["type"]]
    bound = broken_bound({"min": -limit, "max": limit - 1, **shape}, value)
    return Problem(path, f"found {value}, expected {bound}") if bound else None


def _number(shape: Shape, value: object, path: str) -> Problem | None:
    if not isinstance(value, (int, float, Decimal)) or isinstance(value, bool):
        return _refused(shape, value, path, "a number")
    bound = broken_bound(shape, value) if math.isfinite(value) else "a finite number"
    return Problem(path, f"found {value}, expected {bound}") if bound else None


def _boolean(shape: Shape, value: object, path: str) -> Problem | None:
    return None if isinstance(value, bool) else _refused(shape, value, path, "true or false")


def _timestamp(shape: Shape, value: object, path: str) -> Problem | None:
    if isinstance(value, datetime) or _is_time_on_the_wire(value):
        return None
    return _refused(shape, value, path, "a time: a datetime, seconds since 1970, or 2026-01-31T12:00:00Z")


def _is_time_on_the_wire(value: object) -> bool:
    try:
        if isinstance(value, str):
            found = _RFC3339.fullmatch(value)
            # Fractions and "Z" are left out: fromisoformat of Python 3.10 does not know them all.
            return bool(found and datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3] or ''}"))
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return bool(datetime.fromtimestamp(value))  # noqa: DTZ006 - only whether there is such a time
    except (ValueError, OverflowError, OSError):
        pass
    return False


def _blob(shape: Shape, value: object, path: str) -> Problem | None:
    if isinstance(value, str):
        value = value.encode(errors="replace")
    if isinstance(value, (bytes, bytearray)):
        bound = broken_bound(shape, len(value), "byte")
        return Problem(path, f"found {counted(len(value), 'byte')}, expected {bound}") if bound else None
    return None if hasattr(value, "read") else _refused(shape, value, path, "bytes or an open file")


_CHECKS: Mapping[str, Callable[[Shape, object, str], Problem | None]] = {
    "string": _string,
    "integer": _whole,
    "long": _whole,
    "float": _number,
    "double": _number,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "blob": _blob,
}
