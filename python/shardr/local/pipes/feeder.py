"""One channel of one instance: a FIFO for each epoch, made before its reader comes and fed once it is there."""

from __future__ import annotations

import os
import select
import threading
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from shardr.errors import DataError
from shardr.local.pipes.contents import Contents
from shardr.local.pipes.measuring import epoch_size
from shardr.recordio.framing import head, padded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shardr.local.pipes.contents import Content, How
    from shardr.local.pipes.parts import Parts
    from shardr.storage.s3 import S3Storage

PIPE_BYTES = 1 << 20
"""What the system holds between writer and reader: its default of 64 KiB makes them wait for one another."""


class Feeder:
    """Feeds one channel of one instance, epoch after epoch, until it is closed.

    The next epoch's FIFO is there before the end of one can be read. A FIFO loses its name when somebody opens it: a
    second reader finds none, where two would have got half of the data each. A reader that closes early gets the next
    epoch from its beginning.
    """

    def __init__(
        self, path: Path, parts: Parts, how: How, failed: Callable[[Exception], None], remote: S3Storage | None = None
    ) -> None:
        """``remote`` fetches the parts that lie at S3."""
        self._path, self._parts, self._how, self._failed, self._remote = path, parts, how, failed, remote
        self._contents: Contents | None = None
        self._stream: int | None = None
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
        if self._contents is not None:
            self._contents.close()
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
            self._contents = self._of(0)
            self._contents.begin()  # while the script starts
            while not self._closed:
                # waits for a reader; a script without a sandbox can put a link there, which leads anywhere
                stream = os.open(self._name(self._epoch), os.O_WRONLY | os.O_NOFOLLOW)
                try:
                    if not self._closed:
                        self._through(stream)
                except Exception as error:  # noqa: BLE001 - told by who waits for the instances
                    self._tell(error)  # before the reader finds an end, takes it for that of the data, and is done
                    return
                finally:
                    os.close(stream)
                    self.seconds += time.monotonic() - (self._since or time.monotonic())
                    self._since = None
        except Exception as error:  # noqa: BLE001 - as above
            self._tell(error)

    def _tell(self, error: Exception) -> None:
        if not self._closed:
            self._failed(error)

    def _of(self, epoch: int) -> Contents:
        return Contents(self._parts.of(epoch), self._how, self._remote, self._wanted)

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
        self._stream = stream
        with closing(self._contents or self._of(epoch)) as self._contents, suppress(BrokenPipeError):  # it saw enough
            for content in self._contents:
                self._one(stream, content)
        self._contents = self._stream = None

    def _one(self, stream: int, content: Content) -> None:
        framed = self._how.wrapper == "RecordIO"
        if framed:
            self._write(stream, head(content.size))
        for block in content.blocks:
            self._write(stream, block)
        if framed:
            self._write(stream, bytes(padded(content.size) - content.size))

    def _wanted(self) -> None:
        """Raises when the reader has gone, which is not seen before something is written."""
        if self._stream is not None:
            ends = select.poll()
            ends.register(self._stream, 0)
            if ends.poll(0):
                raise BrokenPipeError

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
