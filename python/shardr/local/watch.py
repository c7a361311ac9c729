"""Watching the instances of a job: until all have ended, or until they have to end before their time."""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardr.local.runners.base import Running

Event = tuple[str, int | Exception | None]
"""A host, and its exit code or why it was lost; None is a wish: to stop."""
STOP: Event = ("", None)
STOPPED = "The job was stopped"
TEND_SECONDS = 2.0


@dataclass
class Times:
    """How long a job may take, in seconds; its limit counts from the first start on."""

    limit: float
    grace: float
    """Between SIGTERM and SIGKILL."""
    interruption: float | None = None
    """After which the instances are taken away, as spot instances are."""
    _first: float | None = None
    _start: float = 0.0

    def begin(self) -> None:
        """The instances start now."""
        self._start = time.monotonic()
        self._first = self._start if self._first is None else self._first

    @property
    def limit_at(self) -> float:
        """When the job has taken too long."""
        return (self._first or 0.0) + self.limit

    @property
    def interruption_at(self) -> float:
        """When the instances are taken away."""
        return float("inf") if self.interruption is None else self._start + self.interruption

    @property
    def passed(self) -> float:
        """Since the instances started."""
        return round(time.monotonic() - self._start, 3)


@dataclass(frozen=True)
class Ended:
    """How one instance ended."""

    code: int
    seconds: float
    remark: str | None


@dataclass
class End:
    """How the instances of a job ended."""

    ended: dict[str, Ended] = field(default_factory=dict)
    stopped: str | None = None
    """Why all were stopped; None when they were not."""
    taken_away: bool = False
    culprit: str | None = None
    """The one that failed and for which the others were ended."""

    @property
    def failed(self) -> dict[str, int]:
        """Exit codes of those that failed by themselves, in order of hosts."""
        failed = {host: about.code for host, about in sorted(self.ended.items()) if about.code}
        return {self.culprit: failed[self.culprit]} if self.culprit else failed

    @property
    def remarks(self) -> dict[str, str | None]:
        """What else is known of each end."""
        return {host: about.remark for host, about in self.ended.items()}

    @property
    def interrupted(self) -> bool:
        """Whether they have to start again: what was complete when they were taken away stays so."""
        return self.taken_away and not self.stopped and any(about.code for about in self.ended.values())


class Watch:
    """Waits for started instances; ``running`` loses each that has ended, ``tend`` is called now and then meanwhile."""

    def __init__(
        self,
        running: dict[str, Running],
        events: queue.SimpleQueue[Event],
        times: Times,
        *,
        ends_together: bool,
        tend: Callable[[], None] | None,
    ) -> None:
        self._running, self._events, self._times = running, events, times
        self._ends_together, self._tend = ends_together, tend
        self._kill_at: float | None = None
        self._end = End()

    def through(self, ending: Callable[[End], None], ended: Callable[[str, Ended, End], None]) -> End:
        """How all ended; ``ending`` is told that they have been asked to, ``ended`` of each that has."""
        for host, running in self._running.items():
            threading.Thread(target=self._follow, args=(host, running), name=host, daemon=True).start()
        while self._running:
            try:
                host, code = self._events.get(timeout=max(0.0, self._next() - time.monotonic()))
            except queue.Empty:
                self._on_time(ending)
                continue
            if isinstance(code, Exception):
                raise code
            if code is None:
                if self._end.stopped is None:
                    self._end.stopped = STOPPED
                    self._terminate(ending)
                continue
            about = Ended(code, self._times.passed, self._running.pop(host).remark)
            self._end.ended[host] = about
            fails = code and self._ends_together and self._kill_at is None
            if fails and self._running:
                self._end.culprit = host
                self._terminate(ending)
            ended(host, about, self._end)
        return self._end

    def _follow(self, host: str, running: Running) -> None:
        try:
            self._events.put((host, running.wait()))
        except Exception as error:  # noqa: BLE001 - told by the main thread, which waits for this one
            self._events.put((host, error))

    def _next(self) -> float:
        """When there is something to do though nothing ends."""
        first = self._kill_at or min(self._times.limit_at, self._times.interruption_at)
        return first if self._tend is None else min(first, time.monotonic() + TEND_SECONDS)

    def _on_time(self, ending: Callable[[End], None]) -> None:
        now = time.monotonic()
        if self._tend is not None:
            self._tend()
        if self._kill_at is not None:
            if now >= self._kill_at:
                for running in self._running.values():
                    running.kill()
                self._kill_at = now + self._times.grace
        elif now >= self._times.limit_at:
            self._end.stopped = f"MaxRuntimeExceeded: the job did not end within {self._times.limit:.0f} seconds"
            self._terminate(ending)
        elif now >= self._times.interruption_at:
            self._end.taken_away = True
            self._terminate(ending)

    def _terminate(self, ending: Callable[[End], None]) -> None:
        """SIGTERM to all that still run; SIGKILL follows."""
        ending(self._end)
        for running in self._running.values():
            running.terminate()
        self._kill_at = time.monotonic() + self._times.grace
