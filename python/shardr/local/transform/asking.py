"""One request to a model: sent, sent again where that is right, and what came of it."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from shardr.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.local.runners.doors import Door
    from shardr.local.transform.settings import Settings

EXCERPT_CHARACTERS = 200
PAUSE_SECONDS = 0.2
PIECE_BYTES = 1 << 18


class Asker:
    """Asks one instance, over a connection for each thread, which stays open.

    Of ``http.client`` it takes the reading of answers. The head of a request is the same for all of them, and leaves
    together with a body that is small: a request of one record costs half of what it costs otherwise.
    """

    def __init__(self, door: Door, settings: Settings) -> None:
        self._door, self._settings = door, settings
        self._own = threading.local()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        headers = {"Host": "localhost", "Accept-Encoding": "identity", "Accept": settings.accept}
        headers |= {"Content-Type": settings.content_type}
        told = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value is not None)
        self._head = f"POST /invocations HTTP/1.1\r\n{told}Content-Length: ".encode("latin-1", "replace")

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
                with suppress(OSError):  # of the other side
                    connection.shutdown(socket.SHUT_RDWR)

    def _once(self, body: bytes) -> tuple[int, bytes]:
        end = time.monotonic() + self._settings.timeout_seconds
        connection = self._connection()
        if self._ended.is_set():
            raise ConnectionAbortedError("the job has ended")
        connection.settimeout(max(0.001, end - time.monotonic()))
        head = b"%s%d\r\n\r\n" % (self._head, len(body))
        if len(body) <= PIECE_BYTES:
            connection.sendall(head + body)
        else:
            connection.sendall(head)
            connection.sendall(body)
        with http.client.HTTPResponse(connection, method="POST") as answer:
            answer.begin()
            found = b"".join(self._pieces(connection, answer, end))
            if answer.will_close:
                self._drop()
            return answer.status, found

    def _pieces(self, connection: socket.socket, answer: http.client.HTTPResponse, end: float) -> Iterator[bytes]:
        """The body, all of it before ``end``: one that comes in drops takes no longer than one that hangs."""
        while piece := answer.read1(PIECE_BYTES):
            yield piece
            connection.settimeout(max(0.001, end - time.monotonic()))
        if answer.length:
            raise http.client.IncompleteRead(b"", answer.length)

    def _connection(self) -> socket.socket:
        """That of this thread."""
        connection: socket.socket | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._door.connect(self._settings.timeout_seconds)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open.add(connection)
        return connection

    def _said(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"no answer within {self._settings.timeout_seconds:g} seconds"
        return f"{type(error).__name__}: {error}"

    def _drop(self) -> None:
        connection: socket.socket | None = getattr(self._own, "connection", None)
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
