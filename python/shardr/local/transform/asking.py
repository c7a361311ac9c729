"""One request to a model: sent, sent again where that is right, and what came of it."""

from __future__ import annotations

import http.client
import threading
import time
from typing import TYPE_CHECKING

from shardr.errors import DataError
from shardr.local.hosting import Connection

if TYPE_CHECKING:
    from shardr.local.runners.doors import Door
    from shardr.local.transform.settings import Settings

EXCERPT_CHARACTERS = 200
PAUSE_SECONDS = 0.2


class Asker:
    """Asks one instance, over a connection for each thread, which stays open."""

    def __init__(self, door: Door, settings: Settings) -> None:
        self._door, self._settings = door, settings
        self._own = threading.local()
        headers = {"Content-Type": settings.content_type, "Accept": settings.accept}
        self._headers = {name: value for name, value in headers.items() if value is not None}

    def ask(self, body: bytes) -> bytes:
        """The model's answer; raises ``DataError`` with the status and how the answer begins.

        What the server itself got wrong (5xx) and connections that break are tried again, as the job says how often; a
        request that is refused (4xx) is not.
        """
        tried = 0
        while True:
            try:
                status, answer = self._once(body)
            except (OSError, http.client.HTTPException) as error:
                status, answer = 0, f"{type(error).__name__}: {error}".encode()
                self._drop()
            if 200 <= status < 300:
                return answer
            tried += 1
            if 400 <= status < 500 or tried > self._settings.retries:
                raise DataError(_words(status, answer))
            time.sleep(PAUSE_SECONDS * tried)

    def _once(self, body: bytes) -> tuple[int, bytes]:
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = Connection(self._door, self._settings.timeout_seconds)
        connection.request("POST", "/invocations", body, self._headers)
        answer = connection.getresponse()
        found = answer.read()
        if answer.will_close:
            self._drop()
        return answer.status, found

    def _drop(self) -> None:
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is not None:
            connection.close()
            self._own.connection = None


def _words(status: int, answer: bytes) -> str:
    text = " ".join(answer.decode("utf-8", "replace").split())
    text = text if len(text) <= EXCERPT_CHARACTERS else text[: EXCERPT_CHARACTERS - 1] + "…"
    if status == 0:
        return f"Unable to get response from algorithm: {text}"
    return f"Bad HTTP status received from algorithm: {status}" + (f": {text}" if text else "")
