"""What a runner must do: start the instances of a job, tell when each has ended, stop them, leave nothing behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from shardr.local.contract import Tree

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shardr.local.runners.doors import Door


@dataclass(frozen=True)
class Instance:
    """One instance of a job, ready to start."""

    job: str
    host: str
    hosts: list[str]
    root: Path
    """The folder that holds what the instance sees below ``/opt/ml``."""
    image: str
    instance_type: str
    config: str
    """The folder of its config files, read-only as its inputs are."""
    inputs: list[str]
    """Paths of the instance that must be read-only."""
    outputs: list[str]
    """Paths of the instance that it writes to."""
    driven: list[str]
    """Those of them with files that must be its own, which only then it can make programs of; it also writes beside
    them. Empty but for the SDK's drivers."""
    linked: dict[str, str]
    """Files and folders of this machine that the inputs link to, and the paths of the instance they link by."""
    entrypoint: list[str] | None
    """None: the image's own."""
    arguments: list[str] | None
    environment: dict[str, str]
    network_isolation: bool
    log: Path
    serves: bool = False
    """Whether it listens for requests of this machine, as the instances of a model do."""
    pipes: list[str] = field(default_factory=list)
    """Folders in which FIFOs come and go while it runs."""
    shown: dict[str, str] = field(default_factory=dict)
    """Inputs of which the files lie in another folder of this machine than the instance's own, and that folder."""

    def source(self, path: str) -> str:
        """The folder of this machine that one of its folders is."""
        return self.shown.get(path) or str(Tree(self.root).at(path))


class Running(Protocol):
    """A started instance."""

    remark: str | None
    """Why it ended, for people, as far as the runner knows: that it was out of memory. None: it cannot know."""

    def wait(self) -> int:
        """Blocks until the instance has ended; its exit code, or 128 + the signal that ended it."""

    def terminate(self) -> None:
        """Asks the script to end (SIGTERM)."""

    def kill(self) -> None:
        """Ends the instance and everything it started (SIGKILL)."""


class Runner(Protocol):
    """A way to start the instances of a job on this machine; one object a job."""

    name: str
    strangers: bool
    """Whether instances are other users than this one."""
    links: bool
    """Whether instances see hard links as files of their own, and what ``linked`` names; else originals are shown."""

    def mounts(self) -> bool:
        """Whether instances have what is mounted on this machine; else they get files only."""

    def copies(self, image: str) -> bool:
        """Whether instances of the image may read only what everybody may: other inputs must be copied for them."""

    def start(self, instances: Sequence[Instance]) -> dict[str, Running]:
        """Starts all instances, by host; raises ``RunnerError`` and leaves none running when one cannot start."""

    def door(self, host: str) -> Door:
        """How the server of a started instance is reached; raises ``RunnerError``."""

    def notices(self) -> list[str]:
        """What the user should know of how the instances were started: where they got less than their type has."""

    def settle(self) -> None:
        """Ends what still runs, and makes everything that the instances wrote the user's own.

        May be called again; raises ``RunnerError``.
        """

    def close(self) -> None:
        """Removes what is left of the job outside its folder, when the job is over; never raises."""
