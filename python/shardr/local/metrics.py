"""Metrics of a training job: what its log says of them, by the regular expressions of its request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shardr.local.builtin import builtin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

LINE_CHARACTERS = 10_000
"""A longer line is none that a person would print a metric in."""


class Matcher:
    """Finds the metrics of a job in the lines of a log, wherever the log is read."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        algorithm = request.get("AlgorithmSpecification", {})
        self.asked: list[tuple[str, str]] = [(i["Name"], i["Regex"]) for i in algorithm.get("MetricDefinitions", [])]
        """The names and the expressions that the request has."""
        known = None if self.asked else builtin(algorithm.get("TrainingImage", ""))
        definitions = self.asked or (known.metrics if known else [])
        self.names = list(dict.fromkeys(name for name, _ in definitions))
        """All that can be found, in the order of the definitions: an algorithm of the service's has some of its own."""
        self._finders = [(name, finder) for name, regex in definitions if (finder := _finder(regex))]

    def found(self, line: str) -> Iterator[tuple[str, float]]:
        """The metrics in a line: their names and values."""
        line = line[:LINE_CHARACTERS]
        for name, find in self._finders:
            match = find(line)
            value = _number(match.group(1) if match else None)
            if value is not None:
                yield name, value


def final(request: Mapping[str, Any], logs: Sequence[Path]) -> tuple[dict[str, float], dict[str, str]]:
    """The last value of each metric, and the expressions of the request that no line of any log matches.

    Of several instances the first that logged a metric says what it was in the end.
    """
    matcher = Matcher(request)
    found: dict[str, float] = {}
    for log in logs if matcher.names else ():
        found = {**{name: value for line in _lines(log) for name, value in matcher.found(line)}, **found}
    return found, {name: regex for name, regex in matcher.asked if name not in found}


def _finder(regex: str) -> Any:
    """How a line is searched by an expression that has a value in it; None for one that Python cannot read.

    One that begins with ``.*`` finds what it finds from the start of a line or not at all. To try it from each
    character of a line, as a search does, would take the square of the line's length.
    """
    try:
        compiled = re.compile(regex)
    except re.error:  # of a request that the service took
        return None
    if not compiled.groups:
        return None
    return compiled.match if regex.startswith(".*") and "|" not in regex else compiled.search


def _lines(log: Path) -> Iterator[str]:
    """The lines of a log, of long ones the beginning: a line can be as long as the disk is large."""
    if not log.exists():
        return
    with log.open(encoding="utf-8", errors="replace") as stream:
        begins = True
        while piece := stream.readline(LINE_CHARACTERS):
            if begins:
                yield piece.rstrip("\n")
            begins = piece.endswith("\n")


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
