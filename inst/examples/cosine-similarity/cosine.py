"""Cosine similarity of all rows of a matrix, each instance its share of the rows.

Channel `matrix`, on every instance whole: one file, .npy or .csv (numbers without a header). Two modes:

top_k   the model has neighbours.csv: for each row its `top_k` nearest others, nearest first, ties by row number
block   the model has rows-<first>-<last>.f32: all similarities of these rows, row after row, in single precision

Rows are counted from 1. A row of zeros has similarity 0 to all. The result is the same, to the last bit, for any number
of instances: products are made in blocks that are cut from the whole matrix and not from an instance's share.
"""

# ruff: noqa: E402, I001

from __future__ import annotations

import os

# Before numpy is loaded: each block is one thread's work, and the sum of a product does not depend on their number.
for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from shardr.runtime import (
    hp_integer, hp_string, hyperparameters, log_metric, model_path, save_model, shard_files, shard_rows,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TILE = 4096  # columns of a product: with a block of rows it stays in the processor's cache
NARROW = 64


def read(path: Path) -> np.ndarray:
    """The matrix in single precision."""
    if path.suffix == ".npy":
        return np.load(path).astype(np.float32, copy=False)
    return np.loadtxt(path, dtype=np.float32, delimiter=",", ndmin=2)


def directions(matrix: np.ndarray) -> np.ndarray:
    """The rows, each of length 1; a row of zeros stays one."""
    lengths = np.sqrt(np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64))
    strange = np.flatnonzero(~np.isfinite(lengths))
    if strange.size:
        raise SystemExit(f"Row {strange[0] + 1} has a value that is no finite number; so have {strange.size} rows.")
    lengths[lengths == 0] = 1
    return (matrix / lengths[:, None]).astype(np.float32)


def blocks(rows: range, total: int, size: int) -> Iterator[tuple[range, range]]:
    """The blocks of the whole matrix in which `rows` lie, each with those of its rows that are asked for."""
    for first in range(rows.start // size * size, rows.stop, size):
        block = range(first, min(first + size, total))
        yield block, range(max(rows.start, block.start), min(rows.stop, block.stop))


def products(unit: np.ndarray, block: range, own: range) -> Iterator[tuple[int, np.ndarray]]:
    """The similarities of some rows of a block to all rows, tile by tile; each with its first column."""
    for left in range(0, len(unit), TILE):
        tile = unit[block.start : block.stop] @ unit[left : left + TILE].T
        yield left, tile[own.start - block.start : own.stop - block.start]


class Nearest:
    """The k nearest of the columns seen so far, for each row of a block, columns coming in order."""

    def __init__(self, rows: int, k: int) -> None:
        self.similarity = np.full((rows, k), -np.inf, np.float32)
        self.column = np.full((rows, k), -1, np.int64)

    def see(self, tile: np.ndarray, left: int) -> None:
        """Takes what is nearer than the kth so far: sorting these few is cheap, sorting a tile is not.

        An equal one comes later and is not taken. Where too many are nearer, half a tile is seen first, which leaves
        less of the other half.
        """
        rows, k = self.similarity.shape
        width = tile.shape[1]
        found = np.flatnonzero(tile > self.similarity[:, -1:])
        if found.size > 4 * k * rows and width > NARROW:
            self.see(tile[:, : width // 2], left)
            self.see(tile[:, width // 2 :], left + width // 2)
            return
        if found.size == 0:
            return
        row, column = np.divmod(found, width)
        counts = np.bincount(row, minlength=rows)
        place = k + np.arange(found.size) - (np.cumsum(counts) - counts)[row]
        similarity = np.full((rows, k + counts.max()), -np.inf, np.float32)
        columns = np.full(similarity.shape, -1, np.int64)
        similarity[:, :k], columns[:, :k] = self.similarity, self.column
        similarity[row, place], columns[row, place] = tile[row, column], left + column
        order = np.argsort(-similarity, axis=1, kind="stable")[:, :k]  # columns are in order: so are ties
        self.similarity = np.take_along_axis(similarity, order, axis=1)
        self.column = np.take_along_axis(columns, order, axis=1)


def nearest(unit: np.ndarray, block: range, own: range, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The nearest others of some rows of a block: their numbers from 0, and their similarities."""
    found = Nearest(len(own), k)
    for left, tile in products(unit, block, own):
        itself = np.arange(max(own.start, left), min(own.stop, left + tile.shape[1]))
        tile[itself - own.start, itself - left] = -np.inf
        found.see(tile, left)
    return found.column, found.similarity


def top_k(unit: np.ndarray, rows: range, k: int, size: int, threads: int) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest others of each row: their numbers from 0, and their similarities."""
    k = max(0, min(k, len(unit) - 1))
    found = each_block(lambda block, own: nearest(unit, block, own, k), unit, rows, size, threads) if k else []
    columns, similarities = zip(*found, strict=True) if found else ([], [])
    empty = np.empty((0 if k else len(rows), k))
    return np.concatenate([empty.astype(np.int64), *columns]), np.concatenate([empty.astype(np.float32), *similarities])


def write_rows(unit: np.ndarray, block: range, own: range) -> None:
    """All similarities of some rows of a block, in a file that says which rows they are."""
    whole = np.empty((len(own), len(unit)), np.float32)
    for left, tile in products(unit, block, own):
        whole[:, left : left + tile.shape[1]] = tile
    whole.tofile(model_path(f"rows-{own.start + 1:012d}-{own.stop:012d}.f32"))


def each_block(work: Callable, unit: np.ndarray, rows: range, size: int, threads: int) -> list:
    """What `work` gives for each block, in order; numpy lets go of Python's lock, so threads are enough."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda pair: work(*pair), blocks(rows, len(unit), size)))


def main() -> None:
    """Reads the matrix and writes this instance's part of the model."""
    hp = hyperparameters(
        mode=hp_string("top_k", choices=["top_k", "block"], description="nearest rows only, or all similarities"),
        top_k=hp_integer(10, min=1, max=1000, description="neighbours kept of each row"),
        block_rows=hp_integer(512, min=16, max=8192, description="rows at a time: what the memory has to hold"),
    )
    unit = directions(read(shard_files("matrix", r"[.](npy|csv)$")[0]))
    rows = shard_rows(len(unit))
    start = time.perf_counter()
    threads = os.cpu_count() or 1
    if hp.mode == "block":
        each_block(lambda block, own: write_rows(unit, block, own), unit, rows, hp.block_rows, threads)
    else:
        columns, similarities = top_k(unit, rows, hp.top_k, hp.block_rows, threads)
        found = {
            "row": np.repeat(np.arange(rows.start, rows.stop) + 1, columns.shape[1]),
            "neighbour": columns.ravel() + 1,
            "similarity": similarities.ravel(),
        }
        save_model(pd.DataFrame(found), "neighbours.csv")
    log_metric("rows", len(rows))
    log_metric("rows_per_second", len(rows) / (time.perf_counter() - start))


if __name__ == "__main__":
    main()
