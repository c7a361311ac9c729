"""Writes docs/conformance.md, the clauses that are tried, from inst/conformance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shardr.api.conformance.clauses import clauses
from shardr.api.conformance.served_clauses import served_clauses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardr.api.conformance.clauses import Clause
    from shardr.api.conformance.served_clauses import ServedClause

HEAD = """# What `shardr conformance` tries

A script may rely on [the container contract](container-contract.md). `shardr conformance` tries it clause by clause:
by jobs with programs of a few lines, in R and in Python, which are in `inst/conformance/`. Most have a job of their
own, most of those about channels in mode Pipe share one.

```
shardr conformance                                     # this machine: the process runner
shardr conformance --image my/image:1.0                # an image: the docker runner
shardr conformance --image my/image:1.0 --language r --clause stop-signal --clause arguments
```

An image is tried in the languages that it has: `Rscript` and `python3` on its `PATH`. Its own ENTRYPOINT is not used.
One that has the command `serve` is tried as the server of a model, too, whose code is `inference.R` or `inference.py`;
on this machine shardr's own servers of both languages are. The exit status is 0 when all clauses are kept and 1 when
one is broken; a broken one shows what was expected, what was found and the last lines that its program printed.
`image_conformance("my/image:1.0")` gives a data frame in R, and `shardr.conformance("my/image:1.0")` a list in Python.
Nothing is kept: the folder of the jobs is gone afterwards.

| clause | what must be true |
|---|---|
"""

INFERENCE = """
## Inference

Asked of one endpoint with one worker, which serves `inst/conformance/served/`.

| clause | what must be true |
|---|---|
"""
TRANSFORM = """
## Batch transform

Transform jobs that ask the same model.

| clause | what must be true |
|---|---|
"""


def page() -> str:
    """The page."""
    tables = [[clause for clause in served_clauses() if bool(clause.asks) is asked] for asked in (True, False)]
    return HEAD + _rows(clauses()) + INFERENCE + _rows(tables[0]) + TRANSFORM + _rows(tables[1])


def _rows(found: Sequence[Clause | ServedClause]) -> str:
    return "".join(f"| `{clause.id}` | {clause.clause} |\n" for clause in found)


if __name__ == "__main__":
    Path(__file__).parents[1].joinpath("docs/conformance.md").write_text(page(), encoding="utf-8")
