"""A home for the jobs of one suite, and nothing left of it."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shardr.local.home import Home

if TYPE_CHECKING:
    from collections.abc import Iterator

GIVEN_UP_SECONDS = 30
PAUSE_SECONDS = 0.02


@contextmanager
def temporary_home(*, settled_seconds: float) -> Iterator[Home]:
    """A home that is gone in the end, and has stayed away for so many seconds.

    Who watches over containers looks into the job store once more when their job is over, and that makes it anew.
    """
    folder = Path(tempfile.mkdtemp(prefix="shardr-conformance-")).resolve()
    try:
        yield Home(folder / "home")
    finally:
        began = away = time.monotonic()
        while (there := folder.exists()) or time.monotonic() - away < settled_seconds:
            if time.monotonic() - began > GIVEN_UP_SECONDS:
                break
            if there:
                shutil.rmtree(folder, ignore_errors=True)
                away = time.monotonic()
            time.sleep(PAUSE_SECONDS)
