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
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.errors import ShardrError
from shardr.local import accounts, contract, outputs, owners
from shardr.local.checkpoints import Mirror
from shardr.local.contract import STOP_GRACE_SECONDS, Tree, tag
from shardr.local.counting import Counting
from shardr.local.fetching import Supply
from shardr.local.home import Home
from shardr.local.life import Charge, Life
from shardr.local.reasons import host_failure
from shardr.local.staging import stage_job
from shardr.local.store import Store
from shardr.local.watch import STOP, STOPPED, Times, Watch
from shardr.local.work import work_of
from shardr.requests.facts import TRAINING, TRANSFORM
from shardr.requests.facts import checkpoints as checkpoints_of
from shardr.spec.places import ML

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shardr.local.pipes.feeding import Feeding
    from shardr.local.runners.base import Instance, Runner, Running
    from shardr.local.watch import End, Ended, Event
    from shardr.local.work import Taken


class Supervisor(Life):
    """A job whose instances work by themselves: they start, and are watched until they end."""

    def __init__(self, charge: Charge) -> None:
        super().__init__(charge)
        self._work = work_of(self._row.request, self._job, self._home.storage)
        self._hosts = contract.hosts(self._work.facts.instances)
        self._inputs: dict[str, list[Path]] = {}
        self._running: dict[str, Running] = {}
        self._supply: Supply | None = None
        self._feeding: Feeding | None = None
        self._report["hosts"] = {host: {"state": "Pending"} for host in self._hosts}

    def _said(self, error: ShardrError) -> str:
        """In words of the script: files of the job's folder, which is about to go, by the names that they had in it."""
        text = str(error)
        for host in self._hosts:
            text = text.replace(f"{self._job.instance(host)}/", f"{host}:{ML}/")
        return text.replace(f"{self._job.staged}/", "")

    def _go(self, runner: Runner) -> tuple[str, str | None]:
        try:
            return self._attempts(runner)
        finally:
            for instance in self._running.values():
                instance.kill()
            self._cut_off()
            with suppress(ShardrError):  # a job that fails has told why
                runner.settle()

    def _attempts(self, runner: Runner) -> tuple[str, str | None]:
        limit = self._work.facts.max_runtime_seconds
        times = Times(limit, float(tag(self._row.request, "stop-grace-seconds", str(STOP_GRACE_SECONDS))))
        interruptions = [float(seconds) for seconds in tag(self._row.request, "interruptions").split()]
        for interruption in [*interruptions, None]:
            instances = self._stage(runner)
            if not self._events.empty():
                return "Stopped", STOPPED
            times.interruption = interruption
            counting, end = self._through(runner, instances, times)
            if not end.interrupted:
                break
            self._restart()
        return self._ended(counting, end)

    def _stage(self, runner: Runner) -> list[Instance]:
        self._phase("Downloading")
        self._supply = Supply(self._sources, self._job, runner, self._coming, self._failed)
        environment = self._machine["environment"]
        staged = stage_job(self._work, self._permute, self._job, self._supply, runner, environment)
        self._inputs = staged.inputs
        for host, objects in staged.objects.items():
            self._report["hosts"][host]["objects"] = objects
        if staged.piped:
            from shardr.local.pipes.feeding import Feeding  # few jobs stream

            self._feeding = Feeding(self._row.request, staged.piped, self._hosts, self._job, self._failed)
        return staged.instances

    def _failed(self, error: Exception) -> None:
        """Hears, by any thread, why instances do not get their data: it ends the job."""
        self._events.put(("", error))

    def _cut_off(self) -> None:
        """Ends what is streamed and shown to instances that have ended."""
        if self._feeding is not None:
            self._feeding.close()
        if self._supply is not None:
            self._supply.close()
        self._sent()
        self._feeding = self._supply = None

    def _through(self, runner: Runner, instances: Sequence[Instance], times: Times) -> tuple[Counting, End]:
        """Takes the instances from their start to their end."""
        self._started = self._started or time.time()
        times.begin()
        mirror = self._mirror()  # first: what an instance writes at once is new, too
        self._running = runner.start(instances)
        self._report["notices"] = [*(self._supply.notices if self._supply else []), *runner.notices()]
        for host in self._running:
            self._report["hosts"][host]["state"] = "InProgress"
        self._phase("Training")
        self._tell(started=self._started)
        counting = Counting(self._inputs if self._work.tables else {})
        tend = self._tend(mirror)
        watch = Watch(self._running, self._events, times, ends_together=self._work.ends_together, tend=tend)
        end = watch.through(lambda ending: self._change(counting, ending), self._note)
        self._cut_off()
        runner.settle()
        if mirror is not None:
            mirror.sync()
        return counting, end

    def _tend(self, mirror: Mirror | None) -> Callable[[], None] | None:
        """What is done now and then while instances run."""
        coming = self._supply is not None and self._supply.told()
        if mirror is None and self._feeding is None and not coming:
            return None

        def tend() -> None:
            if mirror is not None:
                with suppress(PermissionError):  # a container's user has closed them: taken when they are ours again
                    mirror.sync()
            if self._feeding is not None or coming:
                self._sent()
                self._tell()

        return tend

    def _sent(self) -> None:
        """Notes how much was streamed, and read of what is shown, so far."""
        for host, found in self._feeding.told().items() if self._feeding is not None else ():
            self._report["hosts"][host]["streamed"] = found
        if self._supply is not None and (come := self._supply.told()):
            self._report["downloaded"] = self._report.get("downloaded", {}) | come

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

    def _finish(self, status: str, reason: str | None, message: str = "") -> None:
        try:
            message = self._work.message(self._hosts)
        except UnicodeDecodeError:
            if status == "Completed":
                status, reason = "Failed", "ClientError: /opt/ml/output/message is not valid UTF-8"
        for about in self._report["hosts"].values():
            if about["state"] in {"Pending", "InProgress"}:  # nobody waited for its end, which was with the job's
                about["state"] = "Stopped"
        super()._finish(status, reason, message)


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
    life: type[Life] = Supervisor
    if row.kind == TRANSFORM.name:
        from shardr.local.transform.job import TransformJob  # most jobs ask no model

        life = TransformJob
    job = life(Charge(home, row, machine, events, _begun))
    job.run()
    if row.run:
        owners.linger(home, row.run, job.due)
    os._exit(0)  # whoever waits for this process need not wait for the interpreter to tidy up
