"""The process that shows objects of S3 as read-only files, by FUSE; see ``mount`` for who starts it.

What was read once stays in the system's memory for as long as there is room, for all instances that have the file.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import signal
import stat
import sys
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import mfusepy

from shardr.errors import ShardrError
from shardr.storage.elsewhere import Elsewhere
from shardr.storage.objects import Found
from shardr.storage.seeking import Seekable, Seeking

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Future

TELL_SECONDS = 0.5
KEPT_SECONDS = 1e6
"""How long the system may believe what it was told of a file, which never changes."""
THREADS = 16
"""Reads that are waited for at once."""


class Files(mfusepy.Operations):  # type: ignore[misc]  # it has no types
    """What FUSE asks: names, sizes and bytes."""

    use_ns = True

    def __init__(
        self, files: Mapping[str, Found], views: Sequence[str], channels: Future[Mapping[str, Seeking]]
    ) -> None:
        """Paths begin with the name of a channel, each of which fetches by itself; ``views`` are folders."""
        self._files, self._channels = files, channels
        self._folders: dict[str, dict[str, None]] = {"": {}}
        self._folders |= {view: {} for view in views}
        for path in [*views, *files]:
            while path:
                above, _, name = path.rpartition("/")
                inside = self._folders.setdefault(above, {})
                if name in inside:
                    break
                inside[name] = None
                path = above
        self._opened: dict[int, Seekable] = {}
        self._numbers = itertools.count(1)
        self._since = time.time_ns()
        self._broken = False

    def init(self, path: str) -> None:  # noqa: ARG002 - FUSE's
        """All is there."""
        say(ready=True)

    def getattr(self, path: str, fh: int | None = None) -> dict[str, int]:  # noqa: ARG002
        """What ``stat`` tells."""
        found = self._files.get(path[1:])
        if found is None and path.strip("/") not in self._folders:
            raise OSError(errno.ENOENT, path)
        times = dict.fromkeys(("st_atime", "st_mtime", "st_ctime"), self._since)
        owner = {"st_uid": os.getuid(), "st_gid": os.getgid()}
        if found is None:
            return {"st_mode": stat.S_IFDIR | 0o555, "st_nlink": 2, **owner, **times}
        size = {"st_size": found.size, "st_blocks": -(-found.size // 512)}
        return {"st_mode": stat.S_IFREG | 0o444, "st_nlink": 1, **size, **owner, **times}

    def readdir(self, path: str, fh: int) -> list[str]:  # noqa: ARG002
        """The names in a folder."""
        return [".", "..", *self._folders[path.strip("/")]]

    def open(self, path: str, flags: int) -> int:
        """A number for who reads; nothing is asked of S3 yet."""
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise OSError(errno.EROFS, path)
        number = next(self._numbers)
        with self._told():
            self._opened[number] = self._channels.result()[path.split("/")[1]].open(self._files[path[1:]])
        return number

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:  # noqa: ARG002
        """Bytes of an object."""
        with self._told():
            return self._opened[fh].read(size, offset)

    def release(self, path: str, fh: int) -> int:  # noqa: ARG002
        """Nobody reads by this number any more."""
        self._opened.pop(fh).close()
        return 0

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What S3 does not give is told, once, and an I/O error for the reader."""
        try:
            yield
        except ShardrError as error:
            if not self._broken:
                self._broken = True
                say(broken={"what": error.what, "why": error.why, "fix": error.fix})
            raise OSError(errno.EIO, error.what) from error


def say(**what: Any) -> None:
    """Tells who started this process, in a line."""
    os.write(sys.stdout.fileno(), json.dumps(what).encode() + b"\n")


class Coming:
    """Counts what comes of each channel, and tells it now and then."""

    def __init__(self) -> None:
        self._come: dict[str, int] = defaultdict(int)
        self._told: dict[str, int] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._follow, daemon=True).start()

    def add(self, channel: str, size: int) -> None:
        """Hears that so many bytes have come."""
        with self._lock:
            self._come[channel] += size

    def tell(self) -> None:
        """Tells how much it is by now, where that is more than was told."""
        with self._lock:
            if self._come != self._told:
                self._told = dict(self._come)
                say(come=self._told)

    def _follow(self) -> None:
        while True:
            time.sleep(TELL_SECONDS)
            self.tell()


def main(folder: str, files: dict[str, tuple[str, int, str]], views: list[str], *, shared: bool) -> None:
    """Shows files and folders in a folder until stdin ends, which is when who started this ends, however it does.

    With ``shared`` other users may read them, too.
    """
    threading.Thread(target=_follow, daemon=True).start()
    coming = Coming()
    objects = {path: Found(*about) for path, about in files.items()}
    names = {path.partition("/")[0] for path in objects}

    def channels() -> Mapping[str, Seeking]:
        storage = Elsewhere().storage
        assert storage is not None  # noqa: S101 - for the type checker: who started this has found the objects by it
        return {name: Seeking(storage.ranges(), come=partial(coming.add, name)) for name in names}

    # boto3 takes longer to load than FUSE to begin, and nobody reads before there are files
    made = ThreadPoolExecutor(1).submit(channels)
    how = {
        "ro": True, "allow_other": shared, "fsname": "s3", "subtype": "shardr", "max_threads": THREADS,
        "kernel_cache": True, "entry_timeout": KEPT_SECONDS, "attr_timeout": KEPT_SECONDS,
    }  # fmt: skip
    with suppress(RuntimeError):  # that it was asked to end, or why it could not begin, which it has said itself
        mfusepy.FUSE(Files(objects, views, made), folder, foreground=True, **how)
    coming.tell()
    os._exit(0)  # what is under way is of use to nobody


def _follow() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)  # FUSE ends by it, and takes its folder down
