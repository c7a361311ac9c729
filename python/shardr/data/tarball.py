"""The members of a tar archive, read as they stream past: nothing is trusted, and nothing is written here."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardr.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Member", "Stream", "header", "members"]

_RECORD = 512
END = bytes(2 * _RECORD)
_EPOCH = 315_532_800
"""1 January 1980, the first day that a zip can have: tar complains of files of 1970."""
_MOST_EXTENDED = 1 << 20
"""Bytes of one extended header: a path has 4096, and these are held in memory."""
_KINDS = {
    tarfile.SYMTYPE: "a symbolic link", tarfile.LNKTYPE: "a hard link", tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device", tarfile.FIFOTYPE: "a FIFO", tarfile.GNUTYPE_SPARSE: "a sparse file",
}  # fmt: skip


@dataclass(frozen=True)
class Member:
    """What the archive says of a member; ``foreign`` says what it is when it is neither a file nor a folder."""

    name: str
    size: int
    folder: bool
    executable: bool
    foreign: str | None

    @property
    def parts(self) -> list[str]:
        """What its path is made of, without what names no folder."""
        return [part for part in self.name.split("/") if part not in {"", "."}]


class Stream:
    """Bytes in blocks of any size, taken in pieces of any size."""

    def __init__(self, blocks: Iterator[bytes], what: str) -> None:
        self._blocks, self._what = blocks, what
        self._rest = memoryview(b"")
        self.taken = 0

    def some(self, most: int) -> memoryview:
        """The next bytes, at least one and at most so many; raises ``DataError`` where there is none."""
        if not self._rest:
            self._rest = memoryview(next(self._blocks, b""))
            if not self._rest:
                raise damaged(self._what, "it ends in the middle of a member")
        piece, self._rest = self._rest[:most], self._rest[most:]
        self.taken += len(piece)
        return piece

    def read(self, count: int) -> bytes:
        """Exactly so many bytes."""
        piece = bytes(self.some(count)) if count else b""
        while len(piece) < count:
            piece += self.some(count - len(piece))
        return piece

    def pieces(self, count: int) -> Iterator[memoryview]:
        """Exactly so many bytes, as they lie in memory, and after them what fills the member's last record."""
        left = count
        while left:
            piece = self.some(left)
            left -= len(piece)
            yield piece
        self.read(-count % _RECORD)

    @property
    def over(self) -> bool:
        """Whether no byte is left."""
        if not self._rest:
            self._rest = memoryview(next(self._blocks, b""))
        return not self._rest


def damaged(what: str, why: str) -> DataError:
    """The error of an archive that cannot be read on."""
    return DataError(f"{what} is no whole tar archive", why=why, fix="make it again, or fetch it again")


def members(stream: Stream, what: str) -> Iterator[Member]:
    """The members in their order, without extended headers, which are applied; the caller takes each one's bytes.

    Names that are not UTF-8 come with surrogates in them. Raises ``DataError`` where the archive cannot be read on.
    """
    extended: dict[str, str] = {}
    everywhere: dict[str, str] = {}
    while not stream.over:
        record = stream.read(_RECORD)
        if not any(record):
            return
        try:
            info = tarfile.TarInfo.frombuf(record, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise damaged(what, str(error)) from error
        if info.type in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE):
            if not 0 <= info.size <= _MOST_EXTENDED:
                raise damaged(what, f"an extended header says that it has {info.size} bytes")
            content = b"".join(stream.pieces(info.size))
            if info.type == tarfile.GNUTYPE_LONGNAME:
                extended["path"] = content.split(b"\0")[0].decode("utf-8", "surrogateescape")
            elif info.type != tarfile.GNUTYPE_LONGLINK:
                (extended if info.type == tarfile.XHDTYPE else everywhere).update(_records(content, what))
            continue
        yield _member(info, everywhere | extended, what)
        extended = {}


def _records(content: bytes, what: str) -> dict[str, str]:
    """The values of a PAX header, whose records are ``<length> <key>=<value>\\n``."""
    found: dict[str, str] = {}
    at = 0
    while at < len(content):
        digits, space, _ = content[at : at + 20].partition(b" ")
        end = at + int(digits) if digits.isdigit() and space else 0
        key, sign, value = content[at + len(digits) + 1 : max(end - 1, at)].partition(b"=")
        if not sign or content[end - 1 : end] != b"\n":
            raise damaged(what, "an extended header is not as PAX has it")
        found[key.decode("utf-8", "surrogateescape")] = value.decode("utf-8", "surrogateescape")
        at = end
    return found


def _member(info: tarfile.TarInfo, extended: dict[str, str], what: str) -> Member:
    size = extended.get("size", str(info.size))
    if not (size.isascii() and size.isdigit() and len(size) <= 20):
        raise damaged(what, f"a member says that it has {size[:20]} bytes")
    name = extended.get("path", info.name)
    folder = info.isdir() or (name.endswith("/") and info.isreg())
    foreign = _KINDS.get(info.type)
    if foreign is None and any(key.startswith("GNU.sparse") for key in extended):
        foreign = "a sparse file"
    if foreign is None and info.type not in tarfile.SUPPORTED_TYPES:
        foreign = f"of the unknown type {info.type!r}"
    # links and devices may say a size, and have no bytes
    empty = info.type in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
    return Member(name, 0 if empty else int(size), folder, bool(info.mode & 0o100), foreign)


def header(name: str, size: int, *, executable: bool) -> bytes:
    """What stands before a plain file: the same for the same file, whoever wrote it and when."""
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, _EPOCH, 0o755 if executable else 0o644
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def filling(size: int) -> bytes:
    """What fills the last record of a member of this size."""
    return bytes(-size % _RECORD)
