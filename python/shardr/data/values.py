"""Values other than data frames on the road between R and Python: a JSON tree whose leaves are packed columns.

===============================================  ==========================================
Python to R                                      R
===============================================  ==========================================
None                                             NULL
bool, int, float, str, date, datetime,           vector of length 1 (an int beyond 32 bits
timedelta, numpy scalar                          is a double)
list or tuple of such, of one type; None in it   vector; NA
pandas Series, 1-d numpy array, Arrow array      vector
other list or tuple, empty list                  list
dict with text keys                              named list
pandas DataFrame, pyarrow Table                  data.frame
===============================================  ==========================================

Back, a vector of length 1 is a scalar, any other a list, a named one a dict; a list with unique names is a dict, else a
list; NA is None and NaN is nan; a factor gives its labels. A class that R has put on a list is dropped.
``pandas.NA``, ``NaT`` and a list of nothing but None say a missing value without its type, and are refused.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from shardr.data.columns import Packed, pack, unpack
from shardr.errors import FrameError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardr.data.columns import Buffer

__all__ = ["pack_arguments", "unpack_value"]

_SCALARS = (bool, int, float, str, date, timedelta)  # a datetime is a date


class _Writer:
    """Collects the buffers of a tree, and all that cannot cross."""

    def __init__(self) -> None:
        self.buffers: list[Buffer] = []
        self.problems: list[Problem] = []

    def write(self, value: Any, path: str) -> dict[str, Any]:
        if value is None:
            return {"kind": "null"}
        if isinstance(value, dict):
            return self._named(value, path)
        if isinstance(value, (list, tuple)):
            return self._sequence(value, path)
        if isinstance(value, _SCALARS):
            return self._vector([value], path)
        return self._object(value, path)

    def _named(self, value: dict[Any, Any], path: str) -> dict[str, Any]:
        wrong = [key for key in value if not isinstance(key, str)]
        if wrong:
            return self._refuse(path, f"a dict with the key {wrong[0]!r}", "names are text in R: use str keys")
        items = [self.write(item, f"{path}[{key!r}]") for key, item in value.items()]
        return {"kind": "list", "names": list(value), "items": items}

    def _sequence(self, value: Sequence[Any], path: str) -> dict[str, Any]:
        plain = [item.item() if _is_numpy_scalar(item) else item for item in value]
        known = [item for item in plain if item is not None]
        if plain and not known:
            return self._refuse(
                path, "a missing value of no type", "give a pandas Series of the type that is meant, or [] for nothing"
            )
        if known and all(isinstance(item, _SCALARS) for item in known) and _of_one_kind(known):
            return self._vector(plain, path)
        items = [self.write(item, f"{path}[{place}]") for place, item in enumerate(plain)]
        return {"kind": "list", "names": None, "items": items}

    def _object(self, value: Any, path: str) -> dict[str, Any]:
        import pandas as pd
        import pyarrow as pa

        if value is pd.NA or value is pd.NaT:
            return self._refuse(path, f"{value} has no type in R", "give a pandas Series of the type that is meant")
        if isinstance(value, (pd.DataFrame, pa.Table)):
            return self._leaf("frame", value, path)
        if isinstance(value, (pa.Array, pa.ChunkedArray)):
            return self._leaf("vector", pa.table({"": value}), path)
        if isinstance(value, pd.Series):
            return self._leaf("vector", pd.DataFrame({"": value.array}), path)
        if _is_numpy_scalar(value):
            return self._vector([value.item()], path)
        if type(value).__module__ == "numpy" and getattr(value, "ndim", 0) == 1:
            return self._leaf("vector", pd.DataFrame({"": value}), path)
        return self._refuse(path, f"R has no value for {type(value).__name__}", "give text, numbers, lists or frames")

    def _vector(self, items: list[Any], path: str) -> dict[str, Any]:
        import pyarrow as pa

        try:
            column = pa.array(items)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            return self._refuse(path, str(error), "give text, numbers or dates, all of one type")
        return self._leaf("vector", pa.table({"": column}), path)

    def _leaf(self, kind: str, frame: Any, path: str) -> dict[str, Any]:
        try:
            packed = pack(frame)
        except FrameError as error:
            for problem in error.problems:
                place = path if kind == "vector" else f"{path}, {problem.path}"
                self.problems.append(Problem(place, problem.message, problem.fix))
            return {}
        self.buffers.extend(packed.buffers)
        return {"kind": kind, "header": packed.header, "buffers": len(packed.buffers)}

    def _refuse(self, path: str, message: str, fix: str) -> dict[str, Any]:
        self.problems.append(Problem(path, message, fix))
        return {}


def _is_numpy_scalar(value: Any) -> bool:
    return type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0


def _of_one_kind(items: list[Any]) -> bool:
    """Whether one vector of R holds them without turning one into another: whole and broken numbers mix, no others."""
    kinds = {float if type(item) is int else type(item) for item in items}
    return len(kinds) == 1


def pack_arguments(args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[str, list[Buffer]]:
    """The arguments of a call as one list of R: text of the tree, and its buffers.

    Raises
    ------
    FrameError
        Listing every value that R has no counterpart for, with its place.
    """
    writer = _Writer()
    items = [writer.write(value, f"argument {place}") for place, value in enumerate(args, start=1)]
    items += [writer.write(value, f"argument {name}") for name, value in kwargs.items()]
    if writer.problems:
        raise FrameError("these arguments cannot cross from Python to R", problems=writer.problems)
    tree = {"kind": "list", "names": [""] * len(args) + list(kwargs), "items": items}
    return json.dumps(tree, ensure_ascii=False), writer.buffers


def unpack_value(tree: dict[str, Any], buffers: Sequence[Buffer]) -> Any:
    """The value that R's tree and buffers say."""
    taken = 0

    def read(node: dict[str, Any]) -> Any:
        nonlocal taken
        if node["kind"] == "null":
            return None
        names = node.get("names") or []
        if node["kind"] == "list":
            return _named_or_not(names, [read(item) for item in node["items"]])
        mine = tuple(buffers[taken : taken + node["buffers"]])
        taken += node["buffers"]
        frame = unpack(Packed(node["header"], mine))
        if node["kind"] == "frame":
            return frame
        column = frame.iloc[:, 0]
        items = [None if gone else item for item, gone in zip(column.tolist(), column.isna(), strict=True)]
        if names:
            return _named_or_not(names, items)
        return items[0] if len(items) == 1 else items

    return read(tree)


def _named_or_not(names: list[str], items: list[Any]) -> Any:
    if names and all(names) and len(set(names)) == len(names):
        return dict(zip(names, items, strict=True))
    return items
