"""One instance of an endpoint, from its start to its end: a thread that waits for it."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from shardr.errors import JobFailedError, ShardrError
from shardr.local import jobs, outputs
from shardr.local.hosting import Hosts
from shardr.local.runners.choice import runner_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardr.local.endpoints.plan import Variant
    from shardr.local.home import Home
    from shardr.local.runners.doors import Door

HOST = "algo-1"
STARTING, HEALTHY, ENDED = "Starting", "Healthy", "Ended"


def folder_name(endpoint: str, serial: int) -> str:
    """The name of an instance's folder among those of jobs, whose own names have no dot."""
    return f"{endpoint}.{serial}"


class Cared:
    """An instance that is started, watched, and ended when it should be, or when it will not be healthy."""

    def __init__(self, home: Home, endpoint: str, serial: int, variant: Variant, wake: Callable[[], None]) -> None:
        """Begins at once; ``wake`` is called when the state has changed."""
        self.serial, self.variant = serial, variant
        self.state = STARTING
        self.door: Door | None = None
        self.reason = ""
        self.healthy_since: float | None = None
        self._home, self._folder, self._wake = home, home.job(folder_name(endpoint, serial)), wake
        machine = variant.machine
        self._runner = runner_of(
            machine, self._folder.root, lambda name: jobs.alive(home.job(name)), begun=lambda: False
        )
        self._hosts = Hosts(variant.facts, self._folder, self._runner)
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Asks it to end: SIGTERM, then SIGKILL."""
        self._hosts.ended.put(JobFailedError("the instance was asked to end"))

    def join(self) -> None:
        """Waits until it has ended."""
        self._thread.join()

    def lived(self) -> float:
        """For how many seconds it was healthy, until now."""
        return 0.0 if self.healthy_since is None else time.monotonic() - self.healthy_since

    def _live(self) -> None:
        lock = jobs.take(self._folder)  # else the end of another job would take its containers for those of a dead one
        try:
            self._serve()
        except ShardrError as error:
            self.reason = str(error)
        except Exception as error:  # noqa: BLE001 - told as the endpoint's reason
            self.reason = f"InternalServerError: {type(error).__name__}: {error}"
        with suppress(ShardrError):
            self._hosts.stop()
        self._runner.close()
        with suppress(OSError):
            outputs.sweep(self._folder)
        if lock is not None:
            os.close(lock)
        self.state, self.door = ENDED, None
        self._wake()

    def _serve(self) -> None:
        variant = self.variant
        doors = self._hosts.start(self._home.storage, 1, variant.instance_type, variant.machine["environment"])
        self._hosts.await_health(doors, variant.health_seconds)
        self.door, self.healthy_since = doors[HOST], time.monotonic()
        self.state = HEALTHY
        self._wake()
        raise self._hosts.failure(self._hosts.ended.get())
