"""Durations of ISO 8601, ``P30D`` or ``PT1H``, in seconds; also as many write them: ``30d``, ``T3H``."""

from __future__ import annotations

import re

_UNITS = {"years": 365 * 86_400, "months": 30 * 86_400, "weeks": 604_800, "days": 86_400}
_TIMES = {"hours": 3600, "minutes": 60, "seconds": 1}
_FORM = re.compile(
    r"P?(?=\w)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.ASCII | re.IGNORECASE,
)


def duration_seconds(text: object) -> int | None:
    """Seconds of a duration, a year as 365 days and a month as 30; None for what is none.

    >>> duration_seconds("P1DT2H"), duration_seconds("30d"), duration_seconds("30")
    (93600, 2592000, None)
    """
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    return sum(int(found[unit] or 0) * seconds for unit, seconds in {**_UNITS, **_TIMES}.items())
