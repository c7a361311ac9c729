"""How far the data of a step is: what its instances were sent of streamed channels, and what has come from S3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True)
class Streamed:
    """A channel in mode Pipe, of all instances that run, or of all where none does any more."""

    bytes: int
    """Sent so far, in all epochs."""
    bytes_per_second: float
    """While epochs were open, of all instances together."""
    epochs: int
    """Begun by every instance that has begun one."""
    epoch_bytes: int
    """Sent of the last of them."""
    epoch_size: int | None
    """How many bytes it has; None where that is not known before it has been read, as with gzip."""

    @property
    def progress(self) -> str:
        """How far it is, for people: ``45 % of epoch 1``; epochs are counted from 0, as their FIFOs are."""
        if not self.epochs:
            return "not opened"
        if not self.epoch_size:
            return f"epoch {self.epochs - 1}"
        return f"{100 * self.epoch_bytes // self.epoch_size} % of epoch {self.epochs - 1}"


@dataclass(frozen=True)
class Downloaded:
    """A channel whose objects come from S3: before the instances start, or as they are read in mode FastFile."""

    bytes: int
    """What has come so far."""
    of: int
    """All that there is."""

    @property
    def share(self) -> float:
        """How much that is, from 0 to 1; in mode FastFile some may come twice."""
        return min(1.0, self.bytes / self.of) if self.of else 1.0

    @property
    def progress(self) -> str:
        """How far it is, for people: ``45 % from S3``."""
        return f"{int(100 * self.share)} % from S3"


def downloaded(reports: Iterable[Mapping[str, Any]]) -> dict[str, Downloaded]:
    """The channels of a step's jobs that come from S3, by what their supervisors report.

    >>> downloaded([{"downloaded": {"train": {"bytes": 10, "of": 40}}}])["train"].progress
    '25 % from S3'
    """
    found: dict[str, Downloaded] = {}
    for report in reports:
        for name, told in report.get("downloaded", {}).items():
            before = found.get(name, Downloaded(0, 0))
            found[name] = Downloaded(before.bytes + told["bytes"], before.of + told["of"])
    return found


def together(hosts: Sequence[Mapping[str, Any]]) -> dict[str, Streamed]:
    """The streamed channels of instances, as the supervisor tells of each; none where nothing is streamed.

    >>> one = {"bytes": 30, "seconds": 2.0, "epochs": 2, "epoch_bytes": 10, "epoch_size": 20}
    >>> other = {"bytes": 20, "seconds": 1.0, "epochs": 1, "epoch_bytes": 20, "epoch_size": 20}
    >>> together([{"state": "InProgress", "streamed": {"train": found}} for found in (one, other)])["train"].progress
    '100 % of epoch 0'
    """
    running = [about for about in hosts if about["state"] == "InProgress"] or hosts
    found: dict[str, list[Mapping[str, Any]]] = {}
    for about in running:
        for name, told in about.get("streamed", {}).items():
            found.setdefault(name, []).append(told)
    return {name: _one(told) for name, told in found.items()}


def _one(told: Sequence[Mapping[str, Any]]) -> Streamed:
    epoch = min((one["epochs"] for one in told if one["epochs"]), default=0)
    sizes = [one.get("epoch_size") for one in told]
    return Streamed(
        bytes=sum(one["bytes"] for one in told),
        bytes_per_second=round(sum(one["bytes"] / one["seconds"] for one in told if one["seconds"])),
        epochs=epoch,
        # one that is ahead has all of it
        epoch_bytes=sum(one.get("epoch_size" if one["epochs"] > epoch else "epoch_bytes", 0) for one in told),
        epoch_size=None if None in sizes else sum(size for size in sizes if size is not None),
    )
