"""One merged result from the shards of an output; and many shards from one big file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from shardr.api.run import Merged, Run

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from shardr.data.merge import MergeResult


@overload
def collect(run: Run | str, step: str, output: str, *, fill: bool = False) -> pd.DataFrame: ...
@overload
def collect(run: Run | str, step: str, output: str, *, merge: Callable[[list[Path]], Merged]) -> Merged: ...
def collect(
    run: Run | str, step: str, output: str, *, fill: bool = False, merge: Callable[[list[Path]], Any] | None = None
) -> Any:
    """The merged output of a step as a pandas DataFrame.

    Shards are joined in the order of their names. Columns that differ raise ``ColumnsDifferError`` naming the shard,
    unless ``fill`` adds the missing ones. Whole numbers and logicals with missing values come as pandas' nullable
    types, so no value changes its type for another's absence. Raises ``NotFoundError`` for an unknown run, step or
    output, ``JobFailedError`` when the step is not complete.

    A model.tar.gz or output.tar.gz of a training step stands for the files in it, those of all its instances. What are
    no tables is merged by ``merge``, a function of the list of files; whatever it returns is returned.
    """
    run = _run(run)
    return run.collect(step, output, merge=merge) if merge else run.collect(step, output, fill=fill)


def collect_to(run: Run | str, step: str, output: str, to: str | Path, *, fill: bool = False) -> MergeResult:
    """The merged output of a step written to one CSV, JSON lines, Parquet or .pbr file, by the ending of ``to``.

    CSV shards with equal headers, and records, are joined byte for byte, and memory holds one block. Raises as
    ``collect`` does.
    """
    return _run(run).collect_to(step, output, to, fill=fill)


def output_files(run: Run | str, step: str, output: str) -> list[Path]:
    """The files of an output in merge order; raises as ``collect`` does."""
    return _run(run).files(step, output)


def _run(run: Run | str) -> Run:
    return run if isinstance(run, Run) else Run(run)


def split(source: str | Path, shards: int, to: str | Path, *, overwrite: bool = False) -> list[Path]:
    """The shards of one big CSV, TSV, JSON lines, Parquet or .pbr file: ``shards`` files of about even size in ``to``.

    Records stay whole and keep their order, a CSV's header is repeated, memory holds one block. Raises ``DataError``.
    """
    from shardr.data.split import split as split_file

    return split_file(Path(source).expanduser(), shards, Path(to).expanduser(), overwrite=overwrite)
