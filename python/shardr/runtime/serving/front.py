"""The process that callers reach. It has no model: whatever a prediction does, ``/ping`` is answered at once."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from shardr.runtime.serving import settings
from shardr.runtime.serving.counts import Counts
from shardr.runtime.serving.pool import Pool
from shardr.runtime.serving.refusals import TEXT, Answer, RequestError
from shardr.runtime.serving.worker import keep_workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardr.runtime.serving.worker import Answering

LARGEST = 100 * 1024 * 1024
"""Bytes of a request, as in batch transforms."""
NO_PATH = "there is no {}"


def serve(load: Callable[[], Answering], largest: int = LARGEST) -> int:
    """Answers by what ``load`` gives, which is called in each worker; the exit status when it is stopped."""
    count, address = settings.workers(), settings.address()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    line, end = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    keeper = os.fork()
    if keeper == 0:
        try:
            os._exit(keep_workers(load, end, count))
        finally:
            os._exit(1)
    pool = Pool(line, settings.queue(), settings.seconds())
    try:
        while pool.met() < count:
            if stop.wait(0.02):
                return 0
            if _ended(keeper):
                return 1
        with Server(address, pool, largest) as server:
            return _until(stop, keeper, server)
    finally:
        if not _ended(keeper):
            os.kill(keeper, signal.SIGTERM)  # the workers hear that nobody is there any more
            os.waitpid(keeper, 0)


_over: set[int] = set()


def _ended(process: int) -> bool:
    if process not in _over and os.waitpid(process, os.WNOHANG)[0]:
        _over.add(process)
    return process in _over


def _until(stop: threading.Event, keeper: int, server: Server) -> int:
    print(f"listening on port {server.server_port}", flush=True)
    accepting = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    accepting.start()
    while not stop.wait(0.2):
        if _ended(keeper):
            print("the workers have ended", file=sys.stderr, flush=True)
            return 1
    server.shutdown()
    server.socket.close()
    until = time.monotonic() + settings.STOP_SECONDS
    while server.counts.running and time.monotonic() < until:
        time.sleep(0.01)
    print(server.counts.line(), flush=True)
    return 0


class Server(ThreadingHTTPServer):
    """One thread for each caller."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], pool: Pool, largest: int) -> None:
        self.pool, self.largest, self.counts = pool, largest, Counts()
        super().__init__(address, Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that has gone is none."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """A caller, and one request of its after the other."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # headers and body leave together

    def do_GET(self) -> None:
        """What is asked of the server itself."""
        if self.path == "/ping":
            self._reply(Answer(200, "", b""))
        elif self.path == "/execution-parameters":
            told = {
                "MaxConcurrentTransforms": settings.workers(),
                "BatchStrategy": "MULTI_RECORD",
                "MaxPayloadInMB": min(6, self.server.largest >> 20),
            }
            self._reply(Answer(200, "application/json", json.dumps(told, separators=(",", ":")).encode()))
        elif self.path == "/metrics" and self.client_address[0] == "127.0.0.1":
            self._reply(Answer(200, TEXT, self.server.counts.text(settings.workers()).encode()))
        else:
            self._reply(RequestError(404, NO_PATH.format(self.path)).answer)

    def do_POST(self) -> None:
        """A prediction."""
        with self.server.counts.counted() as told:
            try:
                body = self._body()
                if self.path != "/invocations":
                    raise RequestError(404, NO_PATH.format(self.path))
                given = (self.headers.get(name) or "" for name in ("Content-Type", "Accept"))
                answer = self.server.pool.answer(body, *given)
            except RequestError as refused:
                answer = refused.answer
            told(answer.status)
            self._reply(answer)
            self.wfile.flush()

    def _body(self) -> bytes:
        length, largest = self.headers.get("Content-Length"), self.server.largest
        if length is None or not length.isdecimal():
            self.close_connection = True
            raise RequestError(411, "the request does not say how long it is (Content-Length)")
        if int(length) > largest:
            self.close_connection = True
            left = min(int(length), 16 * largest)
            while left > 0 and (piece := self.rfile.read1(left)):  # who still sends does not hear the answer
                left -= len(piece)
            raise RequestError(413, f"the request has {length} bytes, and at most {largest} are taken")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            raise RequestError(400, f"the request ended after {len(body)} of {length} bytes")
        return body

    def _reply(self, answer: Answer) -> None:
        self.send_response(answer.status)
        if answer.body:
            self.send_header("Content-Type", answer.content_type)
        if answer.status == 503:
            self.send_header("Retry-After", "1")
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing of each request: the service does not either."""
