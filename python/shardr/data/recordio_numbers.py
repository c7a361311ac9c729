"""Numbers in the types that records have, and a number for each row as their label."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shardr.errors import DataError
from shardr.recordio.blocks import VALUES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from shardr.recordio.blocks import Block

__all__ = ["as_type", "label_of", "labelled"]


def label_of(label: str | npt.ArrayLike | None, labels: npt.ArrayLike | None) -> tuple[str | None, Any]:
    """The column that is the label, or a number for each row; DataError where these are no numbers."""
    import numpy as np

    if label is not None and labels is not None:
        raise DataError("label= and labels= are both given", fix="give the name of a column, or the numbers")
    if label is None or isinstance(label, str):
        name, given = label, labels
    else:
        name, given = None, label
    if given is None:
        return name, None
    try:
        values = np.atleast_1d(np.asarray(given))
        return name, values if values.dtype.kind in "biuf" else values.astype(object).astype(np.float64)
    except (TypeError, ValueError) as err:
        raise DataError("Labels are a number for each row", why=str(err)[:80]) from None


def labelled(found: Iterator[Block], values: Any, dtype: str | None) -> Iterator[Block]:
    """The blocks, each row with its number as the label; DataError where there are more or fewer than rows."""
    done = 0
    for block in found:
        part = values[done : done + block.rows]
        done += block.rows
        if len(part) < block.rows:
            break
        kind = dtype or ("float32" if block.features is None else str(block.features.dtype))
        yield replace(block, labels=block.labels | {VALUES: as_type(part, kind, "the labels")})
    done += sum(block.rows for block in found)
    if done != len(values):
        raise DataError(f"There are {len(values)} labels for {done} rows")


def as_type(values: Any, dtype: str, place: str, *, whole: bool | None = None) -> Any:
    """The numbers in another type, or DataError where whole ones would become others."""
    import numpy as np

    if str(values.dtype) == dtype:
        return values
    with np.errstate(all="ignore"):
        found = values.astype(dtype)
    exact = whole if whole is not None else values.dtype.kind in "iu"
    there = ~np.isnan(values) if values.dtype.kind == "f" and dtype != "int32" else np.ones(values.shape, bool)
    if (exact or dtype == "int32") and (differs := (found.astype(values.dtype) != values) & there).any():
        one = values.ravel()[int(np.argmax(differs))]
        raise DataError(
            f"{place} cannot be written as {dtype}",
            why=f"{one} is none of its numbers",
            fix="take dtype float64" if dtype != "float64" else "make smaller numbers of it",
        )
    return found
