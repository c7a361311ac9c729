"""The clusters of 5,000,000 × 20 by the stand-in for SageMaker's K-means, from recordIO, against scikit-learn's.

    python bench/kmeans.py [rows] [k]

scikit-learn's MiniBatchKMeans gets the rows in memory, the same batches, and as many centres as are moved here, ten for
each cluster: it makes one pass, then KMeans makes few of its centres and their weights. The floor is the decoder alone:
the file is read once and all rows made float32 by a thread for each core. All take turns, each in a process of its own;
the lower time counts.
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
CLUSTERS = int(sys.argv[2]) if len(sys.argv) > 2 else 10
COLUMNS, BATCH, REPEATS = 20, 5000, 3

BEGIN = f"""
import mmap, resource, sys, time
sys.path[:0] = [sys.argv[1] + "/kmeans", sys.argv[1] + "/builtin"]
import numpy as np, recordio, rows
from ordered import ordered
k, width = int(sys.argv[4]), {COLUMNS}
def epoch(_):
    with open(sys.argv[2], "rb") as file:
        content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return recordio.pieces(content, width, rows.piece_rows(width), "rows")
"""
OURS = f"""{BEGIN}
import hyperparameters, lloyd, quality, sample, training
given = hyperparameters.read({{"feature_dim": str(width), "k": str(k), "mini_batch_size": "{BATCH}"}})
start = time.perf_counter()
kept = sample.Sample(sample.room(width, 1), width, (0, 0, 1))
found = training.streamed(epoch, given, 0, "here", kept)
centres, _ = lloyd.reduced(found["centres"], found["weights"], given)
quality.estimated(centres, [(found["sample"], found["count"])])
print(time.perf_counter() - start)
np.save(sys.argv[3], centres)
"""
FLOOR = f"""{BEGIN}
start = time.perf_counter()
for _ in ordered(lambda _, piece: piece().dense(np.float32), epoch(0)):
    pass
print(time.perf_counter() - start)
"""
THEIRS = f"""
import sys, time
import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans
matrix, k = np.load(sys.argv[2].replace("rows.pbr", "rows.npy")), int(sys.argv[4])
start = time.perf_counter()
moved = MiniBatchKMeans(10 * k, init="random", n_init=1, batch_size={BATCH}, reassignment_ratio=0, random_state=0)
for first in range(0, len(matrix), {BATCH}):
    moved.partial_fit(matrix[first : first + {BATCH}])
found = KMeans(k, n_init=10, random_state=0).fit(moved.cluster_centers_, sample_weight=moved._counts)
print(time.perf_counter() - start)
np.save(sys.argv[3], found.cluster_centers_)
"""


def write(folder: Path) -> None:
    """The rows as a matrix and as recordIO: clusters of several sizes that touch each other."""
    draw = np.random.default_rng(1)
    centres = draw.normal(size=(CLUSTERS, COLUMNS)).astype(np.float32) * 3
    matrix = np.lib.format.open_memmap(folder / "rows.npy", "w+", np.float32, (ROWS, COLUMNS))
    with (folder / "rows.pbr").open("wb") as file:
        for first in range(0, ROWS, 100_000):
            number = min(100_000, ROWS - first)
            which = draw.integers(0, CLUSTERS, number)
            part = centres[which] + draw.standard_normal((number, COLUMNS), np.float32)
            matrix[first : first + number] = part
            file.write(encode(part).content)


def seconds(program: str, folder: Path, result: str, blas: int) -> float:
    words = [sys.executable, "-c", program, PROGRAMS, folder / "rows.pbr", folder / result, CLUSTERS]
    return figures(words, {"OPENBLAS_NUM_THREADS": str(blas)})[0]


def main() -> None:
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        turns = [
            (
                seconds(OURS, folder, "ours.npy", 1),
                seconds(FLOOR, folder, "floor.npy", 1),
                min(seconds(THEIRS, folder, "theirs.npy", blas) for blas in {1, cores}),
            )
            for _ in range(REPEATS)
        ]
        sample = np.load(folder / "rows.npy", mmap_mode="r")[:100_000].astype(np.float64)
        costs = []
        for who in ("ours", "theirs"):
            centres = np.load(folder / f"{who}.npy").astype(np.float64)
            products = sample @ centres.T - (centres**2).sum(axis=1) / 2
            costs.append(float(((sample**2).sum(axis=1) - 2 * products.max(axis=1)).mean()))
    ours, floor, theirs = (min(times) for times in zip(*turns, strict=True))
    what = f"K-means of {ROWS} x {COLUMNS}, k {CLUSTERS}"
    print(f"{what}: {theirs / ours:.1f} x MiniBatchKMeans ({ours:.2f} vs {theirs:.1f} s)")
    print(f"{what}: {ours / floor:.2f} x one pass of the decoder ({ours:.2f} vs {floor:.2f} s)")
    print(f"{what}: mean square {costs[0]:.4f}, scikit-learn's {costs[1]:.4f}")


if __name__ == "__main__":
    main()
