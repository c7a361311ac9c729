"""The life of a transform job: instances that serve the model, every object asked about, answers published."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from shardr.local import contract, outputs
from shardr.local.channels import channel
from shardr.local.contract import tag
from shardr.local.fetching import fetched
from shardr.local.hosting import STOP_GRACE_SECONDS, Ended, Hosts
from shardr.local.life import Life
from shardr.local.transform.asking import Asker
from shardr.local.transform.settings import environment, execution_parameters, settings
from shardr.local.transform.share import Object, Share
from shardr.local.watch import STOPPED
from shardr.requests.facts import TRANSFORMED, facts, model_facts

if TYPE_CHECKING:
    from shardr.errors import ShardrError
    from shardr.local.life import Charge
    from shardr.local.runners.base import Runner

HEALTH_SECONDS = 1800
"""How long the service gives a container of a transform job to be well."""
LOOK_SECONDS = 0.1
HASTE_SECONDS = 3
"""Between SIGTERM and SIGKILL for instances whose answers nobody wants: a server would finish what it computes."""
SHOWN = 3


class TransformJob(Life):
    """A job whose instances serve a model, which is asked about every record."""

    def __init__(self, charge: Charge) -> None:
        super().__init__(charge)
        self._facts = facts(self._row.request)
        self._stop = threading.Event()
        """Set when the job is to end before all is asked, whoever wants that."""
        self._stopped = False
        self._broken: Exception | None = None
        """What this process itself could not do, such as write an answer to a full disk."""
        self._shares: dict[str, Share] = {}
        self._told = 0.0

    def _said(self, error: ShardrError) -> str:
        return f"{error.what}: {error.why}" if error.why else error.what

    def _go(self, runner: Runner) -> tuple[str, str | None]:
        request = self._row.request
        [wanted] = self._facts.inputs
        data = fetched(channel(wanted, self._sources), self._sources, self._job, self._coming)
        names = contract.hosts(self._facts.instances)
        shares = data.shards(names, self._permute)
        hosts = Hosts(model_facts(self._machine["model"]), self._job, runner)
        given = {**self._machine["environment"], **environment(request)}
        self._started = time.time()
        try:
            doors = hosts.start(self._home.storage, self._facts.instances, self._facts.instance_type, given)
            for host in names:
                self._report["hosts"][host] = {"state": "InProgress", "objects": {"data": len(shares[host])}}
            self._report["notices"] = runner.notices()
            self._tell(started=self._started)
            threading.Thread(target=self._heed, daemon=True).start()
            hosts.await_health(doors, HEALTH_SECONDS, self._stop.is_set)
            told = execution_parameters(doors[names[0]])
            how = settings(request, told, csv=tag(request, "csv-lines") == "true")
            folder = self._job.staged / TRANSFORMED
            for host in names:
                named = {data.files.name(key): data.files.base / key for key in shares[host]}
                objects = [Object(name, path, folder / f"{name}.out") for name, path in named.items()]
                self._shares[host] = Share(objects, Asker(doors[host], how), how, self._stop.is_set)
            ended = self._through(hosts)
        finally:
            hosts.stop(HASTE_SECONDS if self._stop.is_set() else STOP_GRACE_SECONDS)
        if ended is not None:
            raise hosts.failure(ended)
        if self._broken is not None:
            raise self._broken
        if self._stopped:
            return "Stopped", STOPPED
        return self._ended(folder.exists())

    def _heed(self) -> None:
        """Waits for the wish that the job stop: it may come at any time, and wherever this process waits itself."""
        self._events.get()
        self._stopped = True
        self._stop.set()
        self._tell(status="Stopping")

    def _through(self, hosts: Hosts) -> Ended | Exception | None:
        """Lets all shares go through; the instance that has ended meanwhile, if one has."""
        threads = [
            threading.Thread(target=self._share, args=(host, share), name=host, daemon=True)
            for host, share in self._shares.items()
        ]
        for thread in threads:
            thread.start()
        lost: Ended | Exception | None = None
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(LOOK_SECONDS / len(threads))
            if lost is None and not hosts.ended.empty():
                lost = hosts.ended.get()
                self._stop.set()
            if self._stop.is_set():
                for share in self._shares.values():
                    share.end()
        return lost

    def _share(self, host: str, share: Share) -> None:
        began = time.monotonic()
        try:
            share.through(self._tell_sometimes)
        except Exception as error:  # noqa: BLE001 - told by the main thread, which waits for this one
            self._broken = error
            self._stop.set()
        state = "Stopped" if self._stop.is_set() else "Failed" if share.done.failures else "Completed"
        self._report["hosts"][host] |= {"state": state, "seconds": round(time.monotonic() - began, 3)}
        self._tell()

    def _ended(self, made: bool) -> tuple[str, str | None]:
        failures = {key: why for share in self._shares.values() for key, why in share.done.failures.items()}
        records = sum(share.done.records for share in self._shares.values())
        objects = sum(share.done.objects for share in self._shares.values())
        self._report["rows_in"] = self._report["rows_out"] = records
        self._report["outputs"] = {TRANSFORMED: {"rows": records, "files": objects - len(failures)}}
        if made:
            outputs.publish({TRANSFORMED: self._facts.uri(TRANSFORMED)}, self._job, self._home.storage)
            self._kept = True  # whatever became of other objects
        if not failures:
            return "Completed", None
        shown = [f"{key}: {why}" for key, why in sorted(failures.items())[:SHOWN]]
        more = f"; and {len(failures) - SHOWN} objects more" if len(failures) > SHOWN else ""
        return "Failed", f"ClientError: {'; '.join(shown)}{more}"

    def _tell_sometimes(self) -> None:
        """Small objects are asked about faster than the store takes it in."""
        if time.monotonic() - self._told >= LOOK_SECONDS:
            self._told = time.monotonic()
            self._tell()

    def _tell(self, **changes: Any) -> None:
        done = [share.done for share in self._shares.values()]
        self._report["progress"] = {"objects": sum(d.objects for d in done), "records": sum(d.records for d in done)}
        super()._tell(**changes)
