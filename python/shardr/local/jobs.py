"""Jobs and the processes that own them: launch one, notice that one has died, stop one."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from shardr.local import locks, outputs
from shardr.local.contract import failure_reason
from shardr.local.runners import choice
from shardr.local.runners.interpreter import module
from shardr.local.store import JobRow, Store
from shardr.requests.facts import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardr.local.home import Home, JobFolder

OF_AWS = frozenset({"HOME", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE"})
"""What boto3 heeds besides what begins with ``AWS_``: where its files are, and how the network is reached."""
SUPERVISOR = "shardr.local.supervisor"
_started: list[subprocess.Popen[bytes]] = []
"""Supervisors that this process started and that it has not seen end."""


def launch(
    home: Home,
    name: str,
    request: dict[str, Any],
    machine: dict[str, Any],
    *,
    run: str | None = None,
    step: str | None = None,
) -> bool:
    """Takes a job in and starts its supervisor; False when the name is in use or its run is asked to stop.

    The request must be valid. The lock is taken before the job can be seen, and the supervisor inherits it, so at no
    moment is a living job without its lock.
    """
    folder = home.job(name)
    home.make()
    lock = take(folder)
    if lock is None:
        return False
    try:
        if not Store(home.store).add_job(name, kind_of(request).name, request, run, step):
            return False
        given = {"root": str(home.root), "name": name, "machine": machine, "lock": lock}
        spawn(SUPERVISOR, folder, given, lambda: choice.begin(machine, folder.root, request))
        return True
    finally:
        os.close(lock)


def spawn(main: str, folder: JobFolder, given: dict[str, Any], then: Callable[[], bool] | None = None) -> None:
    """Starts the module ``main`` as a process of its own that inherits ``given["lock"]`` and outlives this one.

    A line on its stdin tells what is given, and another what ``then`` had to say, which is called meanwhile.
    """
    command, line = module(main, given)
    with folder.supervisor_log.open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd="/",  # the folder it was submitted from may go away
            env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", **aws_settings()},
            pass_fds=[given["lock"]],
            start_new_session=True,
        )
    assert process.stdin is not None  # noqa: S101 - for the type checker: it was asked for
    with suppress(BrokenPipeError), process.stdin as stream:  # one that died at once is found by the next look
        stream.write(line)
        stream.flush()
        stream.write(json.dumps(then is not None and then()).encode())
    _started.append(process)


def aws_settings() -> dict[str, str]:
    """What of this process's environment says how S3 is asked: for the process of a job alone, and kept nowhere."""
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_") or name in OF_AWS}


def nap(seconds: float) -> None:
    """Waits that long, or until a supervisor that this process started has ended, where the system can tell."""
    _reap()
    watch: list[int] = []
    ends = select.poll()  # select() takes no descriptor above 1023, and the session may have many
    try:
        for process in list(_started) if hasattr(os, "pidfd_open") else []:
            with suppress(ProcessLookupError):  # another thread has let go of it just now
                watch.append(os.pidfd_open(process.pid))
                ends.register(watch[-1], select.POLLIN)
        ends.poll(seconds * 1000)
    finally:
        for descriptor in watch:
            os.close(descriptor)


def _reap() -> None:
    """Lets go of supervisors that have ended: a long session would collect them as zombies."""
    _started[:] = [process for process in _started if process.poll() is None]


def take(folder: JobFolder) -> int | None:
    """The job's lock, to be closed by the caller; None while its supervisor lives, or somebody buries it."""
    folder.root.mkdir(parents=True, exist_ok=True)
    return locks.take(folder.lock)


def alive(folder: JobFolder) -> bool:
    """Whether the job's supervisor still lives: it holds the lock for as long as it does. Looks only: makes nothing."""
    return locks.held(folder.lock)


def look(home: Home, row: JobRow) -> JobRow:
    """The job as it stands; one whose supervisor has died becomes Failed here, and its traces are removed."""
    _reap()
    if row.over:
        return row
    folder = home.job(row.name)
    lock = take(folder)
    if lock is None:
        return row
    try:  # with the lock held: nobody else removes what another attempt may by now have published
        store = Store(home.store)
        now = store.job(row.name)
        if now is not None and not now.over:
            _bury(store, folder, now)
        return store.job(row.name) or row
    finally:
        os.close(lock)


def _bury(store: Store, folder: JobFolder, row: JobRow) -> None:
    from shardr.local.docker.traces import remove_noted  # loaded for the dead only

    remove_noted(folder.root)  # first: what still runs would still write
    outputs.withdraw(folder)
    reason = last_words(folder, "the supervisor of this job")
    status = "Stopped" if row.status == "Stopping" else "Failed"
    store.update_job(row.name, status=status, ended=time.time(), failure_reason=reason)
    outputs.sweep(folder)


def last_words(folder: JobFolder, who: str) -> str:
    """The reason of what fails as its process has died, with the last line that it wrote."""
    reason = f"InternalServerError: {who} has died"
    with suppress(OSError):
        log = folder.supervisor_log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        reason += f": {log[-1]}" if log else ""
    return failure_reason(reason)


def stop(home: Home, row: JobRow) -> None:
    """Asks the supervisor of a job to stop it; one that has not begun to own the job finds it Stopping."""
    store = Store(home.store)
    store.update_job(row.name, only_from="InProgress", status="Stopping")
    now = store.job(row.name)
    if now is not None and now.pid is not None and alive(home.job(row.name)):
        with suppress(ProcessLookupError):
            os.kill(now.pid, signal.SIGTERM)
