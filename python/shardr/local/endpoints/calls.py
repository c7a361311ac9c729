"""A request to an endpoint: an instance is chosen, asked, and its answer taken, as the service does it."""

from __future__ import annotations

import http.client
import random
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.errors import InvocationError, RequestError
from shardr.local import contract
from shardr.local.endpoints.capture import capture
from shardr.local.endpoints.pool import Pool, pool
from shardr.local.endpoints.store import IN_SERVICE, UPDATING, Endpoints
from shardr.local.hosting import Connection

if TYPE_CHECKING:
    from shardr.local.endpoints.pool import Key
    from shardr.local.endpoints.store import EndpointRow, Opening
    from shardr.local.home import Home

ANSWER_SECONDS = 60
SENT = {"ContentType": "Content-Type", "Accept": "Accept", "CustomAttributes": "X-Amzn-SageMaker-Custom-Attributes"}
"""What an instance is told of a request: no header but these."""
TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the latency metrics for "
    "each container in Amazon CloudWatch, resolve the issue, and try again."
)
SHOWN = 1000
"""Characters of what a model says that are told with an error."""


@dataclass(frozen=True)
class Answered:
    """What an instance answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


def invoke(home: Home, request: dict[str, Any]) -> dict[str, Any]:
    """The answer, with the field names of ``InvokeEndpoint``.

    Raises ``RequestError`` where there is no such endpoint, ``InvocationError`` where its model does not answer.
    """
    body = request["Body"]
    body = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else body.read()
    headers = {header: request[field] for field, header in SENT.items() if field in request}
    headers.setdefault("Content-Type", "application/octet-stream")  # as the service says it
    row = _row(home, request["EndpointName"])
    while True:
        try:
            variant, openings = _chosen(row, request.get("TargetVariant"))
            found = _ask(row, openings, headers, body)
            break
        except InvocationError as error:
            now = _row(home, row.name)
            if error.reached or not now.doors or now.doors == row.doors:
                raise
            row = now  # its instances were replaced at this very moment
    if not 200 <= found.status < 300:
        raise _refused(row, found)
    answer = {"Body": found.body, "InvokedProductionVariant": variant}
    told = {"ContentType": "Content-Type", "CustomAttributes": SENT["CustomAttributes"]}
    answer |= {field: found.headers[header] for field, header in told.items() if found.headers[header] is not None}
    capture(home, row, variant, request | {"Body": body}, answer)
    return answer


def _row(home: Home, name: str) -> EndpointRow:
    row = Endpoints(home.store).find(name) if home.store.exists() else None
    if row is None or not (row.doors or row.status in {IN_SERVICE, UPDATING}):
        raise RequestError(f"Endpoint {name} of account {contract.ACCOUNT} not found.")
    return row


def _chosen(row: EndpointRow, target: str | None) -> tuple[str, list[Opening]]:
    """A variant, by weight unless it is named, and the ways to its instances."""
    variants = {variant.name: variant.weight for variant in row.plan.variants}
    if target is not None and target not in variants:
        raise RequestError(f"Variant {target} of endpoint {row.name} not found.")
    there = {opening.variant for opening in row.doors} & variants.keys()
    able = {name: weight for name, weight in variants.items() if name in there and (target or weight > 0)}
    if target is not None:
        able = {name: weight for name, weight in able.items() if name == target}
    if not able:
        raise _unavailable(row)
    name = target or random.choices(list(able), list(able.values()))[0]  # noqa: S311 - no secret
    return name, [opening for opening in row.doors if opening.variant == name]


def _ask(row: EndpointRow, openings: list[Opening], headers: dict[str, str], body: bytes) -> Answered:
    """The answer of the first instance that takes the request; raises ``InvocationError``."""
    mine = pool()
    mine.only(row.name, row.created, row.doors)
    keys: list[Key] = [(row.name, row.created, opening.serial) for opening in openings]
    lost = False
    for i in mine.order(keys):
        with mine.counted(keys[i]):
            try:
                return _of(mine, keys[i], openings[i], headers, body)
            except _LostError as error:
                if lost:  # this request ends whatever sees it
                    raise _broken(error) from error
                lost = True
            except ConnectionRefusedError:  # it has just ended: whoever keeps it is about to know
                continue
    raise _unavailable(row)


class _LostError(Exception):
    """An instance ended, and may have seen the request before: it was sent over a connection that was kept."""


def _of(mine: Pool, key: Key, opening: Opening, headers: dict[str, str], body: bytes) -> Answered:
    """The answer of one instance; raises ``ConnectionRefusedError`` where it is not there to be asked."""
    end = time.monotonic() + ANSWER_SECONDS
    kept = mine.take(key)
    try:
        if kept is not None:
            # it may be let go of at this very moment, or the instance has ended: a new connection tells
            with suppress(ConnectionError, http.client.BadStatusLine):
                return _exchange(mine, key, kept, headers, body, end)
        connection = Connection(opening.door, ANSWER_SECONDS)
        try:
            connection.connect()
        except (OSError, ValueError) as error:
            connection.close()
            raise (ConnectionRefusedError if kept is None else _LostError)(str(error)) from error
        return _exchange(mine, key, connection, headers, body, end)
    except ConnectionRefusedError:
        raise
    except TimeoutError as error:
        raise _silent() from error
    except (OSError, http.client.HTTPException) as error:
        raise _broken(error) from error


def _exchange(
    mine: Pool, key: Key, connection: Connection, headers: dict[str, str], body: bytes, end: float
) -> Answered:
    """The answer over a connection, which is closed when there is none."""
    try:
        connection.sock.settimeout(max(0.001, end - time.monotonic()))
        connection.request("POST", "/invocations", body, headers)
        reply = connection.getresponse()
        found = Answered(reply.status, reply.headers, reply.read())
    except BaseException:
        connection.close()
        raise
    if reply.will_close or connection.sock is None:
        connection.close()
    else:
        mine.give(key, connection)
    return found


def _broken(error: Exception) -> InvocationError:
    said = f"the container ended the connection without an answer ({type(error).__name__})"
    return InvocationError(f'Received server error (0) from primary with message "{said}".', said=said)


def _silent() -> InvocationError:
    return InvocationError(f'Received server error (0) from primary with message "{TIMED_OUT}"', said=TIMED_OUT)


def _unavailable(row: EndpointRow) -> InvocationError:
    what = f"No instance of endpoint {row.name} is ready to answer."
    return InvocationError(what, reached=False, fix="try again in a moment: instances that ended are started anew")


def _refused(row: EndpointRow, found: Answered) -> InvocationError:
    said = found.body.decode("utf-8", "replace")[:SHOWN]
    whose = "server" if found.status >= 500 else "client"
    what = (
        f'Received {whose} error ({found.status}) from primary with message "{said}". '
        f"See the log of endpoint {row.name} for more information."
    )
    return InvocationError(what, status=found.status, said=said)
