"""A server of the test's own home, and clients that find it as any other program would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

import shardr

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from shardr.local.serving import Served

SHARDR = str(Path(sys.executable).with_name("shardr"))


@contextmanager
def serving(**how: Any) -> Iterator[Served]:
    """A server in the background, ended afterwards."""
    try:
        yield shardr.serve(**how)
    finally:
        shardr.serve_stop()


def find(patch: pytest.MonkeyPatch, served: Served) -> None:
    """Sets in this process what the server says."""
    for name in served.cleared:
        patch.delenv(name, raising=False)
    for name, value in served.environment.items():
        patch.setenv(name, value)
    patch.setattr(boto3, "DEFAULT_SESSION", None)


def shell(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a shell printed that has ``shardr`` on its path."""
    path = os.pathsep.join([str(Path(SHARDR).parent), os.environ["PATH"]])
    return subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "PATH": path, **environment},
        check=False,
        capture_output=True,
        text=True,
    )


def processes(word: str) -> list[tuple[int, str]]:
    """Living processes whose words have this one in them: their ids and all their words."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if re.search(word, words):
            found.append((int(folder.name), words))
    return found
