"""Writes the example's data: a matrix of rows in clusters, the same bytes on every machine.

    python generate.py dataset                                # 2,000 rows of 64 columns in dataset/matrix.npy
    python generate.py big --rows 50000 --columns 256
    python generate.py text --format csv                      # the same numbers as text, without a header

Single precision. Each row is near the centre of one of 50 clusters, with the traps of real data: every 1,000th row
repeats the one 500 rows before it, so that similarities tie, and the row after it is zero in all columns, so that it
has no direction.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

CLUSTERS, SEED = 50, 1


def draw(stream: np.random.PCG64, count: int) -> np.ndarray:
    """Numbers that are near normal: sums of whole numbers, so that no machine rounds them in another way.

    Only of raw bits, whose sequence numpy promises to keep; that of its distributions may change.
    """
    pieces = np.ascontiguousarray(stream.random_raw(count)).view(np.uint16).reshape(count, 4)
    return (pieces.astype(np.int32).sum(axis=1) - 131_070).astype(np.float32) / np.float32(65_536)


def matrix(rows: int, columns: int, seed: int = SEED) -> np.ndarray:
    """The rows, near the centres of their clusters."""
    stream = np.random.PCG64(seed)
    centres = draw(stream, CLUSTERS * columns).reshape(CLUSTERS, columns)
    found = draw(stream, rows * columns).reshape(rows, columns)
    found += centres[(stream.random_raw(rows) % CLUSTERS).astype(np.intp)]
    for row in range(999, rows, 1000):
        found[row] = found[row - 500]
        found[row + 1 : row + 2] = 0
    return found


def main() -> None:
    """Writes the one file of the matrix."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--columns", type=int, default=64)
    parser.add_argument("--format", choices=["npy", "csv"], default="npy")
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    made = matrix(options.rows, options.columns, options.seed)
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.format == "npy":
        np.save(options.folder / "matrix.npy", made)
    else:
        np.savetxt(options.folder / "matrix.csv", made, fmt="%.9g", delimiter=",")


if __name__ == "__main__":
    main()
