"""How objects reach instances: which keys each one gets, and links to them where the script looks."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.data.keys import assign
from shardr.errors import DataError, RequestError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from shardr.storage.local import Listing, LocalStorage


@dataclass(frozen=True)
class Channel:
    """One input of a job with the objects behind it."""

    name: str
    path: str
    sharded: bool
    listing: Listing

    def shards(self, hosts: list[str], permute: int | None) -> dict[str, list[str]]:
        """The keys of each host: all of them, or its share."""
        if not self.sharded:
            return dict.fromkeys(hosts, self.listing.keys)
        return dict(zip(hosts, assign(self.listing.keys, len(hosts), permute), strict=True))


def channels(request: dict[str, Any], storage: LocalStorage) -> list[Channel]:
    """The inputs of a job, listed; raises ``DataError`` naming each that has no object or no such file."""
    found = []
    for item in request.get("ProcessingInputs", []):
        source = item.get("S3Input")
        if source is None or source.get("S3InputMode", "File") != "File":
            raise RequestError(
                f"Input {item['InputName']} cannot be served on this machine",
                why="the local engine reads S3 inputs in File mode only",
                fix='use S3Input with S3InputMode "File"',
            )
        uri = source["S3Uri"]
        listing = storage.manifest(uri) if source["S3DataType"] == "ManifestFile" else storage.list(uri)
        if not listing.keys:
            raise DataError(f"No S3 objects found under S3 URL {uri} given in input {item['InputName']}")
        sharded = source.get("S3DataDistributionType") == "ShardedByS3Key"
        found.append(Channel(item["InputName"], source["LocalPath"], sharded, listing))
    return found


def stage(base: Path, keys: Iterable[str], folder: Path, *, hard: bool) -> set[Path]:
    """Makes the objects appear in ``folder``; returns the folders that must be visible for that.

    A hard link is a plain file to the script and outlives the original's removal. Where the file system refuses one
    (another disk, another owner), and where ``hard`` is False, it is a symbolic link to the original.
    """
    needed: set[Path] = set()
    made: set[str] = set()
    target, source = os.fspath(folder), os.fspath(base)
    folder.mkdir(parents=True, exist_ok=True)
    for key in keys:
        above, _, _ = key.rpartition("/")
        if above not in made:
            os.makedirs(f"{target}/{above}", exist_ok=True)  # noqa: PTH103 - a million keys: no Path objects
            made.add(above)
        original = os.path.realpath(f"{source}/{key}")
        if not os.access(original, os.R_OK):
            state = "is not readable" if os.path.exists(original) else "is not there"  # noqa: PTH110
            raise DataError(f"{original} {state}")
        if hard:
            try:
                os.link(original, f"{target}/{key}")
            except OSError:
                pass
            else:
                continue
        os.symlink(original, f"{target}/{key}")  # noqa: PTH211
        needed.add(base.joinpath(key).resolve().parent)
    return needed
