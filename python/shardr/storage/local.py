"""S3 on this machine: ``s3://bucket/key`` is the file ``<root>/bucket/key``.

What belongs to the user is not copied in: a folder or a file is linked under ``s3://shardr-local/linked/``. Names that
start with a dot do not exist here, so a file that is still being written can hide behind one.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardr.errors import DataError
from shardr.storage.digests import digest_of
from shardr.storage.objects import named_in, no_manifest
from shardr.storage.uris import split_uri

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BUCKET = "shardr-local"
ODD_PART = re.compile(r"(^|/)\.{0,2}(/|$)")
"""A part of a key that is empty, "." or "..": no file's name."""


@dataclass(frozen=True)
class Listing:
    """The objects that a prefix or a manifest names: relative keys, sorted bytewise, below one folder."""

    base: Path
    keys: list[str]
    known: bool = True
    folder: str = ""
    """The folder ``name/`` that a prefix without a final ``/`` spells out: what lies in it is seen without it."""
    lacking: str | None = None
    """What would let it be looked for at S3, too."""

    def name(self, key: str) -> str:
        """Where an instance finds the object below its channel."""
        return key.removeprefix(self.folder)

    def paths(self) -> Iterator[Path]:
        """The files behind the keys, in the same order."""
        return (self.base / key for key in self.keys)

    def sizes(self) -> list[tuple[str, int]]:
        """Each key with its size in bytes."""
        return [(key, (self.base / key).stat().st_size) for key in self.keys]

    def unreadable(self) -> tuple[str, bool] | None:
        """The first file that cannot be read and whether it is there; None when all can be."""
        for path in self.paths():
            if not path.exists():
                return os.fspath(path), False
            if not os.access(path, os.R_OK):
                return os.fspath(path), True
        return None


def linked_uri(path: Path) -> str:
    """The URI under which a file or folder of the user's is linked; the same path always gets the same one."""
    import hashlib

    absolute = os.path.abspath(path)  # noqa: PTH100 - a link must keep the name the user gave, not what it points to
    ending = "/" if path.is_dir() else ""
    digest = hashlib.sha256(os.fsencode(absolute)).hexdigest()[:12]
    return f"s3://{BUCKET}/linked/{digest}/{os.path.basename(absolute) or 'root'}{ending}"  # noqa: PTH119


class LocalStorage:
    """Lists, finds and puts objects by URI in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, uri: str) -> Path:
        """The file or folder behind a URI, whether or not it exists."""
        bucket, key = split_uri(uri)
        return self.root / bucket / key

    def list(self, prefix: str) -> Listing:
        """All objects whose URI starts with ``prefix``: a string prefix, as in S3, not a folder.

        Keys are relative to the prefix's last ``/``. What a prefix ``data/train`` finds in the folder ``data/train/``
        an instance sees without ``train/``, as clients rely on that upload to a folder and name it so.
        """
        bucket, key = split_uri(prefix)
        folder, _, start = key.rpartition("/")
        base = self.root / bucket / folder
        return Listing(base, list_files(base, start), folder=f"{start}/" if start else "")

    def manifest(self, uri: str) -> Listing:
        """The objects that a manifest names: ``[{"prefix": "s3://…"}, "key", …]``.

        Raises ``DataError`` when it is missing, not of that form, or names a file that is not there.
        """
        prefix, keys = named_in(self.read(uri), uri)
        return self.named(prefix, keys)

    def named(self, prefix: str, keys: Sequence[str]) -> Listing:
        """The objects of these keys; the service joins prefix and key as text: a prefix need not end at a folder.

        Raises ``DataError`` for a key that is no file's name.
        """
        if any(ODD_PART.search(key) for key in keys):
            raise DataError(f'{prefix}: a manifest lists keys without "." and ".." in them')
        bucket, start = split_uri(prefix)
        folder, _, head = start.rpartition("/")
        return Listing(self.root / bucket / folder, sorted((head + key for key in keys), key=os.fsencode))

    def read(self, uri: str) -> bytes:
        """The bytes of a manifest; raises ``DataError`` when it cannot be read."""
        try:
            return self.path(uri).read_bytes()
        except OSError as error:
            raise no_manifest(uri, error) from error

    def put(self, uri: str, content: bytes) -> None:
        """Writes an object; whoever reads sees all of it or none."""
        with _appearing(self.path(uri)) as hidden:
            hidden.write_bytes(content)

    def keep(self, file: Path) -> str:
        """The URI of a copy of a file, by its content: the same content is there once."""
        uri = f"s3://{BUCKET}/kept/{digest_of(file)}/{file.name}"
        path = self.path(uri)
        if not path.is_file():
            with _appearing(path) as hidden:
                shutil.copyfile(file, hidden)
        return uri

    def link(self, uri: str, target: Path) -> None:
        """Makes a file or folder of the user's appear at ``uri``."""
        with _appearing(self.path(uri.rstrip("/"))) as hidden:
            hidden.symlink_to(os.path.abspath(target))  # noqa: PTH100


@contextmanager
def _appearing(path: Path) -> Iterator[Path]:
    """Where to make what appears at ``path`` when it is whole; the folder around it is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    yield hidden
    hidden.replace(path)


def list_files(base: Path, start: str = "") -> list[str]:
    """Relative paths of all files below ``base`` that start with ``start``, sorted bytewise; dot names left out."""
    found: list[str] = []
    folders = [("", os.fspath(base))]
    seen: set[str] = set()
    while folders:
        above, folder = folders.pop()
        try:
            entries = os.scandir(folder)
        except (FileNotFoundError, NotADirectoryError):
            continue
        with entries:
            for entry in entries:
                key = above + entry.name
                if entry.name.startswith(".") or not (key.startswith(start) or start.startswith(key + "/")):
                    continue
                if not entry.is_dir():
                    if entry.is_file() or (entry.is_symlink() and not os.path.exists(entry.path)):  # noqa: PTH110
                        found.append(key)  # a link to nothing is told later, a pipe or a socket is no object
                elif not entry.is_symlink() or os.path.realpath(entry.path) not in seen:
                    if entry.is_symlink():
                        seen.add(os.path.realpath(entry.path))  # a link to a folder above would never end
                    folders.append((key + "/", entry.path))
    return sorted((key for key in found if key.startswith(start)), key=os.fsencode)
