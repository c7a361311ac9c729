"""Serves a model: ``GET /ping``, ``GET /execution-parameters`` and ``POST /invocations`` on port 8080."""

from __future__ import annotations

import json
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Protocol

from place import UserError, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LARGEST = int(os.environ.get("MAX_CONTENT_LENGTH") or 6 * 1024 * 1024)
"""Bytes of a request, as with SageMaker."""


class RequestError(Exception):
    """A request that is refused: it gets another status than 200."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Served(Protocol):
    """A model that answers requests."""

    def answer(self, body: bytes, content_type: str | None, accept: str | None) -> tuple[str, str | bytes]:
        """The content type of the answer and the answer; raises ``RequestError``."""


def answer_type(accept: str | None, known: Sequence[str]) -> str:
    """In which of the known forms the caller wants the answer: the first where all will do."""
    if not accept or "*/*" in accept:
        return os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT") or known[0]
    asked = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    found = next((kind for kind in asked if kind in known), None)
    if found is None:
        raise RequestError(406, f"{accept} is not answered: accept {', '.join(known)}")
    return found


def serve(load: Callable[[], Served]) -> int:
    """Answers until it is stopped; the exit status of the program."""
    try:
        model = load()
    except UserError as error:
        say(str(error))
        return 1
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT") or 8080)
    host = os.environ.get("SHARDR_BIND_HOST") or "0.0.0.0"  # noqa: S104 - a container is reached from outside
    with Server((host, port), _handler(model)) as server:
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        say(f"listening on port {server.server_port}")
        server.serve_forever(poll_interval=0.05)
    os._exit(0)  # at once: taking libraries down in order takes longer than the answers that nobody waits for


class Server(ThreadingHTTPServer):
    """One thread for each caller."""

    daemon_threads = True
    request_queue_size = 128


def _handler(model: Served) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            if self.path == "/ping":
                self.reply(200)
            elif self.path == "/execution-parameters":
                cores = os.cpu_count() or 1
                told = {"MaxConcurrentTransforms": cores, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 6}
                self.reply(200, json.dumps(told), "application/json")
            else:
                self.reply(404, f"there is no {self.path}\n")

        def do_POST(self) -> None:
            try:
                body = self.body()
                if self.path != "/invocations":
                    return self.reply(404, f"there is no {self.path}\n")
                if not body:
                    return self.reply(204)
                kind, answer = model.answer(body, self.headers.get("Content-Type"), self.headers.get("Accept"))
                return self.reply(200, answer, kind)
            except RequestError as refused:
                return self.reply(refused.status, f"{refused}\n")
            except Exception as error:  # noqa: BLE001 - the caller wants an answer, the server goes on
                say(f"a request failed: {type(error).__name__}: {error}")
                return self.reply(500, f"{error}\n")

        def body(self) -> bytes:
            length = self.headers.get("Content-Length")
            if length is None or not length.isdecimal():
                self.close_connection = True
                raise RequestError(411, "the request does not say how long it is (Content-Length)")
            if int(length) > LARGEST:
                self.close_connection = True
                self.rfile.read(min(int(length), 16 * LARGEST))  # who still sends does not hear the answer
                raise RequestError(413, f"the request has {length} bytes, and at most {LARGEST} are taken")
            return self.rfile.read(int(length))

        def reply(self, status: int, answer: str | bytes = b"", kind: str = "text/plain; charset=utf-8") -> None:
            content = answer.encode() if isinstance(answer, str) else answer
            self.send_response(status)
            if content:
                self.send_header("Content-Type", kind)
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing of each request: the service does not either."""

    return Handler
