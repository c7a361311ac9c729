"""Shards of an output as one data frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


def frame(files: list[Path], *, fill: bool = False) -> pd.DataFrame:
    """The merged files as a data frame in which a missing value changes no type.

    A whole number stays one beside a missing value, and a logical stays a logical: pandas' nullable types.
    """
    import pandas as pd
    import pyarrow as pa

    from shardr.data.merge import read

    table = read(files, fill=fill)
    found: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    for name, column in zip(table.column_names, table.columns, strict=True):
        if column.null_count and (pa.types.is_integer(column.type) or pa.types.is_boolean(column.type)):
            dtype = (
                "boolean" if pa.types.is_boolean(column.type) else str(column.type).replace("i", "I").replace("u", "U")
            )
            found[name] = pd.array(column.to_pylist(), dtype=dtype)
    return found
