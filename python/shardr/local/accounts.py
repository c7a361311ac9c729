"""The row ledger of a job: its records counted in and out, and its claim checked before anything is published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from shardr.errors import DataError
from shardr.local.contract import tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from shardr.data.ledger import Claim
    from shardr.local.home import JobFolder


def count(paths: Iterable[Path], wanted: Callable[[], bool] | None = None) -> int | None:
    """Records of all tabular files; None when none of them is tabular."""
    from shardr.data import records  # when the instances run: nobody waits for it then

    return total(records.count(path, wanted=wanted) for path in paths)


def rows_in(inputs: Mapping[str, Sequence[Path]], wanted: Callable[[], bool] | None = None) -> dict[str, int | None]:
    """Records of each input, as long as they are wanted; the script's own channel is no data."""
    return {name: count(paths, wanted) for name, paths in inputs.items() if name != "code"}


def rows_out(job: JobFolder, files: dict[str, list[str]]) -> dict[str, int | None]:
    """Records of each gathered output; an output without a file has 0."""
    return {
        name: count(job.staged / name / relative for relative in relatives) if relatives else 0
        for name, relatives in files.items()
    }


def total(rows: Iterable[int | None]) -> int | None:
    """All together; None when none of them is counted."""
    known = [value for value in rows if value is not None]
    return sum(known) if known else None


def broken_claim(
    request: dict[str, Any],
    inputs: Mapping[str, Sequence[Path]],
    job: JobFolder,
    files: dict[str, list[str]],
    counted_in: Mapping[str, int | None],
    counted_out: Mapping[str, int | None],
) -> str | None:
    """The sentence that says how ``expect`` is broken; None when it holds or nothing was claimed."""
    from shardr.data import ledger

    claim = cast("Claim | None", tag(request, "expect-rows") or None)
    if claim is None:
        return None
    chosen_in = _chosen(request, "inputs", counted_in)
    chosen_out = _chosen(request, "outputs", counted_out)
    unknown = [name for name, rows in {**chosen_in, **chosen_out}.items() if rows is None]
    if unknown:
        raise DataError(
            f"expected rows {claim}, but {', '.join(unknown)} has no file whose records can be counted",
            why="the row ledger reads CSV, TSV, JSON lines, Parquet and recordIO-protobuf (.pbr)",
            fix="name the inputs and outputs that count in expect",
        )
    if claim != "partitioned":
        known_out = {name: rows or 0 for name, rows in chosen_out.items()}
        return ledger.check(claim, rows_in=sum(rows or 0 for rows in chosen_in.values()), rows_out=known_out)
    read = [path for name in chosen_in for path in inputs[name]]
    made = {name: [job.staged / name / relative for relative in files[name]] for name in chosen_out}
    return ledger.audit(claim, read, made).broken


def _chosen(request: dict[str, Any], noun: str, counted: Mapping[str, int | None]) -> dict[str, int | None]:
    names = tag(request, f"expect-{noun}").split()
    return {name: rows for name, rows in counted.items() if not names or name in names}
