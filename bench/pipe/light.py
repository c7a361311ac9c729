"""A bucket as S3 gives it, by a server that takes next to no time of a core: python bench/pipe/light.py FOLDER.

It lists, and gives objects and ranges of them, straight from the files (sendfile); it checks no signatures and writes
nothing. Prints its port.
"""

from __future__ import annotations

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

ROOT = Path(sys.argv[1])
ITEM = "<Contents><Key>{}</Key><Size>{}</Size><ETag>{}</ETag></Contents>"
LIST = "<ListBucketResult><IsTruncated>false</IsTruncated>{}</ListBucketResult>"


def etag(about: os.stat_result) -> str:
    return f'"{about.st_ino:x}-{about.st_size:x}-{about.st_mtime_ns:x}"'


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        if "list-type" in (given := parse_qs(asked.query)):
            self.list(ROOT / asked.path.strip("/"), given.get("prefix", [""])[0])
            return
        path = ROOT / unquote(asked.path).lstrip("/")
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            start, end = 0, about.st_size
            if ranged := self.headers.get("Range", ""):
                first, _, last = ranged.removeprefix("bytes=").partition("-")
                start, end = int(first), int(last) + 1
            self.send_response(206 if ranged else 200)
            if ranged:
                self.send_header("Content-Range", f"bytes {start}-{end - 1}/{about.st_size}")
            self.send_header("Content-Length", str(end - start))
            self.send_header("ETag", etag(about))
            self.end_headers()
            self.wfile.flush()
            while start < end:
                start += os.sendfile(self.connection.fileno(), file.fileno(), start, end - start)

    def list(self, bucket: Path, prefix: str) -> None:
        folder = bucket / prefix.rpartition("/")[0]
        paths = sorted(path for path in folder.iterdir() if path.relative_to(bucket).as_posix().startswith(prefix))
        items = [(path.relative_to(bucket).as_posix(), path.stat()) for path in paths if path.is_file()]
        body = LIST.format(
            "".join(ITEM.format(escape(key), at.st_size, escape(etag(at))) for key, at in items)
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    print(server.server_port, flush=True)
    server.serve_forever()
