"""Connections to instances, kept between requests: one process has one pool, and a fork of it another."""

from __future__ import annotations

import os
import select
import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import http.client
    from collections.abc import Iterator

    from shardr.local.endpoints.store import Opening
    from shardr.local.hosting import Connection

Key = tuple[str, float, int]
"""The endpoint, when it was made, and the number of the instance."""
MOST_IDLE = 64
"""Connections to one instance that are kept."""
_pools: dict[int, Pool] = {}


class Pool:
    """Idle connections by instance, and how many requests each instance has from this process."""

    def __init__(self) -> None:
        self._idle: dict[Key, list[Connection]] = {}
        self._busy: Counter[Key] = Counter()
        self._lock = threading.Lock()
        self._turn = 0

    def order(self, keys: list[Key]) -> list[int]:
        """The places of instances, the least busy first; among equals each comes first in turn."""
        with self._lock:
            self._turn += 1
            count = len(keys)
            return sorted(range(count), key=lambda i: (self._busy[keys[i]], (i - self._turn) % count))

    @contextmanager
    def counted(self, key: Key) -> Iterator[None]:
        """The instance has one request more meanwhile."""
        with self._lock:
            self._busy[key] += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy[key] -= 1
                if not self._busy[key]:
                    del self._busy[key]

    def take(self, key: Key) -> Connection | None:
        """An idle connection that is still open, or None."""
        while True:
            with self._lock:
                kept = self._idle.get(key)
                if not kept:
                    return None
                connection = kept.pop()
            if not _readable(connection):
                return connection
            connection.close()  # by the other side: there is nothing to read but its end

    def give(self, key: Key, connection: Connection) -> None:
        """Keeps a connection for the next request; of instances that are gone, nothing is kept."""
        with self._lock:
            kept = self._idle.setdefault(key, [])
            if len(kept) < MOST_IDLE:
                kept.append(connection)
                return
        connection.close()

    def only(self, endpoint: str, created: float, openings: list[Opening]) -> None:
        """Closes what is kept of other instances of the endpoint."""
        living = {(endpoint, created, opening.serial) for opening in openings}
        with self._lock:
            gone = [key for key in self._idle if key[0] == endpoint and key not in living]
            closing = [connection for key in gone for connection in self._idle.pop(key)]
        for connection in closing:
            connection.close()


def pool() -> Pool:
    """That of this process."""
    return _pools.setdefault(os.getpid(), Pool())


def _readable(connection: http.client.HTTPConnection) -> bool:
    if connection.sock is None:
        return True
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))
