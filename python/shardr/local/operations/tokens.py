"""Tokens of lists: where the next page begins, and to which question it belongs."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from shardr.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PAGING = {"NextToken", "nextToken", "MaxResults", "limit"}
"""What may change from one page to the next."""


def following(request: Mapping[str, Any], last: Sequence[Any]) -> dict[str, str]:
    """What an answer says of the page after the row at this place."""
    return {"NextToken": made(request, last)}


def made(request: Mapping[str, Any], last: Sequence[Any]) -> str:
    """The token after the row at this place."""
    asked = {key: str(value) for key, value in sorted(request.items()) if key not in PAGING}
    return base64.urlsafe_b64encode(json.dumps([list(last), asked]).encode()).decode()


def read(request: Mapping[str, Any], kinds: Sequence[type], field: str = "NextToken") -> list[Any] | None:
    """The place at which the page before ended, which has values of these kinds; None for the first.

    Raises ``RequestError`` for a token that was made up, or that belongs to another question.
    """
    if field not in request:
        return None
    try:
        last, _ = json.loads(base64.urlsafe_b64decode(request[field]))
        again = made(request, last)
    except (ValueError, TypeError) as error:
        raise RequestError(f"{field} is not one that was handed out") from error
    if again != request[field]:
        raise RequestError(f"{field} belongs to another question", fix="repeat the filters of the first page")
    if not isinstance(last, list) or [*map(type, last)] != [*kinds]:
        raise RequestError(f"{field} is not one that was handed out")
    return last
