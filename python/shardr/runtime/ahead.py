"""A pipe read ahead of whoever uses it, so that what comes is on its way while the last of it is worked on."""

from __future__ import annotations

import io
import os
import select
import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

READ_BYTES = 1 << 20
"""At a time: what a pipe of ours holds."""
LOOK_MILLISECONDS = 50
"""How often the thread looks whether it is wanted any more, while nothing comes."""


class ReadAhead(io.RawIOBase):
    """The bytes of a pipe in their order, up to ``most_bytes`` of which are read by a thread before they are asked for.

    An error of reading is raised where the bytes before it have been given.
    """

    def __init__(self, path: Path, most_bytes: int) -> None:
        super().__init__()
        self._source = os.open(path, os.O_RDONLY)
        self._most = most_bytes
        self._held: deque[memoryview] = deque()
        self._size = 0
        self._ended = self._closing = False
        self._error: OSError | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, name=f"read ahead of {path}", daemon=True)
        self._thread.start()

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, target: object) -> int:
        """How many bytes were put into the target: those that are there, 0 at the end."""
        wanted = memoryview(target).cast("B")  # type: ignore[arg-type]
        with self._changed:
            self._changed.wait_for(lambda: self._held or self._ended)
            if not self._held:
                if self._error:
                    raise self._error
                return 0
            piece = self._held.popleft()
            size = min(len(piece), len(wanted))
            wanted[:size] = piece[:size]
            if size < len(piece):
                self._held.appendleft(piece[size:])
            self._size -= size
            self._changed.notify_all()
        return size

    def close(self) -> None:
        """Ends the thread, and with it the epoch."""
        if not self.closed:
            with self._changed:
                self._closing = True
                self._changed.notify_all()
            self._thread.join()
            os.close(self._source)
        super().close()

    def _read(self) -> None:
        comes = select.poll()
        comes.register(self._source, select.POLLIN)
        try:
            while self._wanted():
                # a read that waits could not be told to end
                if comes.poll(LOOK_MILLISECONDS) and not self._keep(os.read(self._source, READ_BYTES)):
                    break
        except OSError as error:
            self._error = error
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _wanted(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._size < self._most)
            return not self._closing

    def _keep(self, piece: bytes) -> bool:
        with self._changed:
            if piece:
                self._held.append(memoryview(piece))
                self._size += len(piece)
                self._changed.notify_all()
        return bool(piece)
