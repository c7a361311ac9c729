"""Work on many pieces by a thread for each core, and what becomes of them in their order."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def own_threads() -> None:
    """From now on what is imported for linear algebra has one thread: the threads of ``ordered`` share the cores."""
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def ordered(work: Callable[[int, Any], Any], pieces: Iterable[Any]) -> Iterator[Any]:
    """What the work makes of the number of a piece and the piece; no more are under way than two for each core.

    All work has the same threads, so it may not wait for other work. What no thread has begun when it is wanted is done
    by the one that wants it: where cores are busy, nobody waits for a thread to be woken.
    """
    waiting: deque[tuple[Future[Any], int, Any]] = deque()

    def first() -> Any:
        future, number, piece = waiting.popleft()
        return work(number, piece) if future.cancel() else future.result()

    try:
        for number, piece in enumerate(pieces):
            waiting.append((_threads().submit(work, number, piece), number, piece))
            if len(waiting) > 2 * _cores():
                yield first()
        while waiting:
            yield first()
    finally:
        for left, *_ in waiting:  # of work that failed, or that nobody wants the rest of
            left.cancel()


@lru_cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_cores())


@lru_cache
def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
