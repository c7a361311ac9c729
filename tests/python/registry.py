"""A real registry on loopback, Debian's ``docker-registry``: for anybody, or for those who know the password."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}}}
http: {{addr: 127.0.0.1:{port}}}
"""
USER, PASSWORD = "ann", "a secret of tests"
KNOWN = "ann:$2y$05$gPODFyfDuTOjbIfyQ5FhiOG0GlpfvZEyhX9nLIBFVUfEUv0P1dj6a\n"
"""As ``htpasswd`` writes them."""
AUTH = "auth: {{htpasswd: {{realm: tests, path: {folder}/htpasswd}}}}\n"


@contextmanager
def registry(folder: Path, *, guarded: bool = False) -> Iterator[str]:
    """Its host and port, until the block ends."""
    folder.mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = CONFIG
    if guarded:
        config += AUTH
        (folder / "htpasswd").write_text(KNOWN)
    (folder / "config.yml").write_text(config.format(folder=folder, port=port))
    server = subprocess.Popen(
        ["docker-registry", "serve", str(folder / "config.yml")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(f"http://127.0.0.1:{port}/v2/", server)
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(url)
        except urllib.error.HTTPError:
            return  # it asks who we are
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("docker-registry does not start: apt-get install docker-registry")
