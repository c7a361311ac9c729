"""A lock that a process holds for as long as it lives, however it ends: so others know whether it does."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def take(path: Path) -> int | None:
    """The lock of this file, to be closed by the caller; None while another process holds it. Makes the file."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def held(path: Path) -> bool:
    """Whether a process holds the lock of this file. Looks only: makes nothing."""
    if not path.exists():
        return False
    try:
        lock = take(path)
    except FileNotFoundError:  # its folder has gone just now
        return False
    if lock is not None:
        os.close(lock)
    return lock is None
