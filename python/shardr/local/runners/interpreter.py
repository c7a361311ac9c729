"""The Python that runs what shardr starts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

BOOT = (
    "import json, sys; given = json.loads(sys.stdin.readline()); sys.path[:] = given.pop('sys_path');"
    "from importlib import import_module; import_module(given.pop('main')).main(**given)"
)


def python() -> str:
    """This interpreter's program; inside R ``sys.executable`` may be R itself.

    A supervisor runs without ``site``, so that its prefix is not that of the environment: there the program tells.
    """
    inside = Path(sys.prefix, "bin", "python3")
    named = Path(sys.executable or "").name.startswith("python")
    return sys.executable if named or not inside.exists() else str(inside)


def module(main: str, given: Mapping[str, Any]) -> tuple[list[str], bytes]:
    """The command that runs the ``main`` of a module of ours as a process, and the line on its stdin for that.

    The line tells what is given, and where modules are: nothing of it stands on the command line, which any user may
    read, and nothing of the user's site is looked at.
    """
    told = {"main": main, **given, "sys_path": [path for path in sys.path if path]}
    return [python(), "-I", "-S", "-c", BOOT], json.dumps(told).encode() + b"\n"
