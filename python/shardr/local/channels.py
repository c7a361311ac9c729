"""How objects reach instances: which keys each one gets, and links to them where the script looks."""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardr.data.keys import assign
from shardr.errors import DataError, RequestError
from shardr.requests.facts import FAST_FILE, PIPE
from shardr.storage.local import Listing
from shardr.storage.objects import Remote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from shardr.requests.facts import Channel as Wanted
    from shardr.storage.sources import Sources

LINKED = "/mnt/linked"
"""Where the sandbox shows files that no hard link can be made to."""


@dataclass(frozen=True)
class Channel:
    """One input of a job with the objects behind it."""

    name: str
    path: str
    sharded: bool
    listing: Listing | Remote
    written: bool = False
    """Whether the instance changes it, and so needs files of its own."""
    fast: bool = False
    """Whether its files are to be read as they are opened."""

    @property
    def files(self) -> Listing:
        """The objects as files of this machine, which those at S3 are once they are fetched."""
        assert isinstance(self.listing, Listing)  # noqa: S101 - for the type checker
        return self.listing

    def shards(self, hosts: list[str], permute: int | None) -> dict[str, list[str]]:
        """The keys of each host: all of them, or its share."""
        if not self.sharded:
            return dict.fromkeys(hosts, self.listing.keys)
        return dict(zip(hosts, assign(self.listing.keys, len(hosts), permute), strict=True))

    def held(self, shares: dict[str, list[str]], folders: dict[str, Path]) -> Iterator[Path]:
        """The files as instances hold them, each once: there even when an original is removed meanwhile."""
        for host, keys in shares.items():
            for key in keys:
                path = folders[host] / self.files.name(key)
                yield self.files.base / key if path.is_symlink() else path
            if not self.sharded:
                return


def channel(wanted: Wanted, sources: Sources) -> Channel:
    """An input of a job, listed; raises ``DataError`` when it has no object, or no such one."""
    uri = wanted.uri
    if uri is None:
        raise RequestError(
            f"Input {wanted.name} cannot be served on this machine",
            why="the local engine moves objects in S3 only",
            fix="use an S3 input",
        )
    listing = sources.manifest(uri) if wanted.data_type == "ManifestFile" else sources.list(uri)
    if not listing.keys:
        raise DataError(f"No S3 objects found under S3 URL {uri} given in input {wanted.name}", fix=listing.lacking)
    if wanted.data_type == "ManifestFile" and (isinstance(listing, Remote) or wanted.mode == PIPE):
        _require_all(uri, listing)
    if wanted.mode == FAST_FILE and listing.folder and not all(key.startswith(listing.folder) for key in listing.keys):
        raise DataError(
            f"Input {wanted.name} cannot be read in mode {FAST_FILE}",
            why=f"{uri} is no folder, but how names begin",
            fix="name a folder, with a slash at its end, or take the mode File",
        )
    if listing.folder and len(set(map(listing.name, listing.keys))) < len(listing.keys):
        raise DataError(
            f"Input {wanted.name} has two objects of one name",
            why=f"{uri} is a prefix of objects in {listing.folder} and beside it",
            fix=f"end it with a slash, {uri}/, or give the objects names of their own",
        )
    return Channel(wanted.name, wanted.path, wanted.sharded, listing, wanted.written, wanted.mode == FAST_FILE)


def _require_all(manifest: str, listing: Listing | Remote) -> None:
    """Raises ``DataError`` for an object that a manifest names and that cannot be read, where no link would tell."""
    found = listing.unreadable()
    if found is not None:
        name, is_there = found
        raise DataError(f"{manifest} names {name}, which {'is not readable' if is_there else 'is not there'}")


def show(source: Path, folder: Path, *, links: bool) -> str:
    """Makes a folder in which objects can be read appear as ``folder``; see ``stage`` for ``links``."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if links:
        folder.mkdir(exist_ok=True)
    else:
        folder.symlink_to(source)
    return str(source)


def stage(
    listing: Listing, keys: Iterable[str], folder: Path, *, links: bool, copies: bool, own: bool = False
) -> dict[str, str]:
    """Makes the objects appear in ``folder``; what must be visible to the script for that, and where.

    A hard link is a plain file to the script and outlives the original's removal. Where the file system refuses one
    (another disk, another owner) it is a symbolic link to a place that the sandbox shows the original at: the one file
    that is needed, else its folder. Without ``links`` all are symbolic links to the originals. With ``copies`` the
    script runs as another user: what it would find closed is copied for it, be that the file or the folder to be shown.
    With ``own`` all is copied, and may be changed.
    """
    apart: dict[str, list[str]] = {}
    real: dict[str, str] = {}
    target, source = os.fspath(folder), os.fspath(listing.base)
    folder.mkdir(parents=True, exist_ok=True)
    for key in keys:
        inside, (above, _, name) = listing.name(key), key.rpartition("/")
        if above not in real:
            os.makedirs(f"{target}/{inside}".rpartition("/")[0], exist_ok=True)  # noqa: PTH103 - a million keys: no Path
            real[above] = os.path.realpath(f"{source}/{above}")
        original = f"{real[above]}/{name}"
        if os.path.islink(original):  # noqa: PTH114
            original = os.path.realpath(original)
        if not os.access(original, os.R_OK):
            state = "is not readable" if os.path.exists(original) else "is not there"  # noqa: PTH110
            raise DataError(f"{original} {state}")
        if own:
            shutil.copyfile(original, f"{target}/{inside}")
            os.chmod(f"{target}/{inside}", 0o666)  # noqa: PTH101, S103 - whoever the image's user is
            continue
        if not links:
            os.symlink(original, f"{target}/{inside}")  # noqa: PTH211
            continue
        if copies and not os.stat(original).st_mode & stat.S_IROTH:  # noqa: PTH116
            shutil.copyfile(original, f"{target}/{inside}")
            continue
        try:
            os.link(original, f"{target}/{inside}")
        except OSError:
            parent, name = os.path.split(original)
            if copies and not os.stat(parent).st_mode & stat.S_IXOTH:  # noqa: PTH116
                shutil.copyfile(original, f"{target}/{inside}")
                continue
            os.symlink(f"{_place(parent)}/{name}", f"{target}/{inside}")  # noqa: PTH211
            apart.setdefault(parent, []).append(name)
    alone = [f"/{names[0]}" if len(names) == 1 else "" for names in apart.values()]
    return {f"{parent}{name}": f"{_place(parent)}{name}" for parent, name in zip(apart, alone, strict=True)}


def _place(folder: str) -> str:
    """Where the sandbox shows a folder: never at its own path, which may be ``/tmp`` or a home."""
    import hashlib

    return f"{LINKED}/{hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]}"
