"""All streamed channels of a job's instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardr.local.channels import Channel, channel
from shardr.local.contract import Tree, tag
from shardr.local.pipes.contents import How
from shardr.local.pipes.feeder import Feeder
from shardr.local.pipes.parts import Augmented, Objects, lines_of
from shardr.requests.facts import AUGMENTED
from shardr.storage.objects import Remote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from shardr.local.home import JobFolder
    from shardr.requests.facts import Channel as Wanted
    from shardr.storage.sources import Sources


class Piped:
    """A channel that is streamed; raises ``DataError`` when there is nothing to stream, or not all of it."""

    def __init__(self, wanted: Wanted, sources: Sources, hosts: list[str], permute: int | None) -> None:
        self.wanted, self._sources, self._hosts = wanted, sources, hosts
        self._channel: Channel | None = None
        self._lines: list[bytes] = []
        if wanted.data_type == AUGMENTED:
            self._lines, asks = lines_of(wanted, sources)
        else:
            self._channel = channel(wanted, sources)
            asks = isinstance(self._channel.listing, Remote)
        self._remote = sources.remote if asks else None
        self._shares = {} if self._channel is None else self._channel.shards(hosts, permute)
        self._parts = {host: self._of(host) for host in hosts}

    @property
    def files(self) -> list[Path]:
        """The objects themselves, as far as they are files of this machine and known before they are read."""
        if self._channel is None or isinstance(self._channel.listing, Remote):
            return []
        return list(self._channel.listing.paths())

    def count(self, host: str) -> int:
        """How many objects an instance gets, or lines of a manifest."""
        return self._parts[host].count()

    def feeder(self, host: str, tree: Tree, idle_seconds: float, failed: Callable[[Exception], None]) -> Feeder:
        """What streams the channel to an instance; its first FIFO is there."""
        how = How(self.wanted.compression, self.wanted.wrapper, idle_seconds)
        return Feeder(tree.at(self.wanted.path), self._parts[host], how, failed, self._remote)

    def _of(self, host: str) -> Objects | Augmented:
        rank, size = self._hosts.index(host), len(self._hosts)
        if self._channel is None:
            return Augmented(self.wanted, self._sources, self._lines, rank, size)
        return Objects(self._channel, self._shares[host], rank, size, self.wanted.shuffle)


class Feeding:
    """Feeds the instances of a job from its start to its end."""

    def __init__(
        self, request: Mapping[str, Any], piped: list[Piped], hosts: list[str], job: JobFolder,
        failed: Callable[[Exception], None],
    ) -> None:  # fmt: skip
        idle = float(tag(dict(request), "pipe-idle-seconds", str(How.idle_seconds)))
        self._feeders = {
            host: {p.wanted.name: p.feeder(host, Tree(job.instance(host)), idle, failed) for p in piped}
            for host in hosts
        }
        for feeder in self._all():
            feeder.start()

    def told(self) -> dict[str, dict[str, dict[str, float]]]:
        """How much each channel of each instance was sent."""
        return {host: {name: one.told() for name, one in found.items()} for host, found in self._feeders.items()}

    def close(self) -> None:
        """Ends all."""
        for feeder in self._all():
            feeder.close()

    def _all(self) -> list[Feeder]:
        return [feeder for found in self._feeders.values() for feeder in found.values()]
