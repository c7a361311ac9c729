"""One server of one home, from its lock to its end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from shardr.errors import NameInUseError, RunnerError
from shardr.local.account import Account
from shardr.local.objects import Keys, Objects, wait_until_there
from shardr.local.operations import prepare
from shardr.local.runners.process import machine_of_jobs
from shardr.local.serving import CLEARED, NO_TELEMETRY, Served, ServeFolder, environment
from shardr.server.app import App
from shardr.server.authority import Authority
from shardr.server.proxy import Proxy
from shardr.server.signatures import Signatures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shardr.local.home import Home

LOOPBACK = "127.0.0.1"
WORKERS = 8
CALLERS = 64
"""Requests to models at a time."""
GOODBYE_SECONDS = 3
"""For requests that are being answered when the server is to end."""


@dataclass(frozen=True)
class Wish:
    """How a server is to be."""

    home: Home
    host: str = LOOPBACK
    port: int | None = None
    """None: that of the last time, else one that is free."""
    runner: str | None = None
    check_signatures: bool = False

    @property
    def open(self) -> bool:
        """Whether others than this machine can reach it."""
        return self.host not in {LOOPBACK, "localhost", "::1"}


class Server(uvicorn.Server):
    """uvicorn, which leaves signals to us: there are more things to end than it knows of."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


def serve(wish: Wish, ready: Callable[[Served], None]) -> None:
    """Serves until SIGTERM or Ctrl-C; calls ``ready`` when clients can come.

    Raises ``NameInUseError`` when a server of this home runs already, and ``RunnerError`` when it cannot start.
    """
    folder = ServeFolder.of(wish.home)
    lock = folder.take()
    if lock is None:
        raise NameInUseError(
            f"a server of {wish.home.root} runs already", fix="`shardr serve --status` shows it, --stop ends it"
        )
    try:
        folder.forget()
        asyncio.run(_run(wish, folder, ready))
    finally:
        folder.forget()
        os.close(lock)


async def _run(wish: Wish, folder: ServeFolder, ready: Callable[[Served], None]) -> None:
    kept = folder.kept()
    keys = Keys(kept["id"], kept["secret"]) if {"id", "secret"} <= kept.keys() else Keys.fresh()
    account = Account(wish.home, wish.runner)
    signed = wish.check_signatures or wish.open
    api = _listen(wish.host, wish.port if wish.port is not None else kept.get("api", 0), given=wish.port is not None)
    door = _listen(LOOPBACK, kept.get("proxy", 0))
    objects = _objects(wish, keys, kept.get("s3", 0))
    authority = Authority()
    folder.certificates.write_bytes(authority.bundle(folder.certificates))
    folder.sdk_settings.write_text(NO_TELEMETRY, encoding="utf-8")
    port = api.getsockname()[1]
    proxy = Proxy((LOOPBACK, port), authority.context())
    workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="answer")
    callers = ThreadPoolExecutor(CALLERS, thread_name_prefix="call")
    app = App(account, workers, callers, Signatures(keys) if signed else None)
    server = Server(
        uvicorn.Config(
            app, http="h11", ws="none", lifespan="off", interface="asgi3", access_log=False, log_level="error",
            server_header=False, timeout_graceful_shutdown=GOODBYE_SECONDS, timeout_keep_alive=60, log_config=None,
        )
    )  # fmt: skip
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    objects.start()
    prepared = loop.run_in_executor(workers, prepare)  # while rclone starts, which takes as long
    try:
        await proxy.start(door)
        folder.keep({"api": port, "proxy": door.getsockname()[1], "s3": int(objects.url.rpartition(":")[2])}, keys)
        running = asyncio.create_task(server.serve(sockets=[api]))
        if not await asyncio.to_thread(wait_until_there, objects.url):
            raise RunnerError(
                "rclone does not answer", why="it was started, and should serve S3", fix="`rclone serve s3`"
            )
        await prepared
        served = _served(wish, folder, api, objects, door, keys, account.region, signed=signed)
        folder.tell(served)
        ready(served)
        if wish.runner != "docker":
            workers.submit(machine_of_jobs)  # R is asked once where it lives: the first job need not wait for it
        await running
    finally:
        proxy.close()
        await asyncio.to_thread(objects.close)
        for pool in (workers, callers):
            pool.shutdown(wait=False, cancel_futures=True)


def _served(
    wish: Wish, folder: ServeFolder, api: socket.socket, objects: Objects, door: socket.socket, keys: Keys, region: str,
    *, signed: bool,
) -> Served:  # fmt: skip
    url = f"http://{_name(wish.host)}:{api.getsockname()[1]}"
    proxy_url = f"http://{LOOPBACK}:{door.getsockname()[1]}"
    s3_url = objects.url.replace("//0.0.0.0:", f"//{LOOPBACK}:")
    made = environment(folder, url, s3_url, proxy_url, region, keys)
    now = {name: os.environ[name] for name in [*made, *CLEARED] if name in os.environ}
    before = {name: value for name, value in now.items() if value != made.get(name)}
    return Served(os.getpid(), url, s3_url, proxy_url, region, signed, made, before)


def _name(host: str) -> str:
    """How this machine reaches what listens on a host."""
    return LOOPBACK if host in {"0.0.0.0", "localhost"} else f"[{host}]" if ":" in host else host  # noqa: S104


def _listen(host: str, port: int, *, given: bool = False) -> socket.socket:
    """A socket on the port, or on a free one where it is taken and nobody has asked for just this one."""
    try:
        made = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        # what it accepts inherits it; asyncio forgets it for such sockets, and each answer would wait 40 ms
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
    except OSError as error:
        if given or port == 0:
            raise RunnerError(f"{host}:{port} cannot be listened on", why=str(error.strerror), fix="--port") from error
        return _listen(host, 0)


def _objects(wish: Wish, keys: Keys, port: int) -> Objects:
    def notice(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    folder = wish.home.root / "s3"
    try:
        return Objects(folder, keys, host=wish.host, port=port, notice=notice)
    except OSError:
        return Objects(folder, keys, host=wish.host, notice=notice)
