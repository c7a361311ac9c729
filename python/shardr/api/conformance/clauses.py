"""The clauses of the contract as they are written in ``inst/conformance``."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shardr._inst import inst
from shardr.errors import NotFoundError, Problem
from shardr.requests.found import nearest
from shardr.spec.places import PROCESSING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

COMMANDS = {"r": "Rscript", "python": "python3"}
ENDINGS = {"r": "R", "python": "py"}
LIMIT_SECONDS = 60
"""How long a job may take where its clause says nothing else."""


@dataclass(frozen=True)
class Then:
    """What must be true of a job at its end."""

    status: str = "Completed"
    message: str | None = None
    reason: str | None = None
    outputs: dict[str, str | None] | None = None
    within: float | None = None


@dataclass(frozen=True)
class Clause:
    """One sentence of the contract, and what it takes to try it; ``clauses.yml`` tells what each field means."""

    id: str
    clause: str
    job: str = ""
    """The job that tries it with others, of which it is one; empty: it has a job of its own."""
    program: str = ""
    training: bool = False
    objects: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    output: str = f"{PROCESSING}/output/out"
    instances: int = 1
    arguments: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    command: dict[str, list[str]] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    stop: bool = False
    then: dict[str, Any] = field(default_factory=dict)

    @property
    def expected(self) -> Then:
        """What must be true in the end."""
        return Then(**self.then)


def clauses(folder: Path | None = None, ids: Iterable[str] = (), others: Iterable[str] = ()) -> list[Clause]:
    """All clauses, or those of the ids, in the file's order; raises ``NotFoundError`` naming ids there are not.

    ``others`` are ids of clauses of other kinds.
    """
    import yaml

    text = (folder or inst("conformance")).joinpath("clauses.yml").read_text(encoding="utf-8")
    found = [clause for about in yaml.safe_load(text) for clause in _told(about)]
    known = [*(clause.id for clause in found), *others]
    wanted = list(ids) or known
    problems = []
    for name in sorted(set(wanted) - set(known)):
        close = nearest(name, known, 3, cutoff=0.3)
        meant = " or ".join(f'"{one}"' for one in close)
        fix = f"did you mean {meant}?" if close else None
        problems.append(Problem("", f'"{name}" is no clause', fix))
    if problems:
        raise NotFoundError(
            "There are no such clauses:", problems=problems, fix=f"docs/conformance.md has all {len(known)}"
        )
    return [clause for clause in found if clause.id in wanted]


def _told(about: Mapping[str, Any]) -> Iterator[Clause]:
    """The clause of an entry, or those that its one job tries."""
    if "clauses" not in about:
        yield Clause(**about)
        return
    job = {key: value for key, value in about.items() if key not in {"id", "clauses"}}
    for id, clause in about["clauses"].items():
        yield Clause(id=id, clause=clause, job=about["id"], program=about["id"], **job)


def content(about: Any) -> bytes:
    """The bytes of an object: a text, or ``{text, times, gzip}``."""
    told = {"text": about} if isinstance(about, str) else about
    found = str(told["text"]).encode() * int(told.get("times", 1))
    return gzip.compress(found) if told.get("gzip") else found


def filled(value: Any, words: dict[str, str]) -> Any:
    """The value with these words put in, wherever it has text."""
    if isinstance(value, dict):
        return {key: filled(item, words) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, words) for item in value]
    if isinstance(value, str):
        for word, text in words.items():
            value = value.replace(word, text)
    return value
