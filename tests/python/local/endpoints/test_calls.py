"""Requests to an instance over connections that are kept, when the instance ends in the middle of an answer."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass

import pytest

from shardr.errors import InvocationError
from shardr.local.endpoints import calls
from shardr.local.endpoints.plan import EndpointPlan
from shardr.local.endpoints.pool import Pool
from shardr.local.endpoints.store import IN_SERVICE, EndpointRow, Opening
from shardr.local.runners.doors import Door

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"


@dataclass(frozen=True)
class ByPort(Door):
    """The way to a server that has another port than those in instances."""

    port: int = 0

    def connect(self, seconds: float) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)


def hear(caller: socket.socket) -> None:
    """Reads a whole request, whose body is the digit 1."""
    heard = b""
    while not heard.endswith(b"\r\n\r\n1"):
        heard += caller.recv(1 << 16)


def test_an_answer_that_breaks_off_on_a_kept_connection_is_an_error_of_the_model() -> None:
    def answers(server: socket.socket) -> None:
        with server.accept()[0] as caller:
            for answer in (HEAD + b"ok", HEAD + b"o"):
                hear(caller)
                caller.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        instance = threading.Thread(target=answers, args=(server,))
        instance.start()
        pool, key = Pool(), ("e", 0.0, 1)
        opening = Opening("v", 1, ByPort(port=server.getsockname()[1]))
        assert calls._of(pool, key, opening, {}, b"1").body == b"ok"
        with pytest.raises(InvocationError, match="ended the connection without an answer"):
            calls._of(pool, key, opening, {}, b"1")
        assert pool.take(key) is None
        instance.join()


def test_a_kept_connection_that_was_let_go_of_is_replaced_by_a_new_one() -> None:
    closed = threading.Event()

    def answers(server: socket.socket) -> None:
        for _ in "12":
            with server.accept()[0] as caller:
                hear(caller)
                caller.sendall(HEAD + b"ok")
            closed.set()

    with socket.create_server(("127.0.0.1", 0)) as server:
        instance = threading.Thread(target=answers, args=(server,))
        instance.start()
        pool, key = Pool(), ("e", 0.0, 1)
        opening = Opening("v", 1, ByPort(port=server.getsockname()[1]))
        assert calls._of(pool, key, opening, {}, b"1").body == b"ok"
        assert closed.wait(5)
        time.sleep(0.05)
        assert calls._of(pool, key, opening, {}, b"1").body == b"ok"
        instance.join()


def test_a_request_that_ends_whatever_sees_it_is_not_sent_to_all_instances() -> None:
    asked: list[int] = []
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]

    def answers(i: int) -> None:
        with servers[i].accept()[0] as caller:
            hear(caller)
            caller.sendall(HEAD + b"ok")
            hear(caller)
            asked.append(i)
            servers[i].shutdown(socket.SHUT_RDWR)  # it has died: nobody can connect any more
            servers[i].close()

    threads = [threading.Thread(target=answers, args=(i,), daemon=True) for i in range(3)]
    for thread in threads:
        thread.start()
    openings = [Opening("v", i, ByPort(port=server.getsockname()[1])) for i, server in enumerate(servers)]
    row = EndpointRow("fatal", [], IN_SERVICE, 0.0, 0.0, 0.0, EndpointPlan("c", [], None), None, None, None, openings)
    for opening in openings:  # each has answered once, so that its connection is kept
        assert calls._ask(row, [opening], {}, b"1").body == b"ok"
    with pytest.raises(InvocationError, match="ended the connection without an answer") as told:
        calls._ask(row, openings, {}, b"1")
    assert told.value.reached
    assert len(asked) == 2
    for server in servers:
        server.close()
