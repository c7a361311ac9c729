"""Doors to servers inside instances: connections to a port that only the instance itself sees.

Each sandbox of a serving instance has a network of its own, so that all may listen on the service's port. A small
process that has joined that network makes connections in it and hands them out over a Unix socket: what comes through
is an ordinary connection, and nothing stands between it and the server.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.errors import RunnerError
from shardr.local.runners.interpreter import python

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PORT = 8080
"""Where the service expects a model to be served."""
START_SECONDS = 20
KEEPER = """
import ctypes, os, select, socket, sys
door, pid, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
server = socket.socket(socket.AF_UNIX)
server.bind(door + '.new')
os.chmod(door + '.new', 0o600)
server.listen(128)
libc = ctypes.CDLL(None, use_errno=True)
for kind, flag in (('user', 0x10000000), ('net', 0x40000000)):
    theirs, ours = f'/proc/{pid}/ns/{kind}', f'/proc/self/ns/{kind}'
    if os.readlink(theirs) != os.readlink(ours) and libc.setns(os.open(theirs, os.O_RDONLY), flag):
        sys.exit(f'{kind}: {os.strerror(ctypes.get_errno())}')
os.rename(door + '.new', door)
while True:
    ready, _, _ = select.select([server, 0], [], [])
    if 0 in ready:
        break  # whoever started this has ended
    asked, _ = server.accept()
    inside = socket.socket()
    inside.settimeout(5)
    try:
        inside.connect(('127.0.0.1', port))
        inside.settimeout(None)
        socket.send_fds(asked, [b'+'], [inside.fileno()])
    except OSError as error:
        try:
            asked.send(b'-' + str(error).encode()[:200])
        except OSError:
            pass
    inside.close()
    asked.close()
"""


@dataclass(frozen=True)
class Door:
    """How the server of an instance is reached from this machine."""

    address: str | None = None
    """Its address, where it has one of its own."""
    path: str | None = None
    """Else the socket that hands out connections."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for other processes."""
        return {"address": self.address, "path": self.path}

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> Door:
        """The door that another process told of."""
        return cls(about["address"], about["path"])

    def connect(self, seconds: float) -> socket.socket:
        """A connection to the server; raises ``OSError`` where nobody listens."""
        if self.path is None:
            return socket.create_connection((self.address or "127.0.0.1", PORT), timeout=seconds)
        with socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(seconds)
            folder, name = os.path.split(self.path)
            inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)  # a socket's path may have 107 bytes only
            try:
                asked.connect(f"/proc/self/fd/{inside}/{name}")
            finally:
                os.close(inside)
            told, descriptors, _, _ = socket.recv_fds(asked, 256, 1)
        if not descriptors:
            raise ConnectionRefusedError(told[1:].decode() or "the instance has ended")
        connection = socket.socket(fileno=descriptors[0])
        connection.settimeout(seconds)
        return connection


class Keeper:
    """The process that hands out connections to one instance; it ends with this one."""

    def __init__(self, path: Path, pid: int) -> None:
        """Starts it for the sandbox with this process in it; raises ``RunnerError`` when it cannot get in."""
        path.unlink(missing_ok=True)
        self.door = Door(path=str(path))
        words = [python(), "-I", "-S", "-c", KEEPER, path.name, str(pid), str(PORT)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=path.parent)
        end = time.monotonic() + START_SECONDS
        while not path.exists():
            ended = self._process.poll() is not None
            if ended or time.monotonic() > end:
                said = self._process.stderr.read().decode() if ended and self._process.stderr else "it takes too long"
                self.close()
                raise RunnerError("the network of a sandbox cannot be entered", why=said.strip())
            time.sleep(0.005)

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stderr):
            if stream is not None:
                stream.close()
        if self.door.path is not None and os.path.exists(self.door.path):  # noqa: PTH110
            os.unlink(self.door.path)  # noqa: PTH108
