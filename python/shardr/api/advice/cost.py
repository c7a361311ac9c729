"""The arithmetic of a bill: instances x price x time, with the time that it takes to start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shardr.requests.facts import TRANSFORM, facts

START_SECONDS = 197
"""From the request to the script, for you who wait."""
BILLED_START_SECONDS = 129
"""The part of it that each instance is billed for: it pulls the image and the data."""
ASSUMPTIONS = (
    f"a job takes {START_SECONDS} s to start, of which each instance is billed {BILLED_START_SECONDS} s: one public "
    "measurement, a training of 1.0 s that took 198 s on ml.m5.large and was billed 130 s",
    "on demand, by the second; storage, transfer of data and taxes are not in it",
)


@dataclass(frozen=True)
class Resources:
    """What a request asks for."""

    kind: str
    """``processing``, ``training`` or ``transform``: they have prices of their own."""
    instance_type: str
    instance_count: int
    bound_seconds: int | None
    """The longest that it may take; None where nothing bounds it."""
    spot: bool


def resources(request: dict[str, Any]) -> Resources:
    """What the request of a job asks for."""
    about = facts(request)
    return Resources(
        about.kind.name,
        about.instance_type,
        about.instances,
        None if about.kind is TRANSFORM else about.max_runtime_seconds,
        bool(request.get("EnableManagedSpotTraining")),
    )


def dollars(instances: int, seconds: float, usd_per_hour: float, starts: int = 1) -> float:
    """What instances cost that each start ``starts`` times and run for ``seconds`` in all.

    >>> round(dollars(1, 1, 0.115), 4), round(dollars(2, 1, 0.115), 4)
    (0.0042, 0.0083)
    """
    return instances * (starts * BILLED_START_SECONDS + seconds) * usd_per_hour / 3600
