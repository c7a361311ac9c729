"""One channel of one instance: a FIFO for each epoch, made before its reader comes and fed once it is there."""

from __future__ import annotations

import os
import select
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from shardr.data.splitting import opened
from shardr.errors import DataError
from shardr.local.pipes.measuring import epoch_size
from shardr.recordio.framing import MOST_BYTES, head, padded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shardr.local.pipes.parts import Part, Parts

BLOCK_BYTES = 1 << 20
PIPE_BYTES = 1 << 20
"""What the system holds between writer and reader: its default of 64 KiB makes them wait for one another."""


@dataclass(frozen=True)
class How:
    """How the content of a channel is streamed."""

    compression: str = "None"
    """Gzip: objects are expanded on their way."""
    wrapper: str = "None"
    """RecordIO: each object, or attribute, is one record."""
    idle_seconds: float = 3600.0
    """How long a reader may leave what it has opened unread."""


class Feeder:
    """Feeds one channel of one instance, epoch after epoch, until it is closed.

    The next epoch's FIFO is there before the end of one can be read. A FIFO loses its name when somebody opens it: a
    second reader finds none, where two would have got half of the data each. A reader that closes early gets the next
    epoch from its beginning.
    """

    def __init__(self, path: Path, parts: Parts, how: How, failed: Callable[[Exception], None]) -> None:
        self._path, self._parts, self._how, self._failed = path, parts, how, failed
        self._epoch = 0
        self._closed = False
        self._since: float | None = None
        self._before = 0
        self._measured: tuple[int, int | None] = (-1, None)
        self.bytes = 0
        """What readers were sent so far."""
        self.seconds = 0.0
        """How long that took, from the opening of a FIFO to its end."""
        self._make(0)
        self._thread = threading.Thread(target=self._feed, name=path.name, daemon=True)

    def start(self) -> None:
        """Waits for readers from now on."""
        self._thread.start()

    def close(self) -> None:
        """Ends it, whoever reads or waits."""
        self._closed = True
        with suppress(FileNotFoundError):  # a script without a sandbox can remove it
            reader = os.open(self._name(self._epoch), os.O_RDONLY | os.O_NONBLOCK)  # or it would wait for ever
            try:
                self._thread.join(1)
            finally:
                os.close(reader)

    def told(self) -> dict[str, float]:
        """Bytes, seconds and epochs so far, the bytes of the last epoch, and how many it has where that is known."""
        running = 0.0 if self._since is None else time.monotonic() - self._since
        told = {"bytes": self.bytes, "seconds": round(self.seconds + running, 3), "epochs": self._epoch}
        told["epoch_bytes"] = self.bytes - self._before
        epoch = max(0, self._epoch - 1)
        if self._measured[0] != epoch:
            self._measured = epoch, epoch_size(self._parts, self._how, epoch)
        return told if self._measured[1] is None else {**told, "epoch_size": self._measured[1]}

    def _name(self, epoch: int) -> str:
        return f"{self._path}_{epoch}"

    def _make(self, epoch: int) -> None:
        """The FIFO of an epoch, there for others when it is open to whoever the image's user is."""
        hidden = self._path.with_name(f".{self._path.name}")
        os.mkfifo(hidden)
        hidden.chmod(0o644)
        hidden.rename(self._name(epoch))

    def _feed(self) -> None:
        try:
            while not self._closed:
                # waits for a reader; a script without a sandbox can put a link there, which leads anywhere
                stream = os.open(self._name(self._epoch), os.O_WRONLY | os.O_NOFOLLOW)
                try:
                    if not self._closed:
                        self._through(stream)
                finally:
                    os.close(stream)
                    self.seconds += time.monotonic() - (self._since or time.monotonic())
                    self._since = None
        except Exception as error:  # noqa: BLE001 - told by who waits for the instances
            if not self._closed:
                self._failed(error)

    def _through(self, stream: int) -> None:
        """One epoch."""
        self._since = time.monotonic()
        epoch = self._epoch
        self._make(epoch + 1)
        self._before = self.bytes
        self._epoch = epoch + 1
        os.unlink(self._name(epoch))  # noqa: PTH108
        _widen(stream)
        os.set_blocking(stream, False)
        with suppress(BrokenPipeError):  # it has seen enough
            for part in self._parts.of(epoch):
                self._one(stream, part)

    def _one(self, stream: int, part: Part) -> None:
        size = self._size(part) if self._how.wrapper == "RecordIO" else 0
        if self._how.wrapper == "RecordIO":
            self._write(stream, head(size))
        if part.path is None:
            self._write(stream, part.text)
        else:
            with opened(part.path, self._how.compression) as source:
                self._copy(source, stream)
        if self._how.wrapper == "RecordIO":
            self._write(stream, bytes(padded(size) - size))

    def _size(self, part: Part) -> int:
        """How many bytes a record will have; expanded objects do not say, so they are read twice."""
        if part.path is None:
            size = len(part.text)
        elif self._how.compression == "Gzip":
            with opened(part.path, "Gzip") as source:
                size = sum(map(len, iter(lambda: source.read(BLOCK_BYTES), b"")))
        else:
            size = part.path.stat().st_size
        if size > MOST_BYTES:
            raise DataError(f"{part.name}: has {size} bytes, and a record of RecordIO at most {MOST_BYTES}")
        return size

    def _copy(self, source: BinaryIO, stream: int) -> None:
        block = memoryview(bytearray(BLOCK_BYTES))
        while size := source.readinto(block):  # type: ignore[attr-defined]
            self._write(stream, block[:size])

    def _write(self, stream: int, data: bytes | memoryview) -> None:
        """Writes all of it as fast as it is read; raises ``DataError`` when nobody reads for too long."""
        rest = memoryview(data)
        while rest:
            try:
                sent = os.write(stream, rest)
            except BlockingIOError:
                self._await(stream)
                continue
            self.bytes += sent
            rest = rest[sent:]

    def _await(self, stream: int) -> None:
        waiting = select.poll()
        waiting.register(stream, select.POLLOUT)
        if not waiting.poll(self._how.idle_seconds * 1000):
            name = os.path.basename(self._name(self._epoch - 1))  # noqa: PTH119
            raise DataError(
                f"SageMaker pipe channel timed out: {name} was not read for {self._how.idle_seconds:g} seconds",
                fix="read an epoch to its end or close it, and open none that is not read",
            )


def _widen(stream: int) -> None:
    with suppress(ImportError, AttributeError, OSError):  # not Linux, or no more is allowed
        import fcntl

        fcntl.fcntl(stream, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
