"""The 10 nearest rows of each of 50,000 × 256, by the cosine example, against plain numpy; and two instances of it.

    python bench/cosine.py [rows]

Each is a process of its own with two processors, or one, and they take turns; the lower time counts. The plain program
is numpy's product of a block with all rows, then argpartition over these whole rows; it works on a part of the rows.
Reading the matrix is not counted. An instance of two has one thread, and so has the one that they are compared with.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "inst" / "examples" / "cosine-similarity"
ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
COLUMNS, REPEATS = 256, 3

OURS = """
import sys, time; sys.path.insert(0, sys.argv[1])
import numpy as np
import cosine
matrix, rank, size, threads = np.load(sys.argv[2]), *map(int, sys.argv[3:6])
print("ready", flush=True); sys.stdin.readline()
start = time.perf_counter()
unit = cosine.directions(matrix)
rows = range(rank * len(unit) // size, (rank + 1) * len(unit) // size)
found = cosine.top_k(unit, rows, 10, 512, threads)
print(time.perf_counter() - start)
"""
PLAIN = """
import sys, time
import numpy as np
matrix = np.load(sys.argv[2]); part = max(1, len(matrix) // 5)
print("ready", flush=True); sys.stdin.readline()
start = time.perf_counter()
unit = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-30)
once = time.perf_counter() - start
for first in range(0, part, 512):
    block = unit[first : min(first + 512, part)] @ unit.T
    block[np.arange(len(block)), first + np.arange(len(block))] = -np.inf
    nearest = np.argpartition(block, -10, axis=1)[:, -10:]
    values = np.take_along_axis(block, nearest, axis=1)
    order = np.argsort(-values, axis=1)
    nearest, values = np.take_along_axis(nearest, order, axis=1), np.take_along_axis(values, order, axis=1)
print(once + (time.perf_counter() - start - once) * len(matrix) / part)
"""


def seconds(program: str, matrix: Path, *instances: tuple[int, int, int], blas: int) -> float:
    """The time of the slowest of the processes, all started at the same moment."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": str(blas)}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, EXAMPLE, matrix, *map(str, instance)],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for instance in instances
    ]  # fmt: skip
    assert all(one.stdout and one.stdout.readline() for one in running)
    for one in running:
        assert one.stdin
        one.stdin.write("\n")
        one.stdin.flush()
    told = [one.communicate()[0] for one in running]
    assert all(one.returncode == 0 for one in running)
    return max(map(float, told))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, EXAMPLE / "generate.py", folder, "--rows", str(ROWS), "--columns", str(COLUMNS)],
            check=True,
        )
        matrix = Path(folder) / "matrix.npy"
        turns = [
            (
                seconds(PLAIN, matrix, (0, 1, 2), blas=2),
                seconds(OURS, matrix, (0, 1, 2), blas=1),
                seconds(OURS, matrix, (0, 1, 1), blas=1),
                seconds(OURS, matrix, (0, 2, 1), (1, 2, 1), blas=1),
            )
            for _ in range(REPEATS)
        ]
    plain, ours, one, two = (min(times) for times in zip(*turns, strict=True))
    what = f"10 nearest of {ROWS} x {COLUMNS}"
    print(f"{what}: {plain / ours:.2f} x numpy with argpartition ({ours:.1f} vs {plain:.1f} s) target >= 2")
    print(f"{what}, two instances: {one / two:.2f} x one ({two:.1f} vs {one:.1f} s, a thread each) target >= 1.8")


if __name__ == "__main__":
    main()
