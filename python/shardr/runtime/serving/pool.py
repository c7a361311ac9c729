"""The workers as the front sees them: who is idle, who waits, and what happens when one ends."""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardr.runtime.serving.refusals import Answer, RequestError
from shardr.runtime.serving.worker import HELLO, receive_answer, send_request

if TYPE_CHECKING:
    from io import BufferedRWPair

TRIES = 2
"""A prediction may be asked for again: where a worker dies at it, another one tries."""


@dataclass(frozen=True)
class _Worker:
    pid: int
    end: socket.socket
    stream: BufferedRWPair

    @property
    def gone(self) -> bool:
        """An idle worker says nothing: what there is to read is its end."""
        look = select.poll()  # select() takes no descriptor above 1023, and there may be many callers
        look.register(self.end, select.POLLIN)
        return bool(look.poll(0))

    def close(self) -> None:
        with suppress(OSError):
            self.stream.close()
        self.end.close()


class Pool:
    """Idle workers, each for one request at a time; callers wait in their order."""

    def __init__(self, line: socket.socket, queue: int, seconds: float) -> None:
        self._line = line
        self._queue, self._seconds = queue, seconds
        self._idle: list[_Worker] = []
        self._changed = threading.Condition()
        self._waiting = 0
        self._met = 0
        threading.Thread(target=self._meet, daemon=True).start()

    def met(self) -> int:
        """How many workers have come so far."""
        return self._met

    def answer(self, body: bytes, content_type: str, accept: str) -> Answer:
        """A worker's answer; raises ``RequestError`` with 503 or 504 where there is none."""
        until = time.monotonic() + self._seconds
        for _ in range(TRIES):
            worker = self._take(until)
            worker.end.settimeout(max(0.001, until - time.monotonic()))
            try:
                send_request(worker.stream, body, content_type, accept)
                found = receive_answer(worker.stream)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)
                worker.close()
                raise RequestError(504, f"there was no answer within {self._seconds:g} seconds") from None
            except (EOFError, OSError):
                worker.close()
                continue
            with self._changed:
                self._idle.append(worker)
                self._changed.notify()
            return found
        raise RequestError(503, "the worker ended before it had an answer: try again")

    def _take(self, until: float) -> _Worker:
        with self._changed:
            if not self._idle and self._waiting >= self._queue:
                raise RequestError(503, "too many requests wait already: try again")
            self._waiting += 1
            try:
                while True:
                    while self._idle:
                        worker = self._idle.pop()
                        if not worker.gone:
                            return worker
                        worker.close()
                    if not self._changed.wait(until - time.monotonic()):
                        raise RequestError(504, f"there was no answer within {self._seconds:g} seconds")
            finally:
                self._waiting -= 1

    def _meet(self) -> None:
        while True:
            hello, ends, _, _ = socket.recv_fds(self._line, HELLO.size, 1)
            end = socket.socket(fileno=ends[0])
            with self._changed:
                self._idle.append(_Worker(HELLO.unpack(hello)[0], end, end.makefile("rwb")))
                self._met += 1
                self._changed.notify()
