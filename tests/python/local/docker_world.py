"""Containers for tests: an image with habits of its own, and what a daemon holds of a home."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import worlds

from shardr.local.docker.daemon import connect
from shardr.local.docker.traces import HOME, labels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = "debian:bookworm-slim"
ODD = "shardr-test/odd"
"""Has an ENTRYPOINT and a CMD, code of its own below ``/opt/ml``, and runs as user 1234."""

DOCKERFILE = f"""
FROM {BASE}
RUN mkdir -p /opt/ml/code && echo own > /opt/ml/code/own.txt
ENTRYPOINT ["echo", "entry"]
CMD ["cmd"]
USER 1234:1234
"""


def odd_image() -> Iterator[str]:
    """The odd image, gone afterwards."""
    with built(ODD, DOCKERFILE):
        yield ODD


@contextmanager
def built(name: str, dockerfile: str) -> Iterator[str]:
    """An image of these lines, gone afterwards."""
    client = connect()
    answer = client.build(fileobj=io.BytesIO(dockerfile.encode()), tag=name, rm=True, forcerm=True, decode=True)
    trouble = [line["error"] for line in answer if "error" in line]
    assert not trouble
    yield name
    client.remove_image(name, force=True)


def held(home: Path) -> list[str]:
    """Names of the containers and networks that a daemon has of the jobs of this home."""
    value = labels(home / "jobs" / "any")[HOME]
    of_home = {"label": [f"{HOME}={value}"]}
    containers = connect().containers(all=True, filters=of_home)
    return [c["Names"][0] for c in containers] + [n["Name"] for n in connect().networks(filters=of_home)]


def nothing_is_held(home: Path) -> None:
    """Fails unless the daemon has nothing more of this home's jobs; a job is over before its network has gone."""
    assert not [name for name in held(home) if name.startswith("/")]
    worlds.until(lambda: not held(home))


def machine(**changes: Any) -> dict[str, Any]:
    """What jobs are told of the daemon's machine, with some of it changed."""
    from shardr.local.runners.choice import docker_machine

    return {**docker_machine([BASE]), **changes}
