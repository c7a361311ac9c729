"""What a runner must do: start an instance, tell when it has ended, stop it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Instance:
    """One instance of a job, ready to start."""

    job: str
    host: str
    hosts: list[str]
    root: Path
    """The folder that becomes ``/opt/ml``."""
    inputs: list[str]
    """Paths of the instance that must be read-only."""
    linked: dict[str, str]
    """Files and folders of this machine that the inputs link to, and the paths of the instance they link by."""
    command: list[str]
    environment: dict[str, str]
    network_isolation: bool
    log: Path


class Running(Protocol):
    """A started instance."""

    def wait(self) -> int:
        """Blocks until the instance has ended; its exit code, or 128 + the signal that ended it."""

    def terminate(self) -> None:
        """Asks the script to end (SIGTERM)."""

    def kill(self) -> None:
        """Ends the instance and everything it started (SIGKILL)."""


class Runner(Protocol):
    """A way to start instances on this machine."""

    name: str

    def start(self, instance: Instance) -> Running:
        """Starts an instance; raises ``RunnerError`` when the machine lacks something."""
