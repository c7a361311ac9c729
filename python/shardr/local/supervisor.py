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
import time
from contextlib import nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.errors import ShardrError, StoreError
from shardr.local import accounts, contract, jobs, outputs, owners
from shardr.local.checkpoints import Mirror
from shardr.local.contract import STOP_GRACE_SECONDS, Tree, tag
from shardr.local.counting import Counting
from shardr.local.home import Home
from shardr.local.reasons import host_failure
from shardr.local.runners.choice import runner_of
from shardr.local.staging import stage_job
from shardr.local.store import JobRow, Store
from shardr.local.watch import STOP, STOPPED, Times, Watch
from shardr.local.work import work_of
from shardr.requests.facts import TRAINING, TRANSFORM
from shardr.requests.facts import checkpoints as checkpoints_of
from shardr.spec.places import ML

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shardr.local.runners.base import Instance, Runner, Running
    from shardr.local.transform.job import TransformJob
    from shardr.local.watch import End, Ended, Event
    from shardr.local.work import Taken


class Supervisor:
    """Owns a job from its first link to its final state."""

    def __init__(self, home: Home, row: JobRow, machine: Mapping[str, Any], events: queue.SimpleQueue[Event]) -> None:
        self._home, self._row, self._machine = home, row, machine
        self._job = home.job(row.name)
        self._store, self._hasty = Store(home.store), Store(home.store, patience_seconds=0)
        self._work = work_of(row.request, self._job, home.storage)
        self._hosts = contract.hosts(self._work.facts.instances)
        self._runner: Runner | None = None
        self._events = events
        self._inputs: dict[str, list[Path]] = {}
        self._running: dict[str, Running] = {}
        self._started: float | None = None
        self._kept = False
        self.due: float | None = None
        """When the job's owner has something to do again."""
        self._report: dict[str, Any] = {
            "hosts": {host: {"state": "Pending"} for host in self._hosts},
        }

    def run(self) -> None:
        """Takes the job to its final state, whatever happens."""
        try:
            status, reason = self._go()
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
            text = text.replace(f"{self._job.instance(host)}/", f"{host}:{ML}/")
        return text.replace(f"{self._job.staged}/", "")

    def _go(self) -> tuple[str, str | None]:
        self._runner = runner_of(
            self._machine, self._job.root, lambda name: jobs.alive(self._home.job(name)), cache(_begun)
        )
        self._report["runner"] = self._runner.name
        limit = self._work.facts.max_runtime_seconds
        times = Times(limit, float(tag(self._row.request, "stop-grace-seconds", str(STOP_GRACE_SECONDS))))
        interruptions = [float(seconds) for seconds in tag(self._row.request, "interruptions").split()]
        for interruption in [*interruptions, None]:
            instances = self._stage()
            if not self._events.empty():
                return "Stopped", STOPPED
            times.interruption = interruption
            counting, end = self._through(instances, times)
            if not end.interrupted:
                break
            self._restart()
        return self._ended(counting, end)

    def _stage(self) -> list[Instance]:
        assert self._runner is not None  # noqa: S101 - for the type checker: it comes first
        self._phase("Downloading")
        seed = tag(self._row.request, "permute")
        staged = stage_job(
            self._work, int(seed) if seed else None, self._job, self._home.storage, self._runner,
            self._machine["environment"],
        )  # fmt: skip
        self._inputs = staged.inputs
        for host, objects in staged.objects.items():
            self._report["hosts"][host]["objects"] = objects
        return staged.instances

    def _through(self, instances: Sequence[Instance], times: Times) -> tuple[Counting, End]:
        """Takes the instances from their start to their end."""
        assert self._runner is not None  # noqa: S101 - as above
        self._started = self._started or time.time()
        times.begin()
        self._running = self._runner.start(instances)
        self._report["notices"] = self._runner.notices()
        for host in self._running:
            self._report["hosts"][host]["state"] = "InProgress"
        self._phase("Training")
        self._tell(started=self._started)
        counting = Counting(self._inputs if self._work.tables else {})
        mirror = self._mirror()
        watch = Watch(self._running, self._events, times, ends_together=self._work.ends_together, mirror=mirror)
        end = watch.through(lambda ending: self._change(counting, ending), self._note)
        self._runner.settle()
        if mirror is not None:
            mirror.sync()
        return counting, end

    def _mirror(self) -> Mirror | None:
        where = checkpoints_of(self._row.request)
        if where is None:
            return None
        folders = [Tree(self._job.instance(host)).at(where[0]) for host in self._hosts]
        return Mirror(folders, self._home.storage.path(where[1]))

    def _change(self, counting: Counting, ending: End) -> None:
        """What is told when instances have been asked to end before their time."""
        counting.give_up()
        if ending.stopped:
            self._phase("Stopping")
            self._tell(status="Stopping")

    def _note(self, host: str, ended: Ended, ending: End) -> None:
        """What is told when an instance has ended."""
        early = ending.stopped or ending.interrupted or (ending.culprit is not None and ending.culprit != host)
        state = ("Stopped" if early else "Failed") if ended.code else "Completed"
        self._report["hosts"][host].update(state=state, exit_code=ended.code, seconds=ended.seconds)
        if self._running:
            self._tell()

    def _restart(self) -> None:
        """Forgets what the instances had that were taken away: only their checkpoints and their logs are left."""
        self._phase("Interrupted")
        for host in self._hosts:
            outputs.remove(self._job.instance(host))
            self._report["hosts"][host] = {"state": "Pending"}
        self._phase("Restarting")
        self._tell()

    def _ended(self, counting: Counting, end: End) -> tuple[str, str | None]:
        if end.stopped:
            if self._work.kept_when_stopped:
                with suppress(ShardrError):  # what cannot be kept is lost as it would be without a stop
                    self._publish(self._take({}))
                    self._kept = True
            return "Stopped", end.stopped
        failed = end.failed
        with suppress(ShardrError) if failed else nullcontext():  # what the script says comes first
            counted_in = counting.result()
            self._report["rows_in_by_input"] = counted_in
            self._report["rows_in"] = accounts.total(counted_in.values())
        if failed:
            said = self._work.said(list(failed))
            return "Failed", host_failure(failed, end.remarks, self._job, len(self._hosts), said)
        taken = self._take(counted_in)
        if taken.broken:
            return "Failed", taken.broken
        self._publish(taken)
        return "Completed", None

    def _take(self, counted_in: Mapping[str, int | None]) -> Taken:
        self._phase("Uploading")
        taken = self._work.take(self._hosts, self._inputs, counted_in)
        self._report |= taken.report
        self._report["notices"] = [*self._report.get("notices", []), *taken.notices]
        return taken

    def _publish(self, taken: Taken) -> None:
        outputs.publish(taken.places, self._job, self._home.storage)

    def _phase(self, name: str) -> None:
        """Notes what a training job has come to."""
        if self._work.facts.kind is TRAINING:
            self._report.setdefault("phases", []).append((name, time.time()))

    def _tell(self, **changes: Any) -> None:
        """Lets people see how far the job is; when the disk is full they see it later."""
        with suppress(StoreError):
            self._hasty.update_job(self._row.name, report=self._report, **changes)

    def _finish(self, status: str, reason: str | None) -> None:
        try:
            message = self._work.message(self._hosts)
        except UnicodeDecodeError:
            message = ""
            if status == "Completed":
                status, reason = "Failed", "ClientError: /opt/ml/output/message is not valid UTF-8"
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

        undertaker.watch(home, home.job(name), lock, lambda: undertaker.bury_job(home, name))
    supervisor: Supervisor | TransformJob
    if row.kind == TRANSFORM.name:
        from shardr.local.transform.job import TransformJob  # most jobs ask no model

        supervisor = TransformJob(home, row, machine, events, _begun)
    else:
        supervisor = Supervisor(home, row, machine, events)
    supervisor.run()
    if row.run:
        owners.linger(home, row.run, supervisor.due)
    os._exit(0)  # whoever waits for this process need not wait for the interpreter to tidy up
