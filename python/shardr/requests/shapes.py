"""Walks a value along a shape of the service model and tells everything that does not fit."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from shardr.errors import Problem
from shardr.requests.found import nearest, shown, wrong_type
from shardr.requests.patterns import matches

if TYPE_CHECKING:
    from shardr.requests.service_model import ServiceModel

_Shape = Mapping[str, Any]

# What the wire types hold. Floats are IEEE singles and doubles: only infinities and NaN are refused.
_WHOLE = {"integer": 2**31, "long": 2**63}
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d+)?(?:[Zz]|([+-]\d\d:\d\d))")
# A longer list of allowed values than this is told by its nearest ones.
_LIST_AT_MOST = 12


def check_shape(model: ServiceModel, shape: str, value: object, path: str = "") -> list[Problem]:
    """Everything in ``value`` that breaks the shape, at its path; an empty list when it fits."""
    walk = _Walk(model)
    walk.check(shape, value, path)
    return walk.problems


class _Walk:
    def __init__(self, model: ServiceModel) -> None:
        self.problems: list[Problem] = []
        self._shapes = model.shapes
        self._by_type: dict[str, Callable[[_Shape, Any, str], None]] = {
            "structure": self._structure,
            "list": self._list,
            "map": self._map,
            "string": self._string,
            "integer": self._whole,
            "long": self._whole,
            "float": self._number,
            "double": self._number,
            "boolean": self._boolean,
            "timestamp": self._timestamp,
            "blob": self._blob,
        }

    def check(self, name: str, value: object, path: str) -> None:
        shape = self._shapes[name]
        self._by_type[shape["type"]](shape, value, path)

    def _say(self, path: str, message: str, fix: str | None = None) -> None:
        self.problems.append(Problem(path, message, fix))

    def _refuse(self, shape: _Shape, value: object, path: str, expected: str) -> None:
        self.problems.append(wrong_type(path, value, expected, hidden=shape.get("sensitive", False)))

    def _structure(self, shape: _Shape, value: object, path: str) -> None:
        if shape.get("document"):
            return self._document(value, path)
        if not isinstance(value, dict):
            return self._refuse(shape, value, path, "a map of members")
        members = shape["members"]
        if shape.get("union") and len(value) != 1:
            given = ", ".join(map(str, value)) or "none"
            self._say(path, f"has {given} set, expected exactly one of {', '.join(members)}")
        for required in shape.get("required", ()):
            if required not in value:
                self._say(_member(path, required), "is required")
        for key, inner in value.items():
            if key in members:
                self.check(members[key]["shape"], inner, _member(path, key))
            else:
                self._unknown(key, members, path)
        return None

    def _unknown(self, key: object, members: Mapping[str, Any], path: str) -> None:
        of = re.sub(r"\[[^\]]*\]$", "", path).rpartition(".")[2]
        message = f"is not a member of {of}" if of else "is not a member of this request"
        close = nearest(str(key), members, 1)
        if close:
            self._say(_member(path, key), f'{message}; did you mean "{close[0]}"?')
        elif not members:
            self._say(_member(path, key), f"{message}; it has no members")
        else:
            listed = ", ".join(list(members)[:_LIST_AT_MOST]) + (", …" if len(members) > _LIST_AT_MOST else "")
            self._say(_member(path, key), message, f"its members are {listed}")

    def _document(self, value: object, path: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                if isinstance(key, str):
                    self._document(inner, _item(path, key))
                else:
                    self.problems.append(wrong_type(_item(path, key), key, "a key that is a string"))
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                self._document(inner, f"{path}[{index}]")
        elif isinstance(value, float) and not math.isfinite(value):
            self._say(path, f"found {value}, which JSON cannot carry")
        elif value is not None and not isinstance(value, (str, int, float)):
            self.problems.append(wrong_type(path, value, "plain JSON data"))

    def _list(self, shape: _Shape, value: object, path: str) -> None:
        if not isinstance(value, (list, tuple)):
            return self._refuse(shape, value, path, "a list")
        self._size(shape, len(value), path, "item")
        for index, inner in enumerate(value):
            self.check(shape["member"]["shape"], inner, f"{path}[{index}]")
        return None

    def _map(self, shape: _Shape, value: object, path: str) -> None:
        if not isinstance(value, dict):
            return self._refuse(shape, value, path, "a map from names to values")
        self._size(shape, len(value), path, "entry")
        for key, inner in value.items():
            place = _item(path, key)
            before = len(self.problems)
            self.check(shape["key"]["shape"], key, place)
            self.problems[before:] = [Problem(p.path, f"key: {p.message}", p.fix) for p in self.problems[before:]]
            self.check(shape["value"]["shape"], inner, place)
        return None

    def _size(self, shape: _Shape, size: int, path: str, unit: str) -> None:
        rule = _bounds(shape, size, unit)
        if rule:
            self._say(path, f"found {_count(size, unit)}, expected {rule}")

    def _string(self, shape: _Shape, value: object, path: str) -> None:
        if not isinstance(value, str):
            return self._refuse(shape, value, path, "a string")
        try:
            value.encode()
        except UnicodeEncodeError:
            return self._say(path, f"found {shown(value)}, which is not text that UTF-8 can carry")
        if "enum" in shape:
            return self._enum(shape, value, path)
        rules, fits = [], None
        # Characters are Unicode code points, as the service counts them.
        if rule := _bounds(shape, len(value), "character"):
            rules.append(f"{rule} (it has {len(value)})")
        if "pattern" in shape and matches(shape["pattern"], value) is False:
            rules.append(f"a match of the pattern {shape['pattern']}")
            fits = _longest_fit(shape["pattern"], value)
        if rules:
            hidden = shape.get("sensitive", False)
            fix = f"it fits up to {shown(fits)}" if fits and not hidden else None
            self._say(path, f"found {shown(value, hidden=hidden)}, expected {' and '.join(rules)}", fix)
        return None

    def _enum(self, shape: _Shape, value: str, path: str) -> None:
        allowed = shape["enum"]
        if value in allowed:
            return
        found = f"found {shown(value, hidden=shape.get('sensitive', False))}"
        if len(allowed) <= _LIST_AT_MOST:
            self._say(path, f"{found}, expected one of {', '.join(allowed)}")
        else:
            near = ", ".join(nearest(value, allowed, 3, cutoff=0))
            self._say(
                path,
                f"{found}, expected one of {len(allowed)} values; the nearest are {near}",
                "if the service has it by now, upgrade boto3",
            )

    def _whole(self, shape: _Shape, value: object, path: str) -> None:
        # Python counts True among the integers, the service does not.
        if not isinstance(value, int) or isinstance(value, bool):
            return self._refuse(shape, value, path, "a whole number")
        limit = _WHOLE[shape["type"]]
        bounds = {"min": shape.get("min", -limit), "max": shape.get("max", limit - 1)}
        if rule := _bounds(bounds, value, None):
            self._say(path, f"found {value}, expected {rule}")
        return None

    def _number(self, shape: _Shape, value: object, path: str) -> None:
        if not isinstance(value, (int, float, Decimal)) or isinstance(value, bool):
            return self._refuse(shape, value, path, "a number")
        if not math.isfinite(value):
            self._say(path, f"found {value}, expected a finite number")
        elif rule := _bounds(shape, value, None):
            self._say(path, f"found {value}, expected {rule}")
        return None

    def _boolean(self, shape: _Shape, value: object, path: str) -> None:
        if not isinstance(value, bool):
            self._refuse(shape, value, path, "true or false")

    def _timestamp(self, shape: _Shape, value: object, path: str) -> None:
        if not _is_time(value):
            self._refuse(shape, value, path, "a time: a datetime, seconds since 1970, or 2026-01-31T12:00:00Z")

    def _blob(self, shape: _Shape, value: object, path: str) -> None:
        if isinstance(value, str):
            value = value.encode(errors="surrogateescape")
        if isinstance(value, (bytes, bytearray)):
            self._size(shape, len(value), path, "byte")
        elif not hasattr(value, "read"):
            self._refuse(shape, value, path, "bytes or an open file")


def _member(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _item(path: str, key: object) -> str:
    return f"{path}[{shown(key)}]"


def _count(size: float, unit: str | None) -> str:
    if unit is None:
        return str(size)
    many = {"entry": "entries"}.get(unit, f"{unit}s")
    return f"{size} {unit if size == 1 else many}"


def _bounds(shape: Mapping[str, Any], size: float | Decimal, unit: str | None) -> str | None:
    """The bound that ``size`` breaks, in words; None when it keeps both."""
    if "min" in shape and size < shape["min"]:
        return f"at least {_count(shape['min'], unit)}"
    if "max" in shape and size > shape["max"]:
        return f"at most {_count(shape['max'], unit)}"
    return None


def _longest_fit(pattern: str, value: str) -> str | None:
    """The longest beginning of a short value that fits the pattern: the next character is the culprit."""
    ends = range(len(value) - 1, 0, -1) if len(value) <= 256 else ()
    return next((value[:end] for end in ends if matches(pattern, value[:end])), None)


def _is_time(value: object) -> bool:
    if isinstance(value, datetime):
        return True
    if isinstance(value, str):
        found = _RFC3339.fullmatch(value)
        # Fractions and "Z" are left out: fromisoformat of Python 3.10 does not know them all.
        text = f"{found[1]}T{found[2]}{found[3] or ''}" if found else ""
        return _made(datetime.fromisoformat, text)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _made(datetime.fromtimestamp, value)
    return False


def _made(make: Callable[[Any], datetime], value: object) -> bool:
    try:
        make(value)
    except (ValueError, OverflowError, OSError):
        return False
    return True
