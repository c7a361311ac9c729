"""What tests do with an image: run a command in it, and a folder that an instance finds as /opt/ml."""

from __future__ import annotations

import json
from contextlib import contextmanager
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
