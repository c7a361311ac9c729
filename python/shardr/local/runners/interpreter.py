"""The Python that runs what shardr starts."""

from __future__ import annotations

import sys
from pathlib import Path


def python() -> str:
    """This interpreter's program; inside R ``sys.executable`` may be R itself.

    A supervisor runs without ``site``, so that its prefix is not that of the environment: there the program tells.
    """
    inside = Path(sys.prefix, "bin", "python3")
    named = Path(sys.executable or "").name.startswith("python")
    return sys.executable if named or not inside.exists() else str(inside)
