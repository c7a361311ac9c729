"""Writes docs/conformance.md, the clauses that are tried, from inst/conformance/clauses.yml."""

from __future__ import annotations

from pathlib import Path

from shardr.api.conformance.clauses import clauses

HEAD = """# What `shardr conformance` tries

A script may rely on [the container contract](container-contract.md). `shardr conformance` tries it clause by clause:
each is a job of its own with a program of a few lines, in R and in Python, which are in `inst/conformance/`.

```
shardr conformance                                     # this machine: the process runner
shardr conformance --image my/image:1.0                # an image: the docker runner
shardr conformance --image my/image:1.0 --language r --clause stop-signal --clause arguments
```

An image is tried in the languages that it has: `Rscript` and `python3` on its `PATH`. Its own ENTRYPOINT is not used.
The exit status is 0 when all clauses are kept and 1 when one is broken; a broken one shows what was expected, what was
found and the last lines that its program printed. `image_conformance("my/image:1.0")` gives a data frame in R, and
`shardr.conformance("my/image:1.0")` a list in Python. Nothing is kept: the folder of the jobs is gone afterwards.

| clause | what must be true |
|---|---|
"""


def page() -> str:
    """The page."""
    return HEAD + "".join(f"| `{clause.id}` | {clause.clause} |\n" for clause in clauses())


if __name__ == "__main__":
    Path(__file__).parents[1].joinpath("docs/conformance.md").write_text(page(), encoding="utf-8")
