"""One request to a model: sent, sent again where that is right, and what came of it."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from shardr.errors import DataError
from shardr.local.hosting import Connection

if TYPE_CHECKING:
    from shardr.local.runners.doors import Door
    from shardr.local.transform.settings import Settings

EXCERPT_CHARACTERS = 200
PAUSE_SECONDS = 0.2
PIECE_BYTES = 1 << 18


class Asker:
    """Asks one instance, over a connection for each thread, which stays open."""

    def __init__(self, door: Door, settings: Settings) -> None:
        self._door, self._settings = door, settings
        self._own = threading.local()
        self._open: set[Connection] = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        headers = {"Content-Type": settings.content_type, "Accept": settings.accept}
        self._headers = {name: value for name, value in headers.items() if value is not None}

    def ask(self, body: bytes) -> bytes:
        """The model's answer; raises ``DataError`` with the status and how the answer begins.

        What the server itself got wrong (5xx), what takes too long and connections that break are tried again, as the
        job says how often; a request that is refused (4xx) is not.
        """
        tried = 0
        while True:
            try:
                status, answer = self._once(body)
            except (OSError, http.client.HTTPException) as error:
                status, answer = 0, self._said(error).encode()
                self._drop()
            if 200 <= status < 300:
                return answer
            tried += 1
            over = 400 <= status < 500 or tried > self._settings.retries
            if over or self._ended.wait(PAUSE_SECONDS * tried):
                raise DataError(_words(status, answer))

    def end(self) -> None:
        """Nobody wants answers any more: whoever waits for one gets an error now, and not when the model is done."""
        self._ended.set()
        with self._lock:
            for connection in self._open:
                with suppress(OSError, AttributeError):  # it may be about to be opened, or closed by its own thread
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def _once(self, body: bytes) -> tuple[int, bytes]:
        end = time.monotonic() + self._settings.timeout_seconds
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = Connection(self._door, self._settings.timeout_seconds)
            connection.connect()
            with self._lock:
                self._open.add(connection)
        if self._ended.is_set():
            raise ConnectionAbortedError("the job has ended")
        connection.sock.settimeout(max(0.001, end - time.monotonic()))
        connection.request("POST", "/invocations", body, self._headers)
        return self._answer(connection, end)

    def _answer(self, connection: Connection, end: float) -> tuple[int, bytes]:
        """Status and body, all of it before ``end``: one that comes in drops does not take longer than one that hangs."""
        sock = connection.sock  # the response takes it along where it is the last one
        answer = connection.getresponse()
        pieces = []
        while piece := answer.read1(PIECE_BYTES):
            pieces.append(piece)
            sock.settimeout(max(0.001, end - time.monotonic()))
        answer.close()  # or the connection does not know that it may be asked again
        if answer.length:
            raise http.client.IncompleteRead(b"", answer.length)
        if answer.will_close:
            self._drop()
        return answer.status, b"".join(pieces)

    def _said(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"no answer within {self._settings.timeout_seconds:g} seconds"
        return f"{type(error).__name__}: {error}"

    def _drop(self) -> None:
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is not None:
            with self._lock:
                self._open.discard(connection)
            connection.close()
            self._own.connection = None


def _words(status: int, answer: bytes) -> str:
    text = " ".join(answer.decode("utf-8", "replace").split())
    text = text if len(text) <= EXCERPT_CHARACTERS else text[: EXCERPT_CHARACTERS - 1] + "…"
    if status == 0:
        return f"Unable to get response from algorithm: {text}"
    return f"Bad HTTP status received from algorithm: {status}" + (f": {text}" if text else "")
