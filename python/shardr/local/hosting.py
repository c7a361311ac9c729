"""Instances that serve a model: started, asked whether they are well, reached, stopped."""

from __future__ import annotations

import http.client
import queue
import shutil
import socket
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardr.errors import DataError, JobFailedError, ShardrError
from shardr.local import contract, outputs
from shardr.local.contract import Tree
from shardr.local.reasons import error_text
from shardr.local.runners.base import Instance
from shardr.spec.places import ML, MODEL_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from shardr.local.home import JobFolder
    from shardr.local.runners.base import Runner, Running
    from shardr.local.runners.doors import Door
    from shardr.requests.facts import ModelFacts
    from shardr.storage.local import LocalStorage

PING_SECONDS = 2.0
"""How long the service waits for an answer to /ping."""
PAUSE_SECONDS = 0.05
STOP_GRACE_SECONDS = 30
CONFIG = f"{ML}/config"


class Connection(http.client.HTTPConnection):
    """HTTP through a door."""

    def __init__(self, door: Door, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._door, self._seconds = door, seconds

    def connect(self) -> None:
        """Opens the door."""
        self.sock: socket.socket = self._door.connect(self._seconds)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or a body waits 40 ms behind its headers


@dataclass(frozen=True)
class Ended:
    """An instance that should not have: its host and its exit code."""

    host: str
    code: int


class Hosts:
    """The instances of one model."""

    def __init__(self, model: ModelFacts, folder: JobFolder, runner: Runner) -> None:
        self._model, self._folder, self._runner = model, folder, runner
        self._running: dict[str, Running] = {}
        self._threads: dict[str, threading.Thread] = {}
        self.ended: queue.SimpleQueue[Ended | Exception] = queue.SimpleQueue()
        """Instances that have ended, whoever wanted it."""

    def start(
        self, storage: LocalStorage, count: int, instance_type: str, environment: Mapping[str, str]
    ) -> dict[str, Door]:
        """Unpacks the model for each instance and starts them; how each is reached. Raises ``DataError``."""
        hosts = contract.hosts(count)
        instances = []
        for host in hosts:
            tree = Tree(self._folder.instance(host))
            tree.make(CONFIG, f"{ML}/output")
            if self._model.data is not None:
                place(storage.path(self._model.data), tree.at(MODEL_PATH))
            tree.make(MODEL_PATH)
            _open_to_all(tree.at(MODEL_PATH))
            instances.append(self._instance(host, tree, instance_type, environment))
        self._running = self._runner.start(instances)
        for host, running in self._running.items():
            self._threads[host] = threading.Thread(target=self._follow, args=(host, running), daemon=True)
            self._threads[host].start()
        try:
            return {host: self._runner.door(host) for host in hosts}
        except ShardrError:
            if self.ended.empty():
                raise
            raise self.failure(self.ended.get()) from None  # one was too quick to be reached

    def _instance(self, host: str, tree: Tree, instance_type: str, environment: Mapping[str, str]) -> Instance:
        return Instance(
            job=self._folder.root.name,
            host=host,
            hosts=[host],  # they do not know of one another
            root=tree.root,
            image=self._model.image,
            instance_type=instance_type,
            config=CONFIG,
            inputs=[MODEL_PATH],  # read-only: what an instance changed there, no other one would have
            outputs=[],
            driven=[],
            linked={},
            entrypoint=None,
            arguments=["serve"],
            environment={**environment, "AWS_REGION": contract.REGION, **self._model.environment},
            network_isolation=self._model.isolated,
            log=self._folder.log(host),
            serves=True,
        )

    def _follow(self, host: str, running: Running) -> None:
        try:
            self.ended.put(Ended(host, running.wait()))
        except Exception as error:  # noqa: BLE001 - told by whoever waits for these
            self.ended.put(error)

    def await_health(
        self, doors: Mapping[str, Door], seconds: float, given_up: Callable[[], bool] = lambda: False
    ) -> None:
        """Returns when all answer /ping with 200, or nobody waits for it any more.

        Raises ``JobFailedError`` when one ends, or does not answer in time.
        """
        end = time.monotonic() + seconds
        waiting = dict(doors)
        while waiting and not given_up():
            for host, door in list(waiting.items()):
                if healthy(door):
                    del waiting[host]
            if not self.ended.empty():
                raise self.failure(self.ended.get())
            if waiting and time.monotonic() > end:
                host = next(iter(waiting))
                text = error_text(self._folder.log(host))
                what = f"AlgorithmError: {host} did not answer /ping with 200 within {seconds:.0f} seconds"
                raise JobFailedError(what, why=text or None)
            time.sleep(PAUSE_SECONDS if waiting else 0)

    def failure(self, ended: Ended | Exception) -> Exception:
        """Why an instance is no more, in the words of its log."""
        if isinstance(ended, Exception):
            return ended
        text = error_text(self._folder.log(ended.host))
        return JobFailedError(f"AlgorithmError: {ended.host} exited with code {ended.code}", why=text or None)

    def stop(self, grace: float = STOP_GRACE_SECONDS) -> None:
        """Ends all: SIGTERM, then after the grace time SIGKILL; removes what they had."""
        alive = [host for host, thread in self._threads.items() if thread.is_alive()]
        for host in alive:
            self._running[host].terminate()
        end = time.monotonic() + grace
        for host in alive:
            self._threads[host].join(max(0.0, end - time.monotonic()))
            if self._threads[host].is_alive():
                self._running[host].kill()
                self._threads[host].join(grace)
        self._runner.settle()


def healthy(door: Door) -> bool:
    """Whether a server answers /ping with 200 in the time that the service gives it."""
    connection = Connection(door, PING_SECONDS)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def place(source: Path, folder: Path) -> None:
    """The files of a model in the folder where it is served from; raises ``DataError`` for what is no model."""
    if source.is_dir():
        shutil.copytree(source, folder, dirs_exist_ok=True)
    elif source.is_file():
        from shardr.data.archive import unpack  # whoever only asks about jobs has no archives

        outputs.remove(folder)
        unpack(source, folder)
    else:
        raise DataError(f"the model {source} is not there", fix="its archive is what a training job leaves")


def _open_to_all(folder: Path) -> None:
    """Lets everybody read the files: the image's user need not be ours."""
    for path in (folder, *(path for path in folder.rglob("*") if not path.is_symlink())):
        path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o644))
