"""A door to S3 that lets so much through: connections are cut and requests refused on the way."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Any

import boto3
from botocore.config import Config

PART = 5 << 20  # the least that S3 takes for a part


def client_of(url: str, tries: int = 1, read_seconds: float = 5) -> Any:
    session = boto3.Session("AKIATEST", "secret", region_name="us-east-1")
    config = Config(retries={"total_max_attempts": tries, "mode": "standard"}, proxies={}, read_timeout=read_seconds)
    return session.client("s3", endpoint_url=url, config=config)


TOLD = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
SLOW_DOWN = b"HTTP/1.1 503 Slow Down\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(TOLD), TOLD)


class Cutting:
    """Lets so many bytes of one connection through, then cuts it; at most ``cuts`` times.

    With ``stalls`` it does not cut, and lets nothing more through. ``pause`` is what each 64 KiB take it, in seconds.
    A request with the words ``slow`` in its head is answered "503 SlowDown" instead, as many times.
    """

    def __init__(
        self, url: str, *, up: int | None = None, down: int | None = None, slow: bytes = b"", cuts: int = 1,
        stalls: bool = False, pause: float = 0,
    ) -> None:  # fmt: skip
        self._to = int(url.rpartition(":")[2])
        self._left = {"up": up, "down": down}
        self._slow, self._cuts, self._stalls, self._pause = slow, cuts, stalls, pause
        self._ended = threading.Event()
        self._counting = threading.Lock()
        self.done = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Cutting:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._socket.close()

    def _counts(self) -> bool:
        with self._counting:
            left = self.done < self._cuts
            self.done += left
            return left

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._socket.accept()
            except OSError:
                return
            there = socket.create_connection(("127.0.0.1", self._to))
            for way, source, target in (("up", here, there), ("down", there, here)):
                threading.Thread(target=self._pass, args=(way, source, target), daemon=True).start()

    def _pass(self, way: str, source: socket.socket, target: socket.socket) -> None:
        most, seen = self._left[way], 0
        try:
            while block := source.recv(65536):
                seen += len(block)
                if most is not None and seen > most and self._counts():
                    if self._stalls:
                        self._ended.wait()
                    break
                if way == "up" and self._slow and self._slow in block.partition(b"\r\n")[0] and self._counts():
                    source.sendall(SLOW_DOWN)
                    break
                target.sendall(block)
                time.sleep(self._pause)
        except OSError:
            pass
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)  # wakes the other way, which may wait on it
            end.close()  # else what is still sent waits for a reader
