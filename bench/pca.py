"""The components of 5,000,000 × 50 by the stand-in for SageMaker's PCA, from recordIO, against scikit-learn's.

    python bench/pca.py [rows]

scikit-learn's IncrementalPCA gets the rows in memory, and of its own batch and one of 10,000 rows the better counts.
The floor is what nobody can do without: the file read once, and its rows, also from memory, made double and multiplied
by themselves, by a thread for each core. All take turns, each in a process of its own; the lower time counts.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from programs import figures

from shardr.recordio.encoding import encode

PROGRAMS = Path(__file__).parents[1] / "inst" / "container"
ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
COLUMNS, REPEATS = 50, 3

OURS = """
import mmap, sys, time
sys.path[:0] = [sys.argv[1] + "/pca", sys.argv[1] + "/builtin"]
import numpy as np, recordio, rows, training
given = {"feature_dim": 50, "num_components": 10, "algorithm_mode": "regular", "subtract_mean": True}
start = time.perf_counter()
with open(sys.argv[2], "rb") as file:
    content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
kept = training.summary(recordio.pieces(content, 50, rows.piece_rows(50), "rows"), given, 0)
found = training.components(kept, given)
print(time.perf_counter() - start)
np.save(sys.argv[3], found["v"][:, ::-1].T)
"""
FLOOR = """
import os, sys, time
from concurrent.futures import ThreadPoolExecutor
import numpy as np
matrix = np.load(sys.argv[2].replace("rows.pbr", "rows.npy"))
total = np.zeros((50, 50))
def product(first):
    part = matrix[first : first + 10_000].astype(np.float64)
    return part.T @ part
start = time.perf_counter()
held = bytearray(4 << 20)
with open(sys.argv[2], "rb", buffering=0) as file:
    while file.readinto(held):
        pass
with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
    for part in pool.map(product, range(0, len(matrix), 10_000)):
        total += part
print(time.perf_counter() - start)
"""
THEIRS = """
import sys, time
import numpy as np
from sklearn.decomposition import IncrementalPCA
matrix = np.load(sys.argv[2].replace("rows.pbr", "rows.npy"))
batch = int(sys.argv[4]) or None
part = matrix if batch else matrix[: len(matrix) // 10]  # its own batch is 250 rows
start = time.perf_counter()
found = IncrementalPCA(10, batch_size=batch).fit(part)
print((time.perf_counter() - start) * len(matrix) / len(part))
np.save(sys.argv[3], found.components_)
"""


def write(folder: Path) -> None:
    """The rows as a matrix and as recordIO."""
    draw = np.random.default_rng(1)
    turned = np.linalg.qr(draw.normal(size=(COLUMNS, COLUMNS)))[0].astype(np.float32)
    scales = (0.8 ** np.arange(COLUMNS)).astype(np.float32)
    matrix = np.lib.format.open_memmap(folder / "rows.npy", "w+", np.float32, (ROWS, COLUMNS))
    with (folder / "rows.pbr").open("wb") as file:
        for first in range(0, ROWS, 100_000):
            part = draw.standard_normal((min(100_000, ROWS - first), COLUMNS), np.float32) * scales @ turned + 3
            matrix[first : first + len(part)] = part
            file.write(encode(part).content)


def seconds(program: str, folder: Path, result: str, blas: int, batch: int = 0) -> float:
    words = [sys.executable, "-c", program, PROGRAMS, folder / "rows.pbr", folder / result, batch]
    return figures(words, {"OPENBLAS_NUM_THREADS": str(blas)})[0]


def main() -> None:
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        theirs = min(seconds(THEIRS, folder, "theirs.npy", blas, batch) for blas in {1, cores} for batch in (0, 10_000))
        turns = [(seconds(OURS, folder, "ours.npy", 1), seconds(FLOOR, folder, "floor.npy", 1)) for _ in range(REPEATS)]
        alike = np.abs(np.sum(np.load(folder / "ours.npy") * np.load(folder / "theirs.npy"), axis=1)).min()
    ours, floor = (min(times) for times in zip(*turns, strict=True))
    what = f"PCA of {ROWS} x {COLUMNS}"
    print(f"{what}: {theirs / ours:.1f} x IncrementalPCA ({ours:.2f} vs {theirs:.1f} s) target >= 8")
    print(f"{what}: {ours / floor:.2f} x a read and the product ({ours:.2f} vs {floor:.2f} s) target <= 1.5")
    print(f"{what}: cosine of a component and scikit-learn's at least {alike:.5f}")


if __name__ == "__main__":
    main()
