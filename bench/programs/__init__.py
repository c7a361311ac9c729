"""What programs that measure themselves have measured, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def figures(words: Iterable[object], settings: Mapping[str, str] | None = None) -> list[float]:
    """The figures in the last line that a program prints; the settings are of its environment, beside this one's."""
    command = [str(word) for word in words]
    told = subprocess.run(command, env=os.environ | (settings or {}), stdout=subprocess.PIPE, text=True, check=True)
    return [float(figure) for figure in told.stdout.splitlines()[-1].split()]
