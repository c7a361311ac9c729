"""A started instance: what its processes are, how they are asked to end, ended, and known to be gone."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from shardr.errors import RunnerError
from shardr.local.waiting import readable

if TYPE_CHECKING:
    import subprocess

GONE_SECONDS = 10


class Process:
    """An instance without a sandbox: one process and its group."""

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self._popen = popen
        self.remark: str | None = None

    def wait(self) -> int:
        """Blocks until the instance has ended; a signal counts as 128 + its number, as containers tell it."""
        code = self._popen.wait()
        return code if code >= 0 else 128 - code

    def terminate(self) -> None:
        """SIGTERM to the script itself."""
        self._popen.terminate()

    def kill(self) -> None:
        """SIGKILL to the whole instance."""
        if self._popen.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._popen.pid, signal.SIGKILL)


class Sandboxed(Process):
    """An instance in a sandbox: bubblewrap, its child that is process 1 inside, and the script as that one's child."""

    def __init__(self, popen: subprocess.Popen[bytes], info: IO[bytes]) -> None:
        super().__init__(popen)
        self._info = info

    def wait(self) -> int:
        """Blocks until nothing of the instance is left that could still write."""
        code = super().wait()
        gone = _watched(self._first())
        if gone is not None:
            # what the script left running ends with process 1, a moment after bubblewrap itself
            readable(gone, GONE_SECONDS)
            os.close(gone)
        return code

    def first(self) -> int:
        """Process 1 of the sandbox, as soon as there is one; raises ``RunnerError`` when it has ended before."""
        end = time.monotonic() + GONE_SECONDS
        while (pid := self._first()) is None:
            if self._popen.poll() is not None or time.monotonic() > end:
                raise RunnerError("the instance has ended before it could be reached")
            time.sleep(0.002)
        return pid

    def _first(self) -> int | None:
        """Process 1 of the sandbox as this machine numbers it; None before bubblewrap has made it."""
        try:
            pid: int = json.loads(os.pread(self._info.fileno(), 1000, 0))["child-pid"]
        except ValueError:
            return None
        return pid

    def terminate(self) -> None:
        """SIGTERM to the script, as bubblewrap would not pass it on; while there is none yet, the end of it all."""
        first = self._first()
        scripts = _children(first) if first else []
        for pid in scripts:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        if not scripts:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to process 1, with which all inside end, and to bubblewrap."""
        first = self._first()
        if first and self._popen.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(first, signal.SIGKILL)
        super().kill()


def _watched(pid: int | None) -> int | None:
    """A file that becomes readable when the process is gone; None where the kernel has no such thing."""
    if pid is None or not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []
