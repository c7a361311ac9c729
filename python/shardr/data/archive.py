"""Archives of models: the files of all instances as one .tar.gz, and the files of a .tar.gz that anybody made."""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING

from shardr.data.files import system_reason, workplace
from shardr.data.gathering import gathered, refuse_clashes, written
from shardr.data.gzipped import BLOCK_BYTES, GzipWriter, expanded
from shardr.data.tarball import END, Member, Stream, filling, header, members
from shardr.errors import DataError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shardr.data.gathering import Collision, Written

__all__ = ["pack", "unpack"]

MOST_BYTES = 100 * 2**30
MOST_FILES = 1_000_000
MOST_RATIO = 200
"""How many times its size an archive above ``FREE_BYTES`` may become: bombs have a thousand, models at most ten."""
FREE_BYTES = 10 * 2**30
_LONGEST_NAME, _LONGEST_PATH = 255, 1024  # bytes: of a file's name on Linux, of a key in S3
_SHOWN = 5
_WRITE_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def pack(
    folders: Mapping[str, Path], target: Path, rule: Collision | str = "error", *, compressed: bool = True
) -> list[str]:
    """One .tar.gz of the plain files in the folders of all hosts; the names in it, sorted bytewise.

    The same files give the same bytes, whatever their times and owners. A name that two hosts wrote is settled by
    ``rule`` or is a ``DataError``. Links, devices and folders without files are left out, a host without a folder has
    no files. With ``compressed=False``, ``target`` becomes a folder of the files, which are moved where that is
    possible. It appears whole or not at all. Raises ``DataError``.
    """
    files = {host: list(written(folder, hidden=True)) for host, folder in folders.items() if _is_folder(folder, host)}
    owners, clashes = gathered(files, rule, target.name.split(".")[0])
    refuse_clashes(clashes)
    if broken := [Problem(_shown(name), "is a name that is not UTF-8") for name in owners if not _is_utf8(name)]:
        raise DataError(f"{target.name} cannot hold all files", problems=broken[:_SHOWN], fix="give them other names")
    with workplace(target.parent) as place:
        whole = place / target.name
        if compressed:
            _write(owners, folders, whole)
        else:
            whole.mkdir()
            for name, (host, own) in owners.items():
                (whole / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.move(folders[host] / own, whole / name)
        whole.replace(target)
    return list(owners)


def _is_folder(folder: Path, host: str) -> bool:
    if folder.is_symlink():
        raise DataError(
            f"{host} made {folder.name} a symbolic link", why="links are not followed: they may lead anywhere",
            fix="write the files into the folder itself",
        )  # fmt: skip
    return folder.is_dir()


def _write(owners: Mapping[str, Written], folders: Mapping[str, Path], whole: Path) -> None:
    with whole.open("wb") as file, GzipWriter(file) as out:
        for name, (host, own) in owners.items():
            descriptor = os.open(folders[host] / own, _READ)
            with open(descriptor, "rb", buffering=0) as source:  # noqa: PTH123 - opened above, links refused
                about = os.fstat(descriptor)
                out.write(header(name, about.st_size, executable=bool(about.st_mode & stat.S_IXUSR)))
                left = about.st_size
                while left and (block := source.read(min(left, BLOCK_BYTES))):
                    left -= len(block)
                    out.write(block)
            if left:
                raise DataError(f"{own} of {host} became shorter while it was packed", fix="let its writer end first")
            out.write(filling(about.st_size))
        out.write(END)


def unpack(archive: Path, to: Path, *, max_bytes: int = MOST_BYTES) -> list[str]:
    """The files of a .tar.gz in the new folder ``to``; their names, sorted bytewise.

    Each member is checked before a byte of it is written: links, devices and FIFOs, absolute names and ``..``, names
    that are too long or not UTF-8, names that come twice, and sizes that together pass ``max_bytes``, the free space of
    the disk, or what an honest archive of this size can hold, are refused. ``to`` appears whole or not at all. Files
    belong to the caller and keep of their rights whether they can be run.

    Raises ``DataError`` with the first problems and their number, and for an archive that is damaged.
    """
    if to.is_symlink() or (to.exists() and (not to.is_dir() or any(to.iterdir()))):
        raise DataError(f"{to} is there already", fix="name a new folder")
    try:
        with archive.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise DataError(f"{archive} cannot be read", why=system_reason(error)) from error
    with workplace(to.parent) as place:
        check = _Check(archive, _limits(size, max_bytes, shutil.disk_usage(place).free))
        whole = place / "whole"
        whole.mkdir()
        blocks = expanded(archive)
        try:
            _extract(Stream(blocks, str(archive)), check, whole)
        except DataError:
            check.done()  # what cannot be trusted is told before what cannot be read
            raise
        finally:
            blocks.close()  # type: ignore[attr-defined]
        whole.replace(to)
    return sorted(check.files, key=os.fsencode)


def _extract(stream: Stream, check: _Check, whole: Path) -> None:
    """Writes the members until one is refused; from then on only looks, so that all problems are told at once."""
    made: set[str] = {""}
    for member in members(stream, str(check.archive)):
        name = check.name(member, stream.taken)
        pieces = stream.pieces(member.size)
        if name is None or check.count:
            for _ in pieces:
                pass
            continue
        above = name if member.folder else name.rpartition("/")[0]
        if above not in made:
            os.makedirs(f"{whole}/{above}", exist_ok=True)  # noqa: PTH103 - there can be very many
            made.add(above)
        if not member.folder:
            descriptor = os.open(f"{whole}/{name}", _WRITE_NEW, 0o755 if member.executable else 0o644)
            try:
                for piece in pieces:
                    _write_all(descriptor, piece)
            finally:
                os.close(descriptor)
    while not stream.over:  # what follows the end is not ours, but the sum of all bytes stands behind it
        stream.some(BLOCK_BYTES)
        check.within(stream.taken)
    check.done()


def _write_all(descriptor: int, piece: memoryview) -> None:
    while piece:
        piece = piece[os.write(descriptor, piece) :]


def _limits(size: int, max_bytes: int, free: int) -> dict[int, str]:
    honest = max(FREE_BYTES, MOST_RATIO * size)
    return {
        honest: f"no honest archive of {size} bytes holds more than {honest}",
        free: f"the disk has room for {free} bytes",
        max_bytes: f"the limit is {max_bytes} bytes: max_bytes",
    }


class _Check:
    """What was seen of an archive so far, and what is wrong with it."""

    def __init__(self, archive: Path, limits: dict[int, str]) -> None:
        self.archive = archive
        self.files: set[str] = set()
        self.count = 0
        self._folders: set[str] = {""}
        self._problems: list[Problem] = []
        self._most = min(limits)
        self._why = limits[self._most]

    def name(self, member: Member, taken: int) -> str | None:
        """Where a member goes, below the folder; None where it must not go anywhere or is the folder itself."""
        self.within(taken + member.size)
        parts = member.parts
        name = "/".join(parts)
        wrong = self._wrong(member, parts, name)
        if wrong:
            self.count += 1
            if self.count <= _SHOWN:
                self._problems.append(Problem(_shown(member.name), wrong))
            return None
        above = name if member.folder else name.rpartition("/")[0]
        while above not in self._folders:
            self._folders.add(above)
            above = above.rpartition("/")[0]
        if not member.folder:
            self.files.add(name)
        if len(self.files) + len(self._folders) > MOST_FILES:
            self._stop(f"it has more than {MOST_FILES} files and folders")
        return name or None

    def _wrong(self, member: Member, parts: list[str], name: str) -> str | None:
        if member.foreign:
            return f"is {member.foreign}"
        if member.name.startswith("/"):
            return "is an absolute name"
        if ".." in parts:
            return "leads out of the folder"
        if "\0" in name or not _is_utf8(name):
            return "is a name that is not UTF-8" if "\0" not in name else "has a zero byte in its name"
        encoded = name.encode()
        if len(encoded) > _LONGEST_PATH or any(len(part) > _LONGEST_NAME for part in encoded.split(b"/")):
            return f"is a name that is too long: {_LONGEST_NAME} bytes, {_LONGEST_PATH} with its folders"
        if member.folder:
            if member.size:
                return "is a folder with content"
            above = name
        else:
            if not parts:
                return "is a file without a name"
            if name in self.files:
                return "comes twice"
            if name in self._folders:
                return "is a file and a folder"
            above = name.rpartition("/")[0]
        while above not in self._folders:
            if above in self.files:
                return f"lies below {_shown(above)}, which is a file"
            above = above.rpartition("/")[0]
        return None

    def within(self, size: int) -> None:
        """Raises where the archive is larger than it may be."""
        if size > self._most:
            self._stop(self._why)

    def _stop(self, why: str) -> None:
        raise DataError(
            f"{self.archive} holds too much to be unpacked", why=why,
            fix="raise the limit, or unpack it by hand on a larger disk, if you trust who made it",
        )  # fmt: skip

    def done(self) -> None:
        """Raises what was found, when all has been looked at."""
        if self.count:
            more = f", of which the first {_SHOWN} are" if self.count > _SHOWN else ""
            raise DataError(
                f"{self.archive} is not unpacked: {self.count} of its members cannot be trusted{more}",
                problems=self._problems, fix="pack plain files and folders only, by names relative to the folder",
            )  # fmt: skip


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(name: str) -> str:
    """A name as it can be printed."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text if len(text) <= 100 else f"{text[:60]}…{text[-30:]}"
