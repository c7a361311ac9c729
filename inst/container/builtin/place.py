"""Where the instance has its files, and how it says that it failed."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any


class UserError(Exception):
    """What the user can put right: the message is the job's failure reason."""


def opt_ml(*parts: str) -> Path:
    """A path below ``/opt/ml``, or below what stands for it on this machine."""
    return Path(os.environ.get("SHARDR_BASE_DIR") or "/opt/ml", *parts)


def config(name: str) -> dict[str, Any]:
    """A file of the job's configuration; empty where the job has none of the name."""
    path = opt_ml("input", "config", name)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def hosts() -> tuple[str, list[str]]:
    """This host, and all of them in bytewise order."""
    found = config("resourceconfig.json")
    current = str(found.get("current_host", "algo-1"))
    return current, sorted(map(str, found.get("hosts", [current])), key=str.encode)


def failed(reason: str) -> None:
    """Leaves the reason where the service reads it, and in the log."""
    say(reason)
    with suppress(OSError):  # without a folder of the job's the log is all there is
        opt_ml("output").mkdir(parents=True, exist_ok=True)
        opt_ml("output", "failure").write_text(reason, encoding="utf-8")


def say(text: str) -> None:
    """A line in the job's log, at once."""
    print(text, flush=True)


def write(path: Path, content: bytes) -> None:
    """All of a file or nothing: whoever copies it meanwhile never finds half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_name(f".{path.name}.sagemaker-ignore")
    hidden.write_bytes(content)
    hidden.replace(path)


def inside(path: str) -> Path:
    """A folder of the job's configuration, which is written as a container sees it."""
    return opt_ml(path[len("/opt/ml/") :]) if path.startswith("/opt/ml/") else Path(path)
