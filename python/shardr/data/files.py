"""Bytes from file to file at the speed of the disk, and files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shardr.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["copy_range", "system_reason", "workplace"]

_BLOCK_BYTES = 1 << 20
_KERNEL_CANNOT = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF)


@contextmanager
def workplace(folder: Path, *, make: bool = False) -> Iterator[Path]:
    """A hidden folder inside ``folder`` to write in; what is not moved out of it is gone at the end.

    Being on the same file system, finished files leave it by one rename. ``make`` makes ``folder``, but none above it.
    Raises DataError naming a folder that is not there, or with the system's reason when something cannot be written
    (no space left, no permission).
    """
    import tempfile

    try:
        needed = folder.parent if make else folder
        if not needed.is_dir():
            raise DataError(f"There is no folder {needed}", fix="make it first, or mend the path")
        if make:
            folder.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".shardr-") as name:
            yield Path(name)
    except OSError as err:
        raise DataError(f"Cannot write in {folder}", why=system_reason(err)) from err


def system_reason(err: OSError) -> str:
    """What the system says is wrong, in its own few words."""
    return os.strerror(err.errno) if err.errno else str(err)


def copy_range(source: int, target: int, offset: int, count: int) -> None:
    """Append ``count`` bytes of an open file, from ``offset`` on, to another, without passing through Python.

    Where the kernel cannot copy between these two files, through memory in blocks. Stops early at the end of the file.
    """
    end = offset + count
    if hasattr(os, "copy_file_range"):
        try:
            while offset < end:
                done = os.copy_file_range(source, target, end - offset, offset_src=offset)
                if not done:
                    break
                offset += done
        except OSError as err:
            if err.errno not in _KERNEL_CANNOT:
                raise
    while offset < end and (block := os.pread(source, min(_BLOCK_BYTES, end - offset), offset)):
        offset += _write_all(target, block)


def _write_all(target: int, block: bytes) -> int:
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(target, rest) :]
    return len(block)
