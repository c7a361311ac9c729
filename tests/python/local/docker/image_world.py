"""What tests do with an image: run a command in it, and a folder that an instance finds as /opt/ml."""

from __future__ import annotations

import http.client
import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.local.docker.daemon import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def container(
    image: str, *command: str, folder: Path | None = None, network: str = "none", **settings: Any
) -> Iterator[str]:
    """The id of a started container, by default without a network; it is removed at the end."""
    client = connect()
    host = client.create_host_config(network_mode=network, binds=[f"{folder}:/opt/ml"] if folder else [])
    id = client.create_container(image, list(command), host_config=host, **settings)["Id"]
    try:
        client.start(id)
        yield id
    finally:
        client.remove_container(id, force=True, v=True)


def output(image: str, *command: str, folder: Path | None = None) -> tuple[int, str]:
    """Exit status and all that a command in the image prints."""
    with container(image, *command, folder=folder) as id:
        status = connect().wait(id, timeout=120)["StatusCode"]
        return status, connect().logs(id).decode()


def r(image: str, code: str) -> str:
    """What R code prints in the image; a failure shows all."""
    status, printed = output(image, "Rscript", "-e", code)
    assert status == 0, printed
    return printed


def training(folder: Path, files: dict[str, str], hyperparameters: dict[str, str]) -> Path:
    """A folder as a training job's instance finds it, writable for any user."""
    for name in ("input/config", "input/data/train", "model", "output"):
        (folder / name).mkdir(parents=True)
    for name in ("model", "output"):
        (folder / name).chmod(0o777)
    (folder / "input/config/hyperparameters.json").write_text(json.dumps(hyperparameters))
    for name, text in files.items():
        (folder / "input/data/train" / name).write_text(text)
    return folder


@contextmanager
def network() -> Iterator[str]:
    """The id of a network without a way out, in which containers have addresses."""
    id = connect().create_network(f"shardr-test-{os.getpid()}", internal=True)["Id"]
    try:
        yield id
    finally:
        connect().remove_network(id)


@dataclass(frozen=True)
class Served:
    """A model that is served by a container of a network."""

    address: str

    def ask(self, method: str, path: str, body: str | None = None, kind: str = "text/csv") -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.address, 8080, timeout=20)
        connection.request(method, path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def served(container: str) -> Served:
    """What a container serves, once it answers; fails with its log where it does not."""
    address = connect().inspect_container(container)["NetworkSettings"]["Networks"]
    found = Served(next(iter(address.values()))["IPAddress"])
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if found.ask("GET", "/ping")[0] == 200:
                return found
        except OSError:
            time.sleep(0.05)
    raise AssertionError(connect().logs(container).decode())
