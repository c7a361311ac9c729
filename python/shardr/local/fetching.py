"""Objects of S3 as files: fetched into the job's folder once, whole or not at all, before instances start.

Or, where a channel is to be read as its files are opened and this machine can do that, shown and fetched then.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

from shardr.errors import DataError
from shardr.storage.local import Listing
from shardr.storage.objects import Remote
from shardr.storage.refused import in_our_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from shardr.local.channels import Channel
    from shardr.local.home import JobFolder
    from shardr.local.lazy.mount import Mount
    from shardr.local.runners.base import Runner
    from shardr.storage.sources import Sources

    Told = Callable[[str, int, int], None]
    Shares = Mapping[str, Mapping[str, list[str]]]


class Supply:
    """Brings the inputs of a job to this machine, from before its instances start until they have ended."""

    def __init__(
        self, sources: Sources, job: JobFolder, runner: Runner, tell: Told, failed: Callable[[Exception], None]
    ) -> None:
        """See ``fetched`` for ``tell``, and ``Mount`` for ``failed``."""
        self.sources = sources
        self.notices: list[str] = []
        """What the user should know of how objects came."""
        self._job, self._runner, self._tell, self._failed = job, runner, tell, failed
        self._mount: Mount | None = None
        self._shown: set[str] = set()

    def files(self, channels: list[Channel], shares: Shares) -> list[Channel]:
        """The channels, those without files of this machine behind them to be had by ``shown``; see ``fetched``."""
        fast = [channel for channel in channels if channel.fast and isinstance(channel.listing, Remote)]
        if fast:
            self._show(fast, shares)
        return [
            channel if channel.name in self._shown else fetched(channel, self.sources, self._job, self._tell)
            for channel in channels
        ]

    def shown(self, channel: Channel, host: str) -> Path | None:
        """The folder in which a host's objects of a channel can be read; None where they are files."""
        return self._mount.of(channel, host) if self._mount is not None and channel.name in self._shown else None

    def told(self) -> dict[str, dict[str, int]]:
        """How much has come of the channels that are shown; see ``Mount``."""
        return {} if self._mount is None else self._mount.told()

    def close(self) -> None:
        """Shows nothing any more."""
        if self._mount is not None:
            self._mount.close()

    def _show(self, channels: list[Channel], shares: Shares) -> None:
        from shardr.local.lazy.mount import Mount  # few jobs have such channels

        refused: str | None = "the Docker daemon does not see what is mounted on this machine"
        if self._runner.mounts():
            self._mount = Mount(self._job.mounted, self._failed)
            refused = self._mount.show(channels, shares, shared=self._runner.strangers)
        if refused is None:
            self._shown = {channel.name for channel in channels}
            return
        self._mount = None
        names = ", ".join(channel.name for channel in channels)
        self.notices.append(f"FastFile: the objects of {names} were fetched before the instances started: {refused}")


def fetched(channel: Channel, sources: Sources, job: JobFolder, tell: Told) -> Channel:
    """The channel with files of this machine behind it: as it is, or with its objects fetched from S3.

    ``tell`` hears the channel's name, the bytes that have come and all that are to come; it may raise, and what is
    under way ends. Raises ``DataError`` and ``AwsError``. What an earlier attempt has fetched is not fetched again.
    """
    listing = channel.listing
    if not isinstance(listing, Remote):
        return channel
    folder = job.fetched / channel.name
    wanted = [(found, folder / key) for key, found in listing.objects().items()]
    new = [(found, path) for found, path in wanted if not path.is_file()]
    coming, come, one_at_a_time = sum(found.size for found, _ in new), 0, Lock()

    def count(size: int) -> None:
        nonlocal come
        with one_at_a_time:
            come += size
            tell(channel.name, come, coming)

    try:
        with in_our_words(f"Input {channel.name} cannot be fetched: {listing.base}"):
            sources.remote.fetch(new, count)
    except OSError as error:
        raise DataError(f"Input {channel.name} cannot be fetched to this machine: {error.strerror or error}") from error
    for _, path in new:
        path.chmod(0o644)  # an instance may be another user
    return replace(channel, listing=Listing(folder, listing.keys, folder=listing.folder))
