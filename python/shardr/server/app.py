"""HTTP in front of the wire: bodies are read within bounds, the rest is a request and its reply."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from shardr.local.faults import Fault
from shardr.local.wire import MOST_BYTES, answer, refused
from shardr.local.wire.query import from_url
from shardr.local.wire.rest import spoken

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from concurrent.futures import Executor

    from shardr.local.account import Account
    from shardr.local.wire import Reply
    from shardr.server.signatures import Signatures

    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

BODY_SECONDS = 30
"""A client that is slower is told to come again."""
TOO_LARGE = Fault("RequestEntityTooLargeException", 413, f"the body is larger than {MOST_BYTES} bytes")
TOO_SLOW = Fault("RequestTimeoutException", 408, f"the body did not come within {BODY_SECONDS} seconds")


class App:
    """An ASGI application that answers requests of AWS clients; ``callers`` wait for models, which take their time."""

    def __init__(self, account: Account, workers: Executor, callers: Executor, signatures: Signatures | None) -> None:
        self._account, self._workers, self._callers, self._signatures = account, workers, callers, signatures

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answers one request; a client that hangs up before it is whole has asked for nothing."""
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        found = await _body(headers, receive)
        if found is None:
            return
        if isinstance(found, Fault):
            await _send(send, refused(headers, found, scope["path"]), close=True)
            return
        loop = asyncio.get_running_loop()
        # it reads and writes files: others are answered meanwhile
        workers = self._callers if spoken(scope["path"]) else self._workers
        await _send(send, await loop.run_in_executor(workers, self._reply, scope, headers, found), close=False)

    def _reply(self, scope: dict[str, Any], headers: Mapping[str, str], body: bytes) -> Reply:
        path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
        told, form = from_url(headers, query, body)
        if self._signatures is not None:
            fault = self._signatures.fault(scope["method"], path, query, headers, body)
            if fault is not None:
                return refused(told, fault, path)
        return answer(self._account, told, form, path)


async def _body(headers: Mapping[str, str], receive: Receive) -> bytes | Fault | None:
    """The whole body; None when the client has gone."""
    length = headers.get("content-length", "0")
    if length.isdigit() and int(length) > MOST_BYTES:
        return TOO_LARGE
    parts: list[bytes] = []
    size = 0
    end = asyncio.get_running_loop().time() + BODY_SECONDS
    while True:
        try:
            event = await asyncio.wait_for(receive(), end - asyncio.get_running_loop().time())
        except (TimeoutError, asyncio.TimeoutError):
            return TOO_SLOW
        if event["type"] == "http.disconnect":
            return None
        parts.append(event.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BYTES:
            return TOO_LARGE
        if not event.get("more_body"):
            return b"".join(parts)


async def _send(send: Send, reply: Reply, *, close: bool) -> None:
    headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
