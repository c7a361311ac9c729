"""The hosts find each other: each says what it has, all hear what is to be done, and a host that dies is named.

XGBoost's own tracker connects those who train; which hosts these are has to be known first, and what it says of a host
that died names none. So every host keeps a line to the first one until it is done: JSON, one message per line.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from place import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PORT = 9099
JOIN_SECONDS = float(os.environ.get("SHARDR_JOIN_SECONDS") or 300)
"""How long hosts wait for each other: on the service they start within minutes."""
DEAD_SECONDS = 10
"""After how much silence a machine is asked whether it is still there; it is given up half a minute later."""


class Line:
    """One end of a line between two hosts."""

    def __init__(self, end: socket.socket) -> None:
        # a machine that vanishes sends no farewell
        end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", DEAD_SECONDS), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 6)):
            if hasattr(socket, name):
                end.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self._end = end
        self._file = end.makefile("rb")

    def send(self, message: Mapping[str, Any]) -> None:
        """Sends; to one who has gone, nothing."""
        with suppress(OSError):
            self._end.sendall(json.dumps(message).encode() + b"\n")

    def receive(self) -> dict[str, Any] | None:
        """The next message; None when the other end is no more."""
        try:
            line = self._file.readline()
            return dict(json.loads(line)) if line.endswith(b"\n") else None
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        """Hangs up."""
        self._file.close()
        self._end.close()


class Leader:
    """The first host's part: hears all, decides once, and tells everybody when somebody has died."""

    def __init__(self, hosts: Sequence[str], decide: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._hosts = hosts
        self._decide = decide
        self._reports: dict[str, Any] = {}
        self._lines: dict[str, Line] = {}
        self._done: set[str] = set()
        self._answer: dict[str, Any] | None = None
        self._changed = threading.Condition()
        self._listening = socket.create_server((hosts[0], PORT), backlog=len(hosts))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        until = time.monotonic() + JOIN_SECONDS
        while len(self._lines) < len(self._hosts):
            self._listening.settimeout(max(until - time.monotonic(), 0.001))
            try:
                line = Line(self._listening.accept()[0])
            except TimeoutError:
                absent = [host for host in self._hosts if host not in self._lines]
                return self._end(f"{', '.join(absent)} did not come within {JOIN_SECONDS:g} seconds")
            host = str((line.receive() or {}).get("host"))
            if host in self._hosts:
                with self._changed:
                    self._lines[host] = line
                threading.Thread(target=self._serve, args=(host, line), daemon=True).start()
        return None

    def _serve(self, host: str, line: Line) -> None:
        report = line.receive()
        if report is None or "failed" in report:
            return self._end(f"{host}: {report['failed']}" if report else _died(host))
        with self._changed:
            self._reports[host] = report
            if len(self._reports) == len(self._hosts):
                try:
                    self._answer = self._decide(self._reports)
                except Exception as error:  # noqa: BLE001 - all hosts wait for an answer, whatever it is
                    self._answer = {"failed": str(error)}
                self._tell(self._answer)
        last = line.receive()
        if last is None or "failed" in last:
            return self._end(f"{host}: {last['failed']}" if last else _died(host))
        with self._changed:
            self._done.add(host)
            self._changed.notify_all()
        return None

    def _end(self, reason: str) -> None:
        with self._changed:
            self._tell({"failed": reason})
            self._changed.notify_all()

    def _tell(self, message: dict[str, Any]) -> None:
        """Sends to all, to this host last: when it hears of a failure, this process ends, and who tells it with it."""
        for host in reversed(self._hosts):
            if host in self._lines:
                self._lines[host].send(message)

    def wait(self) -> None:
        """Returns when all are done; until then a host that fails is heard of by the line of this one."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._done) == len(self._hosts))


class Member:
    """Any host's part, the first one's too."""

    def __init__(self, host: str, leader: str) -> None:
        self._leader = leader
        self._line = Line(self._call(leader))
        self._line.send({"host": host})
        self._over = False

    def _call(self, leader: str) -> socket.socket:
        until = time.monotonic() + JOIN_SECONDS
        while True:
            try:
                end = socket.create_connection((leader, PORT), timeout=5)
                end.settimeout(None)
                return end
            except OSError as error:
                if time.monotonic() > until:
                    raise UserError(f"{leader} did not answer within {JOIN_SECONDS:g} seconds: {error}") from None
                time.sleep(0.05)

    def report(self, report: Mapping[str, Any]) -> dict[str, Any]:
        """Says what this host has, and gives what is to be done once all have said it."""
        self._line.send(report)
        answer = self._line.receive()
        if answer is None or "failed" in answer:
            raise UserError(str(answer["failed"]) if answer else _died(self._leader))
        return answer

    def watch(self, ended: Callable[[str], None]) -> None:
        """From now on calls ``ended`` with the reason, from another thread, when a host fails."""

        def listen() -> None:
            message = self._line.receive()
            if not self._over:
                ended(str(message["failed"]) if message else _died(self._leader))

        threading.Thread(target=listen, daemon=True).start()

    def fail(self, reason: str) -> None:
        """Lets the others know."""
        self._line.send({"failed": reason})

    def done(self) -> None:
        """This host has done its part and leaves."""
        self._over = True
        self._line.send({"done": True})


def _died(host: str) -> str:
    return f"{host} ended before the training was over: its own log says why"
