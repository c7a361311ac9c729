"""Whether a job has ended as its clause says: what was expected, and what was found instead."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from shardr.requests.check import check_response

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardr.api.conformance.clauses import Then

SHOWN_CHARACTERS = 300
KEPT = "kept"


@dataclass(frozen=True)
class ClauseResult:
    """A clause that was tried in one language: ``problems`` says what was expected and what was found."""

    id: str
    clause: str
    language: str
    ok: bool
    seconds: float
    problems: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    """The last lines that the instances printed, where something is wrong."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def differences(
    then: Then, job: Mapping[str, Any], outputs: Mapping[str, str], seconds: float, kind: str = "Processing"
) -> Iterator[str]:
    """What is not as it must be with a job that has ended: ``job`` as described, ``outputs`` by relative name."""
    reason, message, status = job.get("FailureReason", ""), job.get("ExitMessage", ""), job[f"{kind}JobStatus"]
    if status != then.status:
        yield told("status", then.status, f"{status}{': ' if reason else ''}{reason}")
    if then.message is not None and not re.fullmatch(then.message, message):
        yield told("exit message", then.message, message or "none")
    if then.reason is not None and not re.search(then.reason, reason):
        yield told("failure reason", then.reason, reason or "none")
    if then.outputs is not None:
        if outputs.keys() != then.outputs.keys():
            yield told("outputs", _names(then.outputs), _names(outputs))
        for name, text in then.outputs.items():
            if text is not None and name in outputs and outputs[name] != text:
                yield told(f"output {name}", repr(text), repr(outputs[name]))
    if then.within is not None and seconds > then.within:
        yield told("end", f"within {then.within:g} s", f"{seconds:.0f} s")
    for problem in check_response(f"Describe{kind}Job", job):
        yield f"the description of the job is none of the service's: {problem}"


def not_told(clause: str, logs: Mapping[str, list[str]]) -> Iterator[str]:
    """What a program that tries several clauses has found instead; it says of each ``<clause>: kept``."""
    for host, lines in logs.items():
        found = [line.partition(": ")[2] for line in lines if line.startswith(f"{clause}: ")]
        if found != [KEPT]:
            yield told(f"what {host} says of it", KEPT, "; ".join(found) or "nothing")


def told(what: str, expected: str, found: str) -> str:
    """A problem, as it is shown."""
    return f"{what}: expected {_short(expected)}, found {_short(found)}"


def _names(outputs: Mapping[str, Any]) -> str:
    return ", ".join(sorted(outputs)) or "none"


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 1]}…"
