"""Objects of S3 as files: fetched into the job's folder once, whole or not at all, before instances start."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

from shardr.errors import DataError
from shardr.storage.local import Listing
from shardr.storage.objects import Remote
from shardr.storage.refused import in_our_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardr.local.channels import Channel
    from shardr.local.home import JobFolder
    from shardr.storage.sources import Sources

    Told = Callable[[str, int, int], None]


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
