"""Endpoints and the processes that keep them: launch one, wake it, notice that it has died, forget it."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from shardr.local import jobs, outputs
from shardr.local.endpoints.store import DELETING, FAILED, Endpoints

if TYPE_CHECKING:
    from shardr.local.endpoints.plan import EndpointPlan
    from shardr.local.endpoints.store import EndpointRow
    from shardr.local.home import Home, JobFolder

KEEPER = "shardr.local.endpoints.keeper"
PATIENCE_SECONDS = 2.0
"""For one of the same name that has just now been deleted, and whose process is about to end."""


def folder(home: Home, name: str) -> JobFolder:
    """Where an endpoint is locked; its instances lie beside it."""
    return home.job(f"{name}.endpoint")


def launch(home: Home, name: str, tags: list[dict[str, str]], plan: EndpointPlan, seconds: float) -> bool:
    """Takes an endpoint in and starts its keeper; False when the name is in use. It lives for so many seconds."""
    home.make()
    end = time.monotonic() + PATIENCE_SECONDS
    while (lock := jobs.take(folder(home, name))) is None:
        if time.monotonic() > end or Endpoints(home.store).find(name) is not None:
            return False
        time.sleep(0.02)
    try:
        if not Endpoints(home.store).add(name, tags, plan, seconds):
            return False
        given: dict[str, Any] = {"root": str(home.root), "name": name, "lock": lock}
        jobs.spawn(KEEPER, folder(home, name), given)
        return True
    finally:
        os.close(lock)


def wake(home: Home, name: str) -> None:
    """Lets the keeper look into the store; one that is not there yet will, and for one that is gone it is done here."""
    row = Endpoints(home.store).find(name)
    if row is not None and row.pid is not None and jobs.alive(folder(home, name)):
        with suppress(ProcessLookupError):
            os.kill(row.pid, signal.SIGUSR1)
    elif row is not None:
        look(home, row)


def look(home: Home, row: EndpointRow) -> EndpointRow | None:
    """The endpoint as it stands; one whose keeper is gone is Failed from now on, or deleted when that was asked."""
    if row.status == FAILED:
        return row
    lock = jobs.take(folder(home, row.name))
    if lock is None:
        return row
    try:
        bury(home, row.name)
    finally:
        os.close(lock)
    return Endpoints(home.store).find(row.name)


def bury(home: Home, name: str) -> None:
    """Removes what instances of an endpoint whose keeper is gone have left, and tells so."""
    from shardr.local.docker.traces import remove_noted  # loaded for the dead only

    store = Endpoints(home.store)
    row = store.find(name)
    for instance in _instances(home, name):
        remove_noted(instance.root)
        outputs.sweep(instance)
    if row is None or row.status == FAILED:
        return
    store.open(name, [])
    if row.status == DELETING:
        forget(home, name)
        return
    reason = jobs.last_words(folder(home, name), "the process that keeps this endpoint")
    store.settle(name, FAILED, row.plan, reason)


def forget(home: Home, name: str) -> None:
    """Removes an endpoint whose instances have ended, with all that it kept but its lock."""
    for instance in _instances(home, name):
        outputs.remove(instance.root)
    folder(home, name).supervisor_log.unlink(missing_ok=True)
    Endpoints(home.store).remove(name)


def _instances(home: Home, name: str) -> list[JobFolder]:
    own = folder(home, name).root
    return [home.job(path.name) for path in own.parent.glob(f"{name}.*") if path != own]
