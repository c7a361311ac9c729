"""The life of one job: stage, start the instances, watch, collect, final state.

It runs as a process of its own that outlives whoever submitted the job, so it imports the standard library only until a
job needs more, and it is started by ``jobs.launch`` with the lock already held.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
from contextlib import nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.errors import ShardrError, StoreError
from shardr.local import accounts, contract, jobs, outputs, owners
from shardr.local.contract import STOP_GRACE_SECONDS, Tree, tag
from shardr.local.home import Home
from shardr.local.reasons import host_failure
from shardr.local.runners.choice import runner_of
from shardr.local.staging import stage_job
from shardr.local.store import JobRow, Store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shardr.local.runners.base import Instance, Runner, Running

Event = tuple[str, int | Exception | None]
"""A host, and its exit code or why it was lost; None is a wish: to stop."""
STOP: Event = ("", None)
STOPPED = "The job was stopped"


class Counting:
    """The records of the inputs, counted while the instances work: neither a stop nor a time limit waits for it."""

    def __init__(self, inputs: Mapping[str, list[Path]]) -> None:
        self._inputs = inputs
        self._found: dict[str, int | None] | Exception = {}
        self._given_up = False
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def _count(self) -> None:
        try:
            self._found = accounts.rows_in(self._inputs, lambda: not self._given_up)
        except Exception as error:  # noqa: BLE001 - told by result()
            self._found = error

    def give_up(self) -> None:
        """Lets it end: a job that is being stopped needs the processor itself."""
        self._given_up = True

    def result(self) -> dict[str, int | None]:
        """Records by input; raises what counting raised."""
        self._thread.join()
        if isinstance(self._found, Exception):
            raise self._found
        return self._found


class Supervisor:
    """Owns a job from its first link to its final state."""

    def __init__(self, home: Home, row: JobRow, machine: Mapping[str, Any], events: queue.SimpleQueue[Event]) -> None:
        self._home, self._row, self._machine = home, row, machine
        self._job = home.job(row.name)
        self._store, self._hasty = Store(home.store), Store(home.store, patience_seconds=0)
        self._hosts = contract.hosts(row.request["ProcessingResources"]["ClusterConfig"]["InstanceCount"])
        self._runner: Runner | None = None
        self._events = events
        self._inputs: dict[str, list[Path]] = {}
        self._running: dict[str, Running] = {}
        self._remarks: dict[str, str | None] = {}
        self._began = 0.0
        self._started: float | None = None
        self.due: float | None = None
        """When the job's owner has something to do again."""
        self._report: dict[str, Any] = {
            "hosts": {host: {"state": "Pending"} for host in self._hosts},
        }

    def run(self) -> None:
        """Takes the job to its final state, whatever happens."""
        try:
            status, reason = self._work()
        except ShardrError as error:
            status, reason = "Failed", self._in_words_of_the_script(str(error))
        except Exception as error:  # noqa: BLE001 - a job must end in a final state, with the reason in it
            import traceback

            traceback.print_exc()
            status, reason = "Failed", f"InternalServerError: {type(error).__name__}: {error}"
        finally:
            for instance in self._running.values():
                instance.kill()
        if self._runner is not None:
            with suppress(ShardrError):  # a job that fails has told why
                self._runner.settle()
        self._finish(status, reason)
        if self._runner is not None:
            self._runner.close()

    def _in_words_of_the_script(self, text: str) -> str:
        """The same with files of the job's folder, which is about to go, by the names that they had in it."""
        for host in self._hosts:
            text = text.replace(f"{self._job.instance(host)}/", f"{host}:{contract.ML}/")
        return text.replace(f"{self._job.staged}/", "")

    def _work(self) -> tuple[str, str | None]:
        self._runner = runner_of(
            self._machine, self._job.root, lambda name: jobs.alive(self._home.job(name)), cache(_begun)
        )
        self._report["runner"] = self._runner.name
        staged = stage_job(
            self._row.request, self._row.name, self._job, self._home.storage, self._runner, self._machine["environment"]
        )
        self._inputs = staged.inputs
        for host, objects in staged.objects.items():
            self._report["hosts"][host]["objects"] = objects
        if not self._events.empty():
            return "Stopped", STOPPED
        self._started = time.time()
        self._start(self._runner, staged.instances)
        self._tell(started=self._started)
        counting = Counting(self._inputs)
        codes, stopped = self._watch(counting)
        self._runner.settle()
        if stopped:
            return "Stopped", stopped
        failed = {host: codes[host] for host in self._hosts if codes[host]}
        with suppress(ShardrError) if failed else nullcontext():  # what the script says comes first
            counted_in = counting.result()
            self._report["rows_in_by_input"] = counted_in
            self._report["rows_in"] = accounts.total(counted_in.values())
        if failed:
            return "Failed", host_failure(failed, self._remarks, self._job, len(self._hosts))
        return self._collect(counted_in)

    def _start(self, runner: Runner, instances: Sequence[Instance]) -> None:
        self._running = runner.start(instances)
        self._began = time.monotonic()
        self._report["notices"] = runner.notices()
        for host, running in self._running.items():
            self._report["hosts"][host]["state"] = "InProgress"
            threading.Thread(target=self._follow, args=(host, running), name=host, daemon=True).start()

    def _follow(self, host: str, running: Running) -> None:
        try:
            self._events.put((host, running.wait()))
        except Exception as error:  # noqa: BLE001 - told by the main thread, which waits for this one
            self._events.put((host, error))

    def _watch(self, counting: Counting) -> tuple[dict[str, int], str | None]:
        """Waits for every instance; exit codes by host, and why the job was stopped if it was."""
        codes: dict[str, int] = {}
        stopped: str | None = None
        limit = contract.max_runtime(self._row.request)
        deadline = time.monotonic() + limit
        while len(codes) < len(self._hosts):
            try:
                host, ended = self._events.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                if stopped is not None:
                    for host in self._running.keys() - codes.keys():
                        self._running[host].kill()
                    deadline = time.monotonic() + STOP_GRACE_SECONDS
                    continue
                stopped = f"MaxRuntimeExceeded: the job did not end within {limit} seconds"
                deadline = self._terminate(codes, counting)
                continue
            if isinstance(ended, Exception):
                raise ended
            if ended is None:
                if stopped is None:
                    stopped = STOPPED
                    deadline = self._terminate(codes, counting)
                continue
            codes[host] = ended
            self._remarks[host] = self._running.pop(host).remark
            seconds = round(time.monotonic() - self._began, 3)
            self._report["hosts"][host].update(
                state=("Stopped" if stopped else "Failed") if ended else "Completed", exit_code=ended, seconds=seconds
            )
            if len(codes) < len(self._hosts):
                self._tell()
        return codes, stopped

    def _terminate(self, codes: dict[str, int], counting: Counting) -> float:
        """SIGTERM to all that still run; the moment at which SIGKILL follows."""
        counting.give_up()
        self._tell(status="Stopping")
        for host in self._running.keys() - codes.keys():
            self._running[host].terminate()
        return time.monotonic() + float(tag(self._row.request, "stop-grace-seconds", str(STOP_GRACE_SECONDS)))

    def _tell(self, **changes: Any) -> None:
        """Lets people see how far the job is; when the disk is full they see it later."""
        with suppress(StoreError):
            self._hasty.update_job(self._row.name, report=self._report, **changes)

    def _collect(self, counted_in: dict[str, int | None]) -> tuple[str, str | None]:
        request, job = self._row.request, self._job
        files = outputs.gather(request, job, self._hosts)
        counted_out = accounts.rows_out(job, files)
        self._report["outputs"] = {
            name: {"rows": counted_out[name], "files": len(relatives)} for name, relatives in files.items()
        }
        self._report["rows_out"] = accounts.total(counted_out.values())
        broken = accounts.broken_claim(request, self._inputs, job, files, counted_in, counted_out)
        if broken:
            return "Failed", broken
        outputs.publish(request, job, self._home.storage)
        return "Completed", None

    def _finish(self, status: str, reason: str | None) -> None:
        try:
            message = contract.exit_message([Tree(self._job.instance(host)).message() for host in self._hosts])
        except UnicodeDecodeError:
            message = ""
            if status == "Completed":
                status, reason = "Failed", "ClientError: /opt/ml/output/message is not valid UTF-8"
        if status != "Completed":
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


def _begun() -> bool:
    """What who started this process has begun for the job meanwhile; False also when that one has died."""
    told: bool = json.loads(sys.stdin.readline() or "false")
    return told


def main(root: str, name: str, machine: Mapping[str, Any], lock: int) -> None:
    """Entry point of the detached process, which holds the job's lock by the descriptor ``lock``."""
    home = Home(Path(root))
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    signal.signal(signal.SIGTERM, lambda *_: events.put(STOP))
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored by some submitters: then exit codes would be lost
    row = Store(home.store).own_job(name, os.getpid())  # after the handler: from here on a stop is a signal
    if row is None:
        sys.exit(f"there is no job {name} in {root}")
    if row.status == "Stopping":
        events.put(STOP)
    if machine.get("runner") == "docker":
        from shardr.local import undertaker

        undertaker.watch(home, name, lock)
    supervisor = Supervisor(home, row, machine, events)
    supervisor.run()
    if row.run:
        owners.linger(home, row.run, supervisor.due)
    os._exit(0)  # whoever waits for this process need not wait for the interpreter to tidy up
