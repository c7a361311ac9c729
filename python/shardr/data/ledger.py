"""The row ledger: records counted in and out of a step, and what its ``expect`` claims about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shardr.data.records import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from shardr.data.rowhash import RowDigest

__all__ = ["Claim", "Ledger", "audit", "check", "counts"]

Claim = Literal["preserved", "partitioned", "fewer"]

_SAMPLE = 3
_MOST_ROWS_TO_SEARCH = 20_000_000  # 8 bytes each


@dataclass(frozen=True)
class Ledger:
    """Records in, records out by output, and the sentence that explains a ``broken`` claim (None: it holds)."""

    rows_in: int
    rows_out: Mapping[str, int]
    broken: str | None = None


def counts(paths: Iterable[Path]) -> dict[Path, int]:
    """The number of records of each file that holds records; files of other formats are left out.

    Raises DataError naming a file that cannot be read.
    """
    return {path: rows for path in paths if (rows := count(path)) is not None}


def check(
    claim: Claim,
    *,
    rows_in: int,
    rows_out: Mapping[str, int],
    digest_in: RowDigest | None = None,
    digest_out: RowDigest | None = None,
) -> str | None:
    """The sentence that explains how a claim is broken, or None when it holds.

    - ``preserved``: as many rows come out as go in.
    - ``partitioned``: the very same rows come out, each once, spread over the outputs. Without digests only the
      number is compared.
    - ``fewer``: not more rows come out than go in.

    >>> check("preserved", rows_in=1200, rows_out={"kept": 1000})
    'expected rows preserved: 1,200 in, 1,000 out (kept 1,000): 200 rows lost'
    """
    total = sum(rows_out.values())
    each = ", ".join(f"{name} {rows:,}" for name, rows in rows_out.items())
    flow = f"{rows_in:,} in, {total:,} out" + (f" ({each})" if each else "")
    if claim == "fewer":
        return f"expected fewer rows: {flow}: {_rows(total - rows_in)} too many" if total > rows_in else None
    if total != rows_in:
        change = "lost" if total < rows_in else "too many"
        return f"expected rows {claim}: {flow}: {_rows(abs(total - rows_in))} {change}"
    if claim == "partitioned" and digest_in != digest_out:
        return f"expected rows partitioned: same number of rows but not the same rows: {flow}"
    return None


def audit(claim: Claim, files_in: Sequence[Path], files_out: Mapping[str, Sequence[Path]]) -> Ledger:
    """The ledger of a step from the files that went in and those of each output.

    Counts always; hashes rows only for ``partitioned``, when the numbers agree. A broken partition is looked into once
    more to name a few of the rows in question. Raises DataError naming a file that cannot be read.
    """
    found_in = counts(files_in)
    found_out = {name: counts(files) for name, files in files_out.items()}
    rows_in, rows_out = sum(found_in.values()), {name: sum(found.values()) for name, found in found_out.items()}
    broken = check(claim, rows_in=rows_in, rows_out=rows_out)
    if claim == "partitioned":
        every_out = [path for found in found_out.values() for path in found]
        if broken is None:
            digest_in, digest_out = _digest(found_in), _digest(every_out)
            broken = check(claim, rows_in=rows_in, rows_out=rows_out, digest_in=digest_in, digest_out=digest_out)
        if broken and max(rows_in, sum(rows_out.values())) <= _MOST_ROWS_TO_SEARCH:
            broken += _examples(list(found_in), every_out)
    return Ledger(rows_in, rows_out, broken)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _digest(paths: Iterable[Path]) -> RowDigest:
    from shardr.data.rowhash import combine, row_digest

    return combine(row_digest(path) for path in paths)


def _examples(files_in: Sequence[Path], files_out: Sequence[Path]) -> str:
    """Where the first rows stand that are only on one side, or more often than on the other."""
    only_in, only_out = _surplus(files_in, files_out), _surplus(files_out, files_in)
    parts = [f"in but not out: {only_in}"] * bool(only_in) + [f"out but not in: {only_out}"] * bool(only_out)
    return "".join(f"; {part}" for part in parts)


def _surplus(files: Sequence[Path], others: Sequence[Path]) -> str:
    import numpy as np

    from shardr.data.rowhash import row_hashes

    def hashes(path: Path) -> list[np.typing.NDArray[np.uint64]]:
        return [block[0] for block in row_hashes(path)]

    here = [np.concatenate([np.empty(0, np.uint64), *hashes(path)]) for path in files]
    every = np.concatenate([np.empty(0, np.uint64), *here])
    known = np.sort(np.concatenate([np.empty(0, np.uint64), *(block for path in others for block in hashes(path))]))
    order = np.argsort(every, kind="stable")
    ordered = every[order]
    nth = np.arange(len(every)) - np.searchsorted(ordered, ordered)  # 0 for the first of equal rows, 1 for the next
    allowed = np.searchsorted(known, ordered, side="right") - np.searchsorted(known, ordered)
    surplus = np.sort(order[nth >= allowed])
    ends = np.cumsum([len(block) for block in here])
    named = []
    for row in surplus[:_SAMPLE].tolist():
        k = int(np.searchsorted(ends, row, side="right"))
        named.append(f"{files[k].name} row {row - int(ends[k]) + len(here[k]) + 1:,}")
    more = len(surplus) - len(named)
    return ", ".join(named) + (f" and {more:,} more" if more else "")
