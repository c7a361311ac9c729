"""What a job has at the daemon, its containers and its network: found by their labels, whoever made them, and removed.

A supervisor removes its own. What one leaves behind that was killed, or that outlived its daemon, goes when the job is
found dead, or at the latest when the next job of the same home ends.
"""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from shardr.errors import RunnerError
from shardr.local.docker.daemon import Address, connect, in_our_words
from shardr.local.docker.owner import Written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shardr.local.docker.daemon import APIClient


HOME = "org.shardr.home"
JOB = "org.shardr.job"
NOTE = "docker.json"
"""In a job's folder for as long as the job may have something at a daemon: the address, and what is written."""
PATIENCE_SECONDS = 10
"""For a daemon that is still busy removing what it is asked to remove: it refuses until then."""


def labels(job: Path) -> dict[str, str]:
    """What the containers and the network of the job in this folder are labelled with."""
    return {HOME: _home(job), JOB: job.name}


def name(job: Path) -> str:
    """What they are named after: the job, and its home, as other homes may have a job of the same name."""
    return f"shardr-{job.name}-{_home(job)[:6]}"


def _home(job: Path) -> str:
    return hashlib.sha256(str(job.parents[1].resolve()).encode()).hexdigest()[:16]


def note(job: Path, daemon: Address, written: Written | None = None) -> None:
    """Writes down that the job in this folder is about to have something at the daemon, and what it will write."""
    about = {"daemon": daemon.to_dict(), "written": written and written.to_dict()}
    (job / NOTE).write_text(json.dumps(about), encoding="utf-8")


def remove_noted(job: Path) -> None:
    """Removes everything of a dead job; what a daemon has that does not answer stays noted."""
    path = job / NOTE
    if path.exists():
        with suppress(RunnerError):
            remove(connect(Address(**json.loads(path.read_text(encoding="utf-8"))["daemon"])), job)


def remove(client: APIClient, job: Path) -> None:
    """Removes the containers of a job, running or not, and its network; raises ``RunnerError`` when that fails.

    What its containers wrote is the user's own afterwards, and so can be removed, too.
    """
    of_job = {"label": [f"{key}={value}" for key, value in labels(job).items()]}
    path = job / NOTE
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with in_our_words("what the job left at the Docker daemon could not be removed"):
                for container in client.containers(all=True, filters=of_job):
                    client.remove_container(container["Id"], force=True, v=True)
                for network in client.networks(filters=of_job):
                    client.remove_network(network["Id"])
            break
        except RunnerError as error:
            refused = getattr(error.__cause__, "status_code", None)  # None: the daemon is gone
            if refused is None or time.monotonic() > until:
                raise
            time.sleep(0.1)
    if path.exists():
        written = json.loads(path.read_text(encoding="utf-8"))["written"]
        with suppress(RunnerError):  # an image without chown: no later attempt would have one
            if written:
                Written(**written).take(client, job, labels(job))
        path.unlink(missing_ok=True)


def sweep(client: APIClient, jobs: Path, alive: Callable[[str], bool]) -> None:
    """Removes what dead jobs of the same home have left, those that a daemon kept over its own end."""
    of_home = {"label": [f"{HOME}={_home(jobs / 'any')}"]}
    with suppress(RunnerError), in_our_words("the Docker daemon cannot be asked"):
        found = [*client.containers(all=True, filters=of_home), *client.networks(filters=of_home)]
        for job in {entry["Labels"][JOB] for entry in found}:
            if not alive(job):
                remove(client, jobs / job)
