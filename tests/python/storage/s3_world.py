"""An S3 on loopback that fails as Amazon's can: slows down, answers 500, and hangs up in the middle."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ERROR = "<Error><Code>{0}</Code><Message>{0}</Message></Error>"


class World:
    """The objects by path, and the faults that the next requests of a method meet."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.faults: dict[str, list[str]] = {}
        self.seen: list[str] = []
        self.url = ""
        self.ranges = True


@contextmanager
def failing_s3() -> Iterator[World]:
    world = World()

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def failed(self) -> bool:
            world.seen.append(self.command)
            faults = world.faults.get(self.command) or [""]
            fault = faults.pop(0)
            if fault == "hang up":
                self.rfile.read(64)
                self.close_connection = True
                self.connection.close()
            elif fault not in {"", "cut"}:
                status, _, code = fault.partition(" ")
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.answer(int(status), ERROR.format(code).encode())
            self.cut = fault == "cut"
            return fault not in {"", "cut"}

        def do_PUT(self) -> None:
            if self.failed():
                return
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if "aws-chunked" in self.headers.get("Content-Encoding", ""):  # one chunk and a trailing checksum
                size, _, rest = body.partition(b"\r\n")
                body = rest[: int(size.split(b";")[0], 16)]
            kept = {name: value for name, value in self.headers.items() if name.lower().startswith("x-amz-meta-")}
            world.objects[self.path] = (body, kept)
            self.answer(200, ETag='"e"')

        def do_HEAD(self) -> None:
            if self.failed():
                return
            found = world.objects.get(self.path)
            if found is None:
                self.answer(404)
                return
            self.answer(200, found[0], ETag='"e"', **found[1])

        def do_GET(self) -> None:
            if self.failed():
                return
            body, status, ranged = world.objects[self.path][0], 200, dict[str, str]()
            if "Range" in self.headers and world.ranges:
                asked = self.headers["Range"].removeprefix("bytes=")
                first, _, last = asked.partition("-")
                ranged = {"Content_Range": f"bytes {asked}/{len(body)}"}
                body, status = body[int(first) : int(last) + 1], 206
            if not self.cut:
                self.answer(status, body, ETag='"e"', **ranged)
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    world.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
