"""One merged result from the shards of an output; and many shards from one big file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shardr.api.jobs import run_of
from shardr.errors import DataError, JobFailedError, NotFoundError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from shardr.api.runs import Run
    from shardr.data.merge import MergeResult


def collect(run: Run | str, step: str, output: str, *, fill: bool = False) -> pd.DataFrame:
    """The merged output of a step as a pandas DataFrame.

    Shards are joined in the order of their names. Columns that differ raise ``ColumnsDifferError`` naming the shard,
    unless ``fill`` adds the missing ones. Whole numbers and logicals with missing values come as pandas' nullable
    types, so no value changes its type for another's absence. Raises ``NotFoundError`` for an unknown run, step or
    output, ``JobFailedError`` when the step is not complete.
    """
    from shardr.data.merge import read

    return _to_pandas(read(output_files(run, step, output), fill=fill))


def collect_to(run: Run | str, step: str, output: str, to: str | Path, *, fill: bool = False) -> MergeResult:
    """The merged output of a step written to one CSV, JSON lines or Parquet file, by the ending of ``to``.

    CSV shards with equal headers are joined byte for byte, and memory holds one block. Raises as ``collect`` does.
    """
    from shardr.data.merge import merge

    return merge(output_files(run, step, output), Path(to).expanduser(), fill=fill)


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    """A data frame in which a missing value turns no whole number into a float and no logical into an object."""
    import pandas as pd
    import pyarrow as pa

    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    for name, column in zip(table.column_names, table.columns, strict=True):
        if column.null_count and (pa.types.is_integer(column.type) or pa.types.is_boolean(column.type)):
            dtype = (
                "boolean" if pa.types.is_boolean(column.type) else str(column.type).replace("i", "I").replace("u", "U")
            )
            frame[name] = pd.array(column.to_pylist(), dtype=dtype)
    return frame


def output_files(run: Run | str, step: str, output: str) -> list[Path]:
    """The files of an output in merge order; raises as ``collect`` does."""
    found = run_of(run)[0] if isinstance(run, str) else run.refresh()
    about = found.step(step)
    if about.status != "Completed":
        raise JobFailedError(f'step "{step}" of run {found.id} is {about.status}: it has no outputs', why=about.failure)
    if output not in about.outputs:
        raise NotFoundError(
            f'step "{step}" has no output "{output}"', fix=f"it has {', '.join(about.outputs) or 'none'}"
        )
    if not about.outputs[output].files:
        raise DataError(f'output "{output}" of step "{step}" is empty: no instance wrote a file')
    return [Path(file) for file in about.outputs[output].files]


def split(source: str | Path, shards: int, to: str | Path, *, overwrite: bool = False) -> list[Path]:
    """The shards of one big CSV, TSV, JSON lines or Parquet file: ``shards`` files of about even size in ``to``.

    Records stay whole and keep their order, a CSV's header is repeated, memory holds one block. Raises ``DataError``.
    """
    from shardr.data.split import split as split_file

    return split_file(Path(source).expanduser(), shards, Path(to).expanduser(), overwrite=overwrite)
