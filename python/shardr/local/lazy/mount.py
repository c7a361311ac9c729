"""Channels of mode FastFile whose objects lie at S3: a folder in which a process shows them, for one job.

Where a machine has no FUSE, or it does not reach the instances, they are fetched before the instances start instead.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from importlib.util import find_spec
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from shardr.errors import DataError
from shardr.local.lazy.unmounting import unmount
from shardr.local.runners.interpreter import module
from shardr.storage.objects import Remote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from shardr.local.channels import Channel

ALL = "all"
"""The view of a channel that every instance has whole."""
END_SECONDS = 5
SERVED = "shardr.local.lazy.served"
DEVICE = "/dev/fuse"
INSTALL = "pip install 'shardr[fastfile]', and FUSE (Debian and Ubuntu: apt install fuse3)"


def lacking() -> str | None:
    """What this machine lacks to show objects of S3 as files; None where it lacks nothing."""
    if sys.platform != "linux":
        return "FUSE is asked for on Linux only"
    if find_spec("mfusepy") is None:
        return f"mfusepy is not installed: {INSTALL}"
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        return f"{DEVICE} is not there, or not for this user"
    if os.getuid() != 0 and shutil.which("fusermount3") is None:
        return f"fusermount3 is not installed: {INSTALL}"
    return None


class Mount:
    """Objects of S3 as files below a folder; nothing is there before ``show``."""

    def __init__(self, folder: Path, failed: Callable[[Exception], None]) -> None:
        """``failed`` hears, by another thread, of what S3 does not give when somebody reads it."""
        self._folder, self._failed = folder, failed
        self._process: subprocess.Popen[bytes] | None = None
        self._words = TemporaryFile()  # noqa: SIM115 - of the process, which ends with this
        self._following: threading.Thread | None = None
        self._sizes: dict[str, int] = {}
        self._come: dict[str, int] = {}

    def show(
        self, channels: Sequence[Channel], shares: Mapping[str, Mapping[str, list[str]]], *, shared: bool
    ) -> str | None:
        """Shows channels, of each the keys that the hosts get; why it cannot be done, where it cannot.

        With ``shared`` they must be there for users other than this one, as instances in containers are.
        """
        if (lack := lacking()) is not None:
            return lack
        files, views = {}, []
        for channel in channels:
            assert isinstance(channel.listing, Remote)  # noqa: S101 - for the type checker: others need no showing
            objects = channel.listing.objects()
            self._sizes[channel.name] = sum(found.size for found in objects.values())
            for host, keys in shares[channel.name].items():
                view = f"{channel.name}/{self._view(channel, host)}"
                views.append(view)  # there also when there are more instances than objects
                for key in keys:
                    found = objects[key]
                    files[f"{view}/{channel.listing.name(key)}"] = (found.uri, found.size, found.etag)
        self._folder.mkdir(parents=True)
        given = {"folder": str(self._folder), "files": files, "views": views, "shared": shared}
        self._process = self._start(given)
        if not _said(self._process):
            self.close()
            return self._last_words()
        self._following = threading.Thread(target=self._follow, args=(self._process,), daemon=True)
        self._following.start()
        return None

    def of(self, channel: Channel, host: str) -> Path:
        """The folder that a host's channel is."""
        return self._folder / channel.name / self._view(channel, host)

    def told(self) -> dict[str, dict[str, int]]:
        """How much of each channel has come from S3, and how much there is, in bytes."""
        return {name: {"bytes": self._come.get(name, 0), "of": size} for name, size in self._sizes.items()}

    def close(self) -> None:
        """Takes the folder down."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None  # noqa: S101 - for the type checker: it was asked for
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._following is not None:
            self._following.join()
        if process.stdout is not None:
            process.stdout.close()
        unmount(self._folder)

    def _view(self, channel: Channel, host: str) -> str:
        return host if channel.sharded else ALL

    def _start(self, given: dict[str, Any]) -> subprocess.Popen[bytes]:
        command, line = module(SERVED, given)
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            cwd="/",
            start_new_session=True,
        )
        assert process.stdin is not None  # noqa: S101 - for the type checker
        with suppress(BrokenPipeError):
            process.stdin.write(line)
            process.stdin.flush()
        return process

    def _follow(self, process: subprocess.Popen[bytes]) -> None:
        """Hears what the process has to say until it ends, which it does not by itself while instances run."""
        while said := _said(process):
            self._come |= said.get("come", {})
            if "broken" in said:
                self._failed(DataError(**said["broken"]))
        if process is self._process:
            self._failed(DataError("what shows objects of S3 as files has ended", why=self._last_words()))

    def _last_words(self) -> str:
        self._words.seek(0)
        lines = self._words.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it did not say why"


def _said(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """The next thing that the process says; nothing where it has ended."""
    assert process.stdout is not None  # noqa: S101 - for the type checker
    line = process.stdout.readline()
    said: dict[str, Any] = json.loads(line) if line else {}
    return said
