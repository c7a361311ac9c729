"""What the lives of all jobs have in common: however one goes, it has a final state, and people see how far it is."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from shardr.errors import ShardrError, StoreError
from shardr.local import contract, jobs, outputs, owners
from shardr.local.runners.choice import runner_of
from shardr.local.store import Store
from shardr.local.watch import STOPPED

if TYPE_CHECKING:
    import queue
    from collections.abc import Callable, Mapping

    from shardr.local.home import Home
    from shardr.local.runners.base import Runner
    from shardr.local.store import JobRow
    from shardr.local.watch import Event


TOLD_SECONDS = 0.5
"""Between two looks that people get at what is being downloaded."""


@dataclass(frozen=True)
class Charge:
    """A job that a process has taken on, and how it hears of it."""

    home: Home
    row: JobRow
    machine: Mapping[str, Any]
    events: queue.SimpleQueue[Event]
    """The ends of instances, and wishes that it stop."""
    begun: Callable[[], bool]
    """What who started the process has begun for the job meanwhile; waits for it."""


class StoppedError(Exception):
    """The job is to stop before its instances have started."""


class Life(ABC):
    """Owns a job from its start to its final state."""

    def __init__(self, charge: Charge) -> None:
        self._home, self._row, self._machine = charge.home, charge.row, charge.machine
        self._events, self._begun = charge.events, charge.begun
        self._job = self._home.job(self._row.name)
        self._store, self._hasty = Store(self._home.store), Store(self._home.store, patience_seconds=0)
        self._started: float | None = None
        self._report: dict[str, Any] = {"hosts": {}}
        self._kept = False
        """Whether what is published stays though the job is not complete."""
        self._sources = self._home.sources
        self._told_coming = 0.0
        self.due: float | None = None
        """When the job's owner has something to do again."""

    def run(self) -> None:
        """Takes the job to its final state, whatever happens."""
        runner: Runner | None = None
        try:
            runner = runner_of(
                self._machine, self._job.root, lambda name: jobs.alive(self._home.job(name)), cache(self._begun)
            )
            self._report["runner"] = runner.name
            status, reason = self._go(runner)
        except StoppedError:
            status, reason = "Stopped", STOPPED
        except ShardrError as error:
            status, reason = "Failed", self._said(error)
        except Exception as error:  # noqa: BLE001 - a job must end in a final state, with the reason in it
            import traceback

            traceback.print_exc()
            status, reason = "Failed", f"InternalServerError: {type(error).__name__}: {error}"
        self._finish(status, reason)
        if runner is not None:
            runner.close()

    @abstractmethod
    def _go(self, runner: Runner) -> tuple[str, str | None]:
        """Does the work and leaves nothing running; the final state, and why it is that."""

    @property
    def _permute(self) -> int | None:
        """The seed that changes who gets what; None: nobody asks for that."""
        seed = contract.tag(self._row.request, "permute")
        return int(seed) if seed else None

    def _coming(self, channel: str, come: int, coming: int) -> None:
        """Notes how much of a channel has come from S3; what is under way ends when the job is to stop."""
        if not self._events.empty():
            raise StoppedError
        self._report.setdefault("downloaded", {})[channel] = {"bytes": come, "of": coming}
        if come == coming or time.monotonic() - self._told_coming > TOLD_SECONDS:
            self._told_coming = time.monotonic()
            self._tell()

    def _said(self, error: ShardrError) -> str:
        """The reason of a job that fails with this."""
        return str(error)

    def _tell(self, **changes: Any) -> None:
        """Lets people see how far the job is; when the disk is full they see it later."""
        with suppress(StoreError):
            self._hasty.update_job(self._row.name, report=self._report, **changes)

    def _finish(self, status: str, reason: str | None, message: str = "") -> None:
        """The final state, and the end of all that the job had."""
        if status != "Completed" and not self._kept:
            outputs.withdraw(self._job)
            outputs.sweep(self._job)  # first: on a full disk the store needs the space to take the state in
        self._store.update_job(
            self._row.name,
            status=status,
            started=self._started,
            ended=time.time(),
            exit_message=message or None,
            failure_reason=contract.failure_reason(reason) if reason else None,
            report=self._report,
        )
        if self._row.run:
            self.due = owners.advance(self._home, self._row.run)
        outputs.sweep(self._job)
