"""The Python that runs what shardr starts."""

from __future__ import annotations

import sys
from pathlib import Path


def python() -> str:
    """This interpreter's program; inside R ``sys.executable`` may be R itself."""
    inside = Path(sys.prefix, "bin", "python3")
    return str(inside) if inside.exists() else sys.executable
