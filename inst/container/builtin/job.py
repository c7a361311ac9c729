"""A training job from begin to end: with the other hosts where there are several, and with a reason if it fails."""

from __future__ import annotations

import os
import signal
import traceback
from typing import TYPE_CHECKING, Any

from place import UserError, failed, hosts
from rollcall import Leader, Member

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Decide = Callable[[dict[str, Any]], dict[str, Any]]

STOPPED = 128 + signal.SIGTERM
"""The exit status of a program that SIGTERM ended."""


def end_when_stopped() -> None:
    """From now on SIGTERM ends this program at once: it has nothing to keep."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(STOPPED))


class Job:
    """This host's part of the job."""

    def __init__(self, decide: Callable[[list[str]], Decide]) -> None:
        self.host, self.hosts = hosts()
        self._decide = decide
        self._leader: Leader | None = None
        self.member: Member | None = None

    def begin(self) -> None:
        """Calls the other hosts."""
        if len(self.hosts) > 1:
            if self.host == self.hosts[0]:
                self._leader = Leader(self.hosts, self._decide(self.hosts))
            self.member = Member(self.host, self.hosts[0])

    def agree(self, report: dict[str, Any]) -> dict[str, Any]:
        """Says what this host has; what is to be done, once all have said it: the first of the hosts decides.

        From then on this process ends when another host fails.
        """
        if self.member is None:
            return self._decide([self.host])({self.host: report})
        decision = self.member.report(report)
        self.member.watch(_ended)
        return decision

    def end(self) -> None:
        """Leaves; the first of the hosts when all have."""
        if self.member:
            self.member.done()
        if self._leader:
            self._leader.wait()


def expect_train(channels: Mapping[str, Any], algorithm: str) -> None:
    """Raises ``UserError`` where the job has no channel ``train``."""
    if "train" not in channels:
        named = f"it has {', '.join(sorted(channels))}" if channels else "it has none"
        raise UserError(f"the job has no channel train, which the built-in {algorithm} learns from: {named}")


def run(
    work: Callable[[Job], None],
    decide: Callable[[list[str]], Decide],
    reason_of: Callable[[Exception, Job], str | None] = lambda *_: None,
) -> int:
    """Does the work; the exit status of the program. ``reason_of`` knows the errors of the algorithm's own library."""
    job = Job(decide)
    try:
        job.begin()
        work(job)
        job.end()
        return 0
    except UserError as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, the service wants a reason
        known = reason_of(error, job)
        if known is None:
            traceback.print_exc()
        reason = known or f"{type(error).__name__}: {error}"
    if job.member:
        job.member.fail(reason)
    failed(reason)
    return 1


def _ended(reason: str) -> None:
    """Another host has failed: this one may wait for it in vain, deep inside a library, so the process goes at once."""
    failed(reason)
    os._exit(1)
