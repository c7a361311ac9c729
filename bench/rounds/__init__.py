"""Ways of doing one thing, timed in turn: what else the machine does meets them all alike."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def seconds_of(ways: dict[str, Callable[[], object]], repeats: int, pause: float = 0) -> dict[str, list[float]]:
    """The seconds of each way in each round; what goes first changes with each round."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(repeats + 1):
        for name in list(ways)[:: -1 if turn % 2 else 1]:
            time.sleep(pause)
            start = time.perf_counter()
            ways[name]()
            if turn:  # in the first round the interpreter and the disk become warm
                seconds[name].append(time.perf_counter() - start)
    return seconds


def compared(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """The ratio in the median round, and the median of each."""
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    return ratio, statistics.median(ours), statistics.median(theirs)
