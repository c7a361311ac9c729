"""Checkpoints: what a training that was interrupted goes on from. R: ``checkpoint.R``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shardr.errors import DataError
from shardr.runtime.instance import config_or_nothing, local, opt_ml, shard
from shardr.runtime.models import checked_name, json_text, whole

if TYPE_CHECKING:
    from pathlib import Path

READ = object()


def checkpoint(value: Any = READ, name: str = "checkpoint") -> Any:
    """Keeps a value where an interrupted training finds it again; without a value, gives what was kept, or None.

    A value is ``bytes``, or what JSON has: dicts, lists, text, numbers, true, false. Each instance has its own, under
    the name of its host, and each write takes the place of the one before as a whole. Copies go to the step's
    ``checkpoints``, from where the job that is resumed gets them back.

    >>> state = checkpoint(name="state") or {"epoch": 0}               # doctest: +SKIP
    >>> checkpoint({"epoch": state["epoch"] + 1}, "state")             # doctest: +SKIP
    {'epoch': 1}
    """
    checked_name(name, "the checkpoints")
    json_file, bytes_file = _file(f"{name}.json"), _file(f"{name}.bin")
    if value is READ:
        return _read(json_file, bytes_file)
    if value is None:
        raise DataError("value is None, which is no checkpoint", fix="leave it out to read what was kept")
    raw = isinstance(value, (bytes, bytearray, memoryview))
    path, other = (bytes_file, json_file) if raw else (json_file, bytes_file)
    content = bytes(value) if raw else json_text(value).encode()
    with whole(path) as partial:
        partial.write_bytes(content)
    other.unlink(missing_ok=True)
    return value


def _file(name: str) -> Path:
    kept = config_or_nothing("checkpointconfig.json").get("LocalPath")
    path = (local(kept) if kept else opt_ml("checkpoints")) / name
    return path.with_name(f"{shard().host}-{path.name}")


def _read(json_file: Path, bytes_file: Path) -> Any:
    # Interrupted between the two moves, both are there: the newer one counts.
    there = [path for path in (json_file, bytes_file) if path.exists()]
    if not there:
        return None
    path = max(there, key=lambda path: path.stat().st_mtime_ns)
    if path is bytes_file:
        return path.read_bytes()
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(
            f"{path} is no checkpoint", why=str(error), fix="remove it, here and where it is kept, to begin anew"
        ) from error
