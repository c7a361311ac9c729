"""Long lists a page at a time: filtered, sorted, and continued by a token that belongs to its question."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from shardr.errors import RequestError
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
SORT = {"Name": "name", "CreationTime": "created", "Status": "status"}


def page(
    rows: Iterable[Row], request: Mapping[str, Any], sort: Mapping[str, str] = SORT
) -> tuple[list[Row], str | None]:
    """The rows of one page, and the token of the next if there is one: newest first, 10 a page, unless asked otherwise.

    Raises ``RequestError`` for a token that was made up, or that belongs to another question.
    """
    key = sort[request.get("SortBy", "CreationTime")]
    up = request.get("SortOrder") == "Ascending"
    found = sorted((row for row in rows if _wanted(row, request)), key=lambda row: _place(row, key), reverse=not up)
    last = _last(request)
    if last is not None:  # by the row itself: those that were created since do not shift the pages
        found = [row for row in found if (_place(row, key) > last) == up and row.name != last[1]]
    shown = found[: request.get("MaxResults", 10)]
    return shown, _token(request, _place(shown[-1], key)) if len(shown) < len(found) else None


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


def _token(request: Mapping[str, Any], last: Place) -> str:
    """After which row the next page begins, with the question it belongs to."""
    asked = {key: str(value) for key, value in request.items() if key not in {"NextToken", "MaxResults"}}
    return base64.urlsafe_b64encode(json.dumps([*last, asked]).encode()).decode()


def _last(request: Mapping[str, Any]) -> Place | None:
    if "NextToken" not in request:
        return None
    try:
        key, name, _ = json.loads(base64.urlsafe_b64decode(request["NextToken"]))
    except (ValueError, TypeError) as error:
        raise RequestError("NextToken is not one that was handed out") from error
    if _token(request, (key, name)) != request["NextToken"]:
        raise RequestError("NextToken belongs to another question", fix="repeat the filters of the first page")
    return key, name
