"""What the tests left behind: containers, networks and volumes of a daemon, and temporary files of shardr's."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon import Daemon

LABEL = "org.shardr."
PATIENCE_SECONDS = 20  # for supervisors that are still removing theirs


def seen(daemon: Daemon | None) -> set[str]:
    """What there is now, by name."""
    return files() | held(daemon)


def files() -> set[str]:
    """Temporary files of shardr's, of whichever process."""
    return {f"temporary file {path}" for path in Path(tempfile.gettempdir()).glob("shardr*")}


def held(daemon: Daemon | None) -> set[str]:
    """What a daemon has.

    At a daemon that others use too only what shardr has made counts: theirs comes and goes.
    """
    if daemon is None:
        return set()
    from docker import APIClient

    client = APIClient(base_url=daemon.host, version="auto", timeout=60)
    things = [("container", entry["Names"][0].strip("/"), entry) for entry in client.containers(all=True)]
    things += [("network", entry["Name"], entry) for entry in client.networks()]
    things += [("volume", entry["Name"], entry) for entry in client.volumes()["Volumes"] or []]
    client.close()
    found = set()
    for kind, name, entry in things:
        labels = entry.get("Labels") or {}
        if daemon.ours or name.startswith("shardr") or any(key.startswith(LABEL) for key in labels):
            found.add(f"{kind} {name}")
    return found


def left(before: set[str], daemon: Daemon | None, look: Callable[[Daemon | None], set[str]] = seen) -> list[str]:
    """What was not there before and does not go."""
    until = time.monotonic() + PATIENCE_SECONDS
    while (more := look(daemon) - before) and time.monotonic() < until:
        time.sleep(0.5)
    return sorted(more)
