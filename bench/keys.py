"""A million keys over 100 instances: time and memory of the assignment.

python bench/keys.py [keys]
"""

from __future__ import annotations

import resource
import sys
import time
from typing import TYPE_CHECKING

from shardr.data.keys import assign, balance

if TYPE_CHECKING:
    from collections.abc import Callable

KEYS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
INSTANCES, REPEATS, TARGET = 100, 3, "target <= 1"


def seconds(action: Callable[[], object]) -> float:
    """The lowest time of the repeats."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    keys = [f"data/part-{k * 7919 % KEYS:07d}.csv" for k in range(KEYS)]
    what = f"{KEYS} keys over {INSTANCES} instances"
    print(f"{what}, assigned: {seconds(lambda: assign(keys, INSTANCES)):.2f} s ({REPEATS} runs) {TARGET}")
    print(f"{what}, permuted: {seconds(lambda: assign(keys, INSTANCES, permute=7)):.2f} s ({REPEATS} runs) {TARGET}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what}, memory: {peak:.0f} MB (the whole process, keys included) target <= 300")
    sizes = [(key, k * 104729 % 1_000_003) for k, key in enumerate(keys)]
    print(f"{what}, balanced: {seconds(lambda: balance(sizes, INSTANCES)):.2f} s ({REPEATS} runs) no target")


if __name__ == "__main__":
    main()
