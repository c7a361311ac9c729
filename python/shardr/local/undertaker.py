"""Buries a job whose supervisor was killed, at once: its containers are the daemon's, and would go on without it.

Sandboxed processes end with their supervisor and need no such thing. The undertaker is a fork of the supervisor that
only waits for the job's lock, which is free when the supervisor is gone, however it went.
"""

from __future__ import annotations

import fcntl
import os
import signal
from typing import TYPE_CHECKING

from shardr.local import jobs, owners
from shardr.local.docker.traces import remove_noted
from shardr.local.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardr.local.home import Home, JobFolder


def watch(home: Home, folder: JobFolder, lock: int, bury: Callable[[], None]) -> None:
    """Leaves an undertaker behind, which buries what is kept in the folder when nobody holds its lock any more.

    Called by the supervisor, which holds ``lock``, before it has threads.
    """
    if os.fork():
        return
    try:
        os.close(lock)  # or it would be held for as long as this process lives
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with folder.lock.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
        if home.store.exists():  # else all is gone, and to look into the store would make it anew
            bury()
    finally:
        os._exit(0)


def bury_job(home: Home, name: str) -> None:
    """Removes what a job whose supervisor is gone has left, and takes its owner further."""
    remove_noted(home.job(name).root)  # also of a job that is over: it tells so before it has tidied up
    row = Store(home.store).job(name)
    if row is not None and not row.over:
        jobs.look(home, row)
        if row.run:  # what is left of its owner goes on, or fails
            owners.linger(home, row.run, owners.advance(home, row.run))
