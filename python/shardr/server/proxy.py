"""The proxy that clients are given for HTTPS: STS is answered here, every other host is reached as before.

The SageMaker SDK builds the URL of STS itself and asks no variable for it; a proxy it does ask for.
"""

from __future__ import annotations

import asyncio
import base64
import re
import urllib.request
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    import ssl
    from socket import socket

STS = re.compile(r"sts(-fips)?(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?")
CONNECT = re.compile(rb"CONNECT ([A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\]):([0-9]{1,5}) HTTP/1\.[01]\r\n")
PATIENCE_SECONDS = 20
PIECE_BYTES = 1 << 16


class Proxy:
    """Tunnels for CONNECT. To STS they end at this server, to others at the proxy that was set before, if one was."""

    def __init__(self, api: tuple[str, int], secure: ssl.SSLContext) -> None:
        """``api``: where the server answers HTTP; ``secure``: to be STS."""
        self._api, self._secure = api, secure
        self._servers: list[asyncio.Server] = []
        self._sts = ("127.0.0.1", 0)
        self._own = 0

    async def start(self, listening: socket) -> None:
        """Begins to accept."""
        inner = await asyncio.start_server(self._as_sts, "127.0.0.1", 0, ssl=self._secure)
        self._sts = inner.sockets[0].getsockname()[:2]
        self._own = listening.getsockname()[1]
        self._servers = [inner, await asyncio.start_server(self._tunnel, sock=listening)]

    def close(self) -> None:
        """Accepts no more; tunnels end with the process."""
        for server in self._servers:
            server.close()

    async def _as_sts(self, reader: Reader, writer: Writer) -> None:
        """What came in by TLS, without it, to the API."""
        try:
            inner, outer = await asyncio.open_connection(*self._api)
        except OSError:
            writer.close()
            return
        await _join((reader, writer), (inner, outer))

    async def _tunnel(self, reader: Reader, writer: Writer) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_SECONDS)
            match = CONNECT.match(head)
            if match is None:
                await _refuse(writer, b"405 Method Not Allowed")
                return
            far = await asyncio.wait_for(self._reach(match[1].decode(), int(match[2])), PATIENCE_SECONDS)
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.TimeoutError):
            await _refuse(writer, b"502 Bad Gateway")
            return
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await _join((reader, writer), far)

    async def _reach(self, host: str, port: int) -> tuple[Reader, Writer]:
        if STS.fullmatch(host.lower()):
            return await asyncio.open_connection(*self._sts)
        upstream = urllib.request.getproxies().get("https", "")
        parts = urlsplit(upstream if "//" in upstream else f"//{upstream}")
        own = parts.port == self._own  # started in a shell that had found the server before
        if not upstream or own or urllib.request.proxy_bypass(host):
            return await asyncio.open_connection(host.strip("[]"), port)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 3128)
        login = ""
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            login = f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}\r\n"
        writer.write(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{login}\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.partition(b"\r\n")[0] + b" ":
            writer.close()
            raise ConnectionError("the proxy that was set before refuses")
        return reader, writer


async def _refuse(writer: Writer, status: bytes) -> None:
    with suppress(OSError):
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
    writer.close()


async def _join(one: tuple[Reader, Writer], other: tuple[Reader, Writer]) -> None:
    """Both ways at once, until both are done."""
    await asyncio.gather(_pour(one[0], other[1]), _pour(other[0], one[1]))
    for _, writer in (one, other):
        writer.close()


async def _pour(reader: Reader, writer: Writer) -> None:
    with suppress(OSError):
        while piece := await reader.read(PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
    with suppress(OSError, RuntimeError):
        if writer.can_write_eof():
            writer.write_eof()
        else:  # TLS knows no half that is closed
            writer.close()
