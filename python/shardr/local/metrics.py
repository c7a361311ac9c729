"""Metrics of a training job: what its log says of them, by the regular expressions of its request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

LINE_CHARACTERS = 10_000
"""A longer line is none that a person would print a metric in."""


def values(request: Mapping[str, Any], log: Path) -> Iterator[tuple[str, float]]:
    """Every metric that one instance has logged, in order: its name and its value."""
    definitions = [(item["Name"], re.compile(item["Regex"])) for item in _definitions(request)]
    if not definitions or not log.exists():
        return
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            for name, regex in definitions:
                found = regex.search(line[:LINE_CHARACTERS])
                value = _number(found.group(1) if found and regex.groups else None)
                if value is not None:
                    yield name, value


def final(request: Mapping[str, Any], logs: Sequence[Path]) -> tuple[dict[str, float], dict[str, str]]:
    """The last value of each metric, and the expressions of those that no line of any log matches.

    Of several instances the first that logged a metric says what it was in the end.
    """
    found: dict[str, float] = {}
    for log in logs:
        found = {**dict(values(request, log)), **found}
    missing = {item["Name"]: item["Regex"] for item in _definitions(request) if item["Name"] not in found}
    return found, missing


def _definitions(request: Mapping[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = request["AlgorithmSpecification"].get("MetricDefinitions", [])
    return found


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None
