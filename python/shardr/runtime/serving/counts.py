"""Requests and how long they took: for ``/metrics``, and for the log at the end."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Counts:
    """Counters of all callers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._statuses = dict.fromkeys(("2xx", "3xx", "4xx", "5xx"), 0)
        self._seconds = self._longest = 0.0
        self.running = 0

    @contextmanager
    def counted(self) -> Iterator[Callable[[int], None]]:
        """Around a request; what it gives is told the status."""
        begun = time.monotonic()
        statuses: list[int] = []
        with self._lock:
            self.running += 1
        try:
            yield statuses.append
        finally:
            taken = time.monotonic() - begun
            with self._lock:
                self.running -= 1
                for status in statuses:
                    self._statuses[f"{status // 100}xx"] += 1
                    self._seconds += taken
                    self._longest = max(self._longest, taken)

    def text(self, workers: int) -> str:
        """In the form that Prometheus reads."""
        lines = [f'shardr_requests_total{{status="{name}"}} {count}' for name, count in self._statuses.items()]
        lines += [
            f"shardr_request_seconds_sum {self._seconds:.6f}",
            f"shardr_request_seconds_max {self._longest:.6f}",
            f"shardr_workers {workers}",
        ]
        return "".join(f"{line}\n" for line in lines)

    def line(self) -> str:
        """In one line."""
        requests = sum(self._statuses.values())
        parts = ", ".join(f"{self._statuses[name]} with {name}" for name in ("2xx", "4xx", "5xx"))
        mean = 1000 * self._seconds / max(requests, 1)
        return f"answered {requests} requests: {parts}; {mean:.1f} ms on average, {1000 * self._longest:.1f} ms at most"
