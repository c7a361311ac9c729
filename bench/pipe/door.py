"""A door to a server that lets each request wait: python bench/pipe/door.py PORT MILLISECONDS; prints its own port.

Answers go from socket to socket inside the system, so that it is no limit itself.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from contextlib import suppress

CHUNK = 1 << 20


def requests(source: socket.socket, target: socket.socket, seconds: float) -> None:
    while block := source.recv(1 << 16):
        time.sleep(seconds)
        target.sendall(block)
    target.shutdown(socket.SHUT_WR)


def answers(source: socket.socket, target: socket.socket) -> None:
    out, into = os.pipe()
    while size := os.splice(source.fileno(), into, CHUNK):
        while size:
            size -= os.splice(out, target.fileno(), size)
    target.shutdown(socket.SHUT_WR)


def quietly(work: object, *given: object) -> None:
    with suppress(OSError):  # one end has gone
        work(*given)  # type: ignore[operator]


def main() -> None:
    port, seconds = int(sys.argv[1]), float(sys.argv[2]) / 1000
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listening.getsockname()[1], flush=True)
    while True:
        here, _ = listening.accept()
        there = socket.create_connection(("127.0.0.1", port))
        for end in (here, there):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=quietly, args=(requests, here, there, seconds), daemon=True).start()
        threading.Thread(target=quietly, args=(answers, there, here), daemon=True).start()


if __name__ == "__main__":
    main()
