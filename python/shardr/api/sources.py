"""From what a spec says about its data to where that data lies: paths, globs, manifests, ``s3://``."""

from __future__ import annotations

import glob
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from shardr.engines.base import Deposit
from shardr.errors import DataError, Problem
from shardr.requests.placed import Placed
from shardr.spec.parts import Manifest
from shardr.spec.problems import file_you_mean
from shardr.storage.local import Listing, list_files
from shardr.storage.uris import split_uri

if TYPE_CHECKING:
    from shardr.engines.base import Engine
    from shardr.storage.objects import Objects

MANY = 100_000
"""Above this many files they are not looked at one by one before the run starts."""


@dataclass(frozen=True)
class Located:
    """Where a source lies, which objects it has, and what must be put in place for it."""

    placed: Placed
    listing: Objects
    deposits: list[Deposit] = field(default_factory=list)


class NotLocatedError(Exception):
    """A source that cannot be used, as a problem without its place."""

    def __init__(self, message: str, fix: str | None = None) -> None:
        super().__init__(message)
        self.message, self.fix = message, fix

    def at(self, path: str) -> Problem:
        """The problem with its place."""
        return Problem(path, self.message, self.fix)


def place_of(text: str, base: Path) -> Path:
    """The file or folder that a path of a spec means; a relative one starts from ``base``."""
    return Path(os.path.normpath(base / Path(text).expanduser()))


def not_there(text: str, path: Path) -> NotLocatedError:
    """The error of a text that means a path where nothing is, with what lies beside it under a like name."""
    near = file_you_mean(path.name, os.listdir(path.parent) if path.parent.is_dir() else [])  # noqa: PTH208
    return NotLocatedError(f'"{text}" is not there{near}', fix=f"looked for {path}")


def locate(source: str | Manifest, base: Path, engine: Engine) -> Located:
    """Finds the objects of a source; relative paths start from ``base``. Raises ``NotLocatedError``."""
    if isinstance(source, Manifest):
        return _manifest(source.manifest, base, engine)
    if source.startswith("s3://"):
        return _checked(Located(Placed(source, "S3Prefix"), engine.listing(source)), source)
    path = place_of(source, base)
    if path.is_dir():
        keys = list_files(path)
        uri = engine.input_uri(path, keys)
        return _checked(Located(Placed(uri, "S3Prefix"), Listing(path, keys), [Deposit(uri, path=path)]), source)
    if path.exists():
        if source.endswith("/"):
            raise NotLocatedError(f'"{source}" is a file, not a folder')
        uri = engine.input_uri(path)
        found = Located(Placed(uri, "S3Prefix"), Listing(path.parent, [path.name]), [Deposit(uri, path=path)])
        return _checked(found, source)
    if glob.has_magic(source):
        return _checked(_glob(path, engine), source)
    raise not_there(source, path)


def require_folder(found: Located, source: str) -> None:
    """Raises ``NotLocatedError`` where the objects lie in no folder: mode FastFile shows one as it is."""
    name = split_uri(found.placed.uri)[1].rpartition("/")[2]
    if not name or all(key.startswith(f"{name}/") for key in found.listing.keys):
        return
    if found.listing.keys != [name]:
        what = f'"{source}" is no folder but how names begin, and FastFile shows what lies in a folder'
        raise NotLocatedError(what, "name a folder, with a slash at its end, or take input_mode File")
    folder = source[: source.rfind("/") + 1] or "./"
    what = f'"{source}" is one file, and FastFile shows what lies in a folder'
    raise NotLocatedError(what, f'name its folder, "{folder}", or take input_mode File')


def kept_manifest(engine: Engine, prefix: str, keys: list[str]) -> Deposit:
    """A manifest of keys below a URI, at a place that is the same for the same text: caches compare addresses."""
    content = json.dumps([{"prefix": prefix}, *keys]).encode()
    return Deposit(engine.kept_uri("manifests", content, "objects.manifest"), content=content)


def _glob(pattern: Path, engine: Engine) -> Located:
    """A manifest of the files that match, below the last folder that is spelled out."""
    parts = pattern.parts
    fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    base = Path(*parts[:fixed])
    matches = sorted(base.glob("/".join(parts[fixed:])) if base.is_dir() else [])
    keys = sorted((m.relative_to(base).as_posix() for m in matches if m.is_file()), key=os.fsencode)
    keys = [key for key in keys if not any(part.startswith(".") for part in key.split("/"))]
    uri = engine.input_uri(base, keys) if base.is_dir() else ""
    manifest = kept_manifest(engine, uri, keys)
    deposits = [Deposit(uri, path=base, keys=tuple(keys)), manifest]
    return Located(Placed(manifest.uri, "ManifestFile"), Listing(base, keys), deposits)


def _manifest(source: str, base: Path, engine: Engine) -> Located:
    """A manifest at a URI as it is; one in a file may have a folder of this machine as its prefix."""
    if source.startswith("s3://"):
        try:
            return _checked(Located(Placed(source, "ManifestFile"), engine.manifest(source)), source)
        except DataError as error:
            raise NotLocatedError(error.what, error.fix) from error
    path = place_of(source, base)
    try:
        head, *keys = json.loads(path.read_text(encoding="utf-8"))
        prefix = str(head["prefix"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise NotLocatedError(
            f'"{source}" is not a readable manifest: {error}',
            fix='expected [{"prefix": "s3://bucket/folder/ or a folder"}, "a.csv", "b.csv"]',
        ) from error
    deposits = []
    listing: Objects
    if not prefix.startswith("s3://"):
        folder = place_of(prefix, path.parent)
        if not folder.is_dir():
            raise NotLocatedError(f'"{source}" has the prefix "{prefix}", which is not a folder')
        listing = Listing(folder, sorted(keys, key=os.fsencode))
        if (problem := listing.unreadable()) is not None:
            raise NotLocatedError(f'"{source}" names {problem[0]}, which is not there')
        prefix = engine.input_uri(folder, listing.keys)
        deposits.append(Deposit(prefix, path=folder, keys=tuple(listing.keys)))
    else:
        try:
            listing = engine.named(prefix, keys)
        except DataError as error:
            raise NotLocatedError(error.what, error.fix) from error
    manifest = kept_manifest(engine, prefix, keys)
    return _checked(Located(Placed(manifest.uri, "ManifestFile"), listing, [*deposits, manifest]), source)


def _checked(found: Located, source: str) -> Located:
    """The same when it has objects that can be read."""
    if not found.listing.known:
        return found
    if not found.listing.keys:
        more = f"; {found.listing.lacking}" if found.listing.lacking else ""
        raise NotLocatedError(f'"{source}" matches no file', fix=f"looked in {found.listing.base}{more}")
    if len(found.listing.keys) <= MANY:
        problem = found.listing.unreadable()
        if problem is not None:
            path, there = problem
            verb, told = ("has the file", "which you may not read") if there else ("names", "which is not there")
            raise NotLocatedError(f'"{source}" {verb} {path}, {told}', fix=found.listing.lacking)
    return found
