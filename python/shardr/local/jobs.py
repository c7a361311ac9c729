"""Jobs and the processes that own them: launch one, notice that one has died, stop one."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.local import outputs
from shardr.local.store import JobRow, Store

if TYPE_CHECKING:
    from shardr.local.home import Home, JobFolder

BOOT = (
    "import json, sys; given = json.load(sys.stdin); sys.path[:] = given['sys_path'];"
    "from shardr.local.supervisor import main; main(given['home'], given['job'], given['machine'])"
)


def launch(
    home: Home,
    name: str,
    request: dict[str, Any],
    machine: dict[str, Any],
    *,
    run: str | None = None,
    step: str | None = None,
) -> bool:
    """Takes a job in and starts its supervisor; False when the name is in use.

    The request must be valid. The lock is taken before the job can be seen, and the supervisor inherits it, so at no
    moment is a living job without its lock.
    """
    folder = home.job(name)
    home.make()
    folder.root.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        store = Store(home.store)
        if not store.add_job(name, "processing", request, run, step):
            return False
        pid = _spawn(home, name, folder, machine, lock)
        store.update_job(name, pid=pid)
        return True
    finally:
        os.close(lock)


def _spawn(home: Home, name: str, folder: JobFolder, machine: dict[str, Any], lock: int) -> int:
    given = {"home": str(home.root), "job": name, "machine": machine}
    given["sys_path"] = [path for path in sys.path if path]
    with folder.supervisor_log.open("ab") as log:
        process = subprocess.Popen(
            [_python(), "-I", "-S", "-c", BOOT],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd="/",  # the folder it was submitted from may go away
            env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
            pass_fds=[lock],
            start_new_session=True,
        )
    assert process.stdin is not None  # noqa: S101 - for the type checker: it was asked for
    with process.stdin as stream:
        stream.write(json.dumps(given).encode())
    process.returncode = 0  # it is nobody's child from here on; keeps Popen from warning that it still runs
    return process.pid


def _python() -> str:
    """This interpreter's program; inside R ``sys.executable`` may be R itself."""
    inside = Path(sys.prefix, "bin", "python3")
    return str(inside) if inside.exists() else sys.executable


def alive(folder: JobFolder) -> bool:
    """Whether the job's supervisor still lives: it holds the lock for as long as it does."""
    try:
        lock = os.open(folder.lock, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def look(home: Home, row: JobRow) -> JobRow:
    """The job as it stands; one whose supervisor has died becomes Failed here, and its traces are removed."""
    if row.over or alive(home.job(row.name)):
        return row
    store = Store(home.store)
    now = store.job(row.name)
    if now is None or now.over:
        return now or row
    folder = home.job(row.name)
    outputs.withdraw(folder)
    log = folder.supervisor_log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    reason = "InternalServerError: the supervisor of this job has died" + (f": {log[-1]}" if log else "")
    status = "Stopped" if now.status == "Stopping" else "Failed"  # a stop can come before it listens for one
    store.update_job(row.name, status=status, ended=time.time(), failure_reason=reason)
    outputs.sweep(folder)
    return store.job(row.name) or row


def stop(home: Home, row: JobRow) -> None:
    """Asks the supervisor of a job to stop it."""
    Store(home.store).update_job(row.name, only_from="InProgress", status="Stopping")
    if row.pid is not None and alive(home.job(row.name)):
        try:
            os.kill(row.pid, signal.SIGTERM)
        except ProcessLookupError:
            return
