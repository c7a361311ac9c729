"""A folder with a Dockerfile: what its image is called and begins with, and what of the folder the daemon gets."""

from __future__ import annotations

import io
import os
import re
import tarfile
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import IO, TYPE_CHECKING

from shardr.errors import ImageError
from shardr.local.docker.daemon import not_ignored
from shardr.local.docker.names import fitting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMED = "# Use it in a spec: image: "
"""How a line of a Dockerfile begins that says what the image is called; whoever wants another name writes it there."""
LARGE = 500_000_000
"""Bytes from which on it is told what is sent."""
FROM_OUTSIDE = ".Dockerfile.of-shardr"


@dataclass(frozen=True)
class Folder:
    """What a build is made of."""

    path: Path
    file: Path
    """The Dockerfile, in the folder or elsewhere."""

    @cached_property
    def text(self) -> str:
        """The Dockerfile."""
        return self.file.read_text(encoding="utf-8", errors="replace")

    @property
    def name(self) -> str:
        """What the Dockerfile calls its image, else a name like the folder's."""
        told = re.search(rf"^{NAMED} *(\S+)", self.text, re.MULTILINE)
        return told[1] if told else fitting(self.path.resolve().name)

    @property
    def bases(self) -> list[str]:
        """The images that ``FROM`` names, but for those that only the daemon can know: arguments, other platforms."""
        code = "\n".join(line for line in self.text.splitlines() if not line.lstrip().startswith("#"))
        code = re.sub(r"\\[ \t]*\n", " ", code)  # or a line of a longer step might look like a FROM
        found, stages = [], {"scratch"}
        for words in re.findall(r"^[ \t]*FROM[ \t]+(.+)$", code, re.IGNORECASE | re.MULTILINE):
            image, *alias = words.split()
            if image.lower() not in stages and "$" not in image and not image.startswith("--"):
                found.append(image)
            stages |= {word.lower() for word in alias[1:2]}
        return list(dict.fromkeys(found))

    @property
    def dockerfile(self) -> str:
        """The Dockerfile's name in the build."""
        here, file = (os.path.abspath(path) for path in (self.path, self.file))  # noqa: PTH100 # links stay links
        inside = os.path.relpath(file, here)
        return FROM_OUTSIDE if inside.startswith("..") else inside

    @cached_property
    def files(self) -> dict[str, int]:
        """What the ignore file leaves of the folder, and the size of each in bytes, in order."""
        own = self.file.with_name(f"{self.file.name}.dockerignore")
        ignore = own if own.is_file() else self.path / ".dockerignore"
        with _told(self.path):
            lines = ignore.read_text(encoding="utf-8").splitlines() if ignore.is_file() else []
            patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
            names = not_ignored(self.path, patterns, self.dockerfile)
            return {name: os.lstat(self.path / name).st_size for name in sorted(names)}

    @property
    def burden(self) -> str | None:
        """What to know of a folder that is large to send."""
        total = sum(self.files.values())
        if total <= LARGE:
            return None
        largest = sorted((name for name, size in self.files.items() if size * 50 > total), key=self.files.__getitem__)
        named = ", ".join(f"{name} ({_size(self.files[name])})" for name in reversed(largest[-3:]))
        where = f"most of it {named}" if named else f"in {len(self.files):,} files"
        return (
            f"{_size(total)} are sent to the Docker daemon, {where};"
            " a line in .dockerignore keeps out what the image does not need"
        )

    @contextmanager
    def packed(self) -> Iterator[IO[bytes]]:
        """What the daemon gets: files that any user of the image may read, and none of this machine's owners."""
        with tempfile.TemporaryFile(prefix="shardr-") as target:
            with _told(self.path), tarfile.open(fileobj=target, mode="w") as archive:
                for name in self.files:
                    archive.add(self.path / name, name, recursive=False, filter=_plain)
                if self.dockerfile == FROM_OUTSIDE:
                    entry = tarfile.TarInfo(FROM_OUTSIDE)
                    entry.size = len(self.file.read_bytes())
                    archive.addfile(entry, io.BytesIO(self.file.read_bytes()))
            target.seek(0)
            yield target


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if not (entry.isreg() or entry.isdir() or entry.issym() or entry.islnk()):
        return None  # a pipe, a device
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode |= 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
    return entry


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        where = getattr(error, "filename", None) or folder
        raise ImageError(
            f"{os.fspath(where)} cannot be read", why=getattr(error, "strerror", None) or str(error),
            fix="make it readable, or name it in .dockerignore",
        ) from error  # fmt: skip
