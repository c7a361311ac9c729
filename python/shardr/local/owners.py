"""What goes on when a job has ended: its run, or its execution of a pipeline, is taken further."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from shardr.local import runs
from shardr.local.pipelines.names import is_execution

if TYPE_CHECKING:
    from shardr.local.home import Home

NAP_SECONDS = 5


def advance(home: Home, owner: str) -> float | None:
    """Starts what has become ready; the moment at which there is more to do though no job ends, if there is one."""
    if not is_execution(owner):
        runs.advance(home, owner)
        return None
    from shardr.local.pipelines import advance as executions  # most jobs have no pipeline

    return executions.advance(home, owner)


def linger(home: Home, owner: str, due: float | None) -> None:
    """Waits for that moment and goes on, as long as there is one: the next attempt of a step is its last one's work."""
    while due is not None:
        time.sleep(min(NAP_SECONDS, max(0.0, due - time.time())))
        if not home.store.exists():  # all is gone, and to look into the store would make it anew
            return
        due = advance(home, owner)
