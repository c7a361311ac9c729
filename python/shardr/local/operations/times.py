"""Moments: seconds since 1970 in the store, ``datetime`` in answers, any of the service's forms in requests."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import overload


@overload
def moment(seconds: float) -> datetime: ...
@overload
def moment(seconds: None) -> None: ...
def moment(seconds: float | None) -> datetime | None:
    """The moment so many seconds after 1970."""
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=timezone.utc)


def seconds(moment: datetime | float | str) -> float:
    """Seconds since 1970 of a moment as a request may give it."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return moment.timestamp() if isinstance(moment, datetime) else float(moment)
