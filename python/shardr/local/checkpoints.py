"""Checkpoints of a training job: on S3 before it starts, and there again whenever an instance has written one."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from shardr.data.gathering import written

if TYPE_CHECKING:
    from pathlib import Path


def restore(kept: Path, folder: Path) -> None:
    """Copies what an earlier attempt, or an earlier job, has left to where the script looks, which may change it."""
    if kept.is_dir():
        shutil.copytree(kept, folder, copy_function=shutil.copyfile, dirs_exist_ok=True)
        for above, _, names in os.walk(folder):
            os.chmod(above, 0o777)  # noqa: PTH101, S103 - whoever the image's user is
            for name in names:
                os.chmod(f"{above}/{name}", 0o666)  # noqa: PTH101, S103


class Mirror:
    """Takes the checkpoints of all instances to S3: what is new or changed, and what an instance has removed."""

    def __init__(self, folders: list[Path], kept: Path) -> None:
        self._folders, self._kept = folders, kept
        self._seen: dict[Path, dict[str, tuple[int, int]]] = {folder: _state(folder) for folder in folders}

    def sync(self) -> None:
        """One look; a file that is being written while it is copied is taken again at the next.

        Raises ``PermissionError`` for what is closed to us.
        """
        for folder in self._folders:
            now, before = _state(folder), self._seen[folder]
            for name in now.keys() - {name for name, state in before.items() if now.get(name) == state}:
                self._take(folder / name, self._kept / name)
            for name in before.keys() - now.keys():
                (self._kept / name).unlink(missing_ok=True)
            self._seen[folder] = now

    def _take(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        hidden = target.with_name(f".{target.name}.new")
        try:
            shutil.copyfile(source, hidden)
        except FileNotFoundError:  # it has just been replaced, and is taken next time
            hidden.unlink(missing_ok=True)
            return
        hidden.replace(target)


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for name in written(folder) if folder.is_dir() else ():
        try:
            about = os.stat(folder / name)  # noqa: PTH116
        except FileNotFoundError:
            continue
        found[name] = about.st_size, about.st_mtime_ns
    return found
