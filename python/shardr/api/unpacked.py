"""An output that is one archive, as training makes it, is the files in it."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from shardr.data.gathering import written
from shardr.errors import DataError
from shardr.local.home import Home

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ARCHIVES = frozenset({"model.tar.gz", "output.tar.gz"})
"""What the service calls the files of all hosts below /opt/ml/model and /opt/ml/output/data."""


def unpacked(files: Sequence[Path]) -> list[Path]:
    """The files themselves, or what is in them when they are one model.tar.gz or output.tar.gz, in bytewise order.

    As in a folder, names that start with a dot do not count. Raises ``DataError`` for an archive that cannot be trusted
    or has no file.
    """
    if len(files) != 1 or files[0].name not in ARCHIVES:
        return list(files)
    folder = folder_of(files[0])
    names = sorted(written(folder), key=os.fsencode)
    if not names:
        raise DataError(f"{files[0].absolute()} holds no files", fix="let the script write to the folder of the model")
    return [folder / name for name in names]


def folder_of(archive: Path) -> Path:
    """The folder with the files of an archive, which is unpacked once, into the home of this machine.

    The same file has the same place. Raises ``DataError`` for one that cannot be trusted.
    """
    archive = archive.absolute()
    about = archive.stat()
    known = f"{archive}\0{about.st_ino}\0{about.st_size}\0{about.st_mtime_ns}"
    folder = Home.default().root / "unpacked" / hashlib.sha256(os.fsencode(known)).hexdigest()[:32]
    if not folder.is_dir():
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _unpack(archive, folder)
    return folder


def _unpack(archive: Path, folder: Path) -> None:
    from shardr.data.archive import unpack

    try:
        unpack(archive, folder)
    except DataError:
        if not folder.is_dir():  # else another process was faster
            raise
