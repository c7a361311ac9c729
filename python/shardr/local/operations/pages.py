"""Long lists a page at a time: filtered, sorted, and continued by a token that belongs to its question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from shardr.local.operations import tokens
from shardr.local.operations.times import seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Listed(Protocol):
    """What can be listed: it has a name, a status, and two moments."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def status(self) -> str: ...  # noqa: D102
    @property
    def created(self) -> float: ...  # noqa: D102
    @property
    def modified(self) -> float: ...  # noqa: D102


Row = TypeVar("Row", bound=Listed)
Place = tuple[Any, str]
"""Where a row stands in a list: what it is sorted by, and its name."""
WORDS = ("name", "status")
"""Of what rows are sorted by, that which is no moment."""
SORT = {"Name": "name", "CreationTime": "created", "Status": "status"}


def page(
    rows: Iterable[Row], request: Mapping[str, Any], sort: Mapping[str, str] = SORT
) -> tuple[list[Row], dict[str, str]]:
    """The rows of one page, and what the answer says of the next: newest first, 10 a page, unless asked otherwise.

    Raises ``RequestError`` for a token that was made up, or that belongs to another question.
    """
    key = sort[request.get("SortBy", "CreationTime")]
    up = request.get("SortOrder") == "Ascending"
    found = sorted((row for row in rows if _wanted(row, request)), key=lambda row: _place(row, key), reverse=not up)
    last = tokens.read(request, (str if key in WORDS else float, str))
    if last is not None:  # by the row itself: those that were created since do not shift the pages
        found = [row for row in found if (_place(row, key) > tuple(last)) == up and row.name != last[1]]
    shown = found[: request.get("MaxResults", 10)]
    return shown, tokens.following(request, _place(shown[-1], key)) if len(shown) < len(found) else {}


def _place(row: Listed, key: str) -> Place:
    return getattr(row, key), row.name


def _wanted(row: Listed, request: Mapping[str, Any]) -> bool:
    bounds = {
        "CreationTimeAfter": (row.created, 1),
        "CreationTimeBefore": (row.created, -1),
        "LastModifiedTimeAfter": (row.modified, 1),
        "LastModifiedTimeBefore": (row.modified, -1),
    }
    return (
        request.get("NameContains", "").lower() in row.name.lower()
        and request.get("StatusEquals", row.status) == row.status
        and all(
            (moment - seconds(request[field])) * direction >= 0
            for field, (moment, direction) in bounds.items()
            if field in request
        )
    )
