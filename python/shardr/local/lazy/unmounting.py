"""The end of a folder in which files were shown, by whoever tidies up after a job."""

from __future__ import annotations

import ctypes
import os
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DETACH = 2
"""The system's MNT_DETACH: at once for everybody who looks from now on, whoever still has something open."""


def unmount(folder: Path) -> None:
    """Takes down what is shown in a folder, be its process alive or not, and removes the folder."""
    with suppress(FileNotFoundError):
        if folder.name not in os.listdir(folder.parent):  # noqa: PTH208 - to look at a dead one itself is an error
            return
        if ctypes.CDLL(None).umount2(os.fsencode(folder), DETACH) != 0:  # not root, or nothing is shown
            with suppress(FileNotFoundError):
                subprocess.run(["fusermount3", "-u", "-z", "-q", str(folder)], check=False)
    with suppress(OSError):
        folder.rmdir()
