"""What is kept of rows to find their components: exactly (regular), or by products with random signs (randomized).

Both are made of pieces of the rows, and those of two pieces, or of two hosts, give those of both together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from recordio import Rows


@dataclass
class Moments:
    """The number of rows, their mean, and the sums of products of columns about it: as exact as sums of x and xxᵀ, and
    without their loss of digits where the mean is far from 0."""

    count: int
    mean: Any
    scatter: Any

    @classmethod
    def of(cls, rows: Rows) -> Moments:
        """Those of some rows; raises ``UserError`` where one has a value that is no finite number."""
        table = rows.dense(np.float64)
        first = table[0].copy()
        table -= first  # near enough to the mean for products to keep their digits, and no pass to find it
        sums = np.ones(len(table)) @ table
        rows.finite(table, sums)
        mean = sums / len(table)
        return cls(len(table), mean + first, table.T @ table - np.outer(sums, mean))

    def add(self, other: Moments) -> None:
        """Those of both."""
        count = self.count + other.count
        if not count:
            return
        apart = other.mean - self.mean
        self.scatter += other.scatter
        if self.count and other.count:
            self.scatter += np.outer(apart * (self.count * other.count / count), apart)
        self.mean += apart * (other.count / count)
        self.count = count

    def components(self, number: int, *, centred: bool) -> tuple[Any, Any]:
        """The components as columns, the largest last, and their singular values."""
        scatter = self.scatter if centred else self.scatter + np.outer(self.mean * self.count, self.mean)
        values, vectors = np.linalg.eigh(scatter)
        return vectors[:, -number:], np.sqrt(np.maximum(values[-number:], 0))


@dataclass
class Sketch:
    """The number of rows, their mean, and the rows times random signs: l sums of them, l more than components."""

    count: int
    mean: Any
    signs: Any
    sums: Any

    @classmethod
    def of(cls, rows: Rows, size: int, seed: tuple[int, ...]) -> Sketch:
        """That of some rows; the same seed gives the same signs."""
        table = rows.dense(np.float64)
        mean = np.ones(len(table)) @ table / len(table)
        rows.finite(table, mean)
        random = np.random.PCG64(np.random.SeedSequence(seed))
        bits = np.unpackbits(random.random_raw(-(-size * len(table) // 64)).view(np.uint8), count=size * len(table))
        signs = bits.reshape(size, len(table)).astype(table.dtype)
        signs *= 2
        signs -= 1
        return cls(len(table), mean, signs.sum(axis=1), signs @ table)

    def add(self, other: Sketch) -> None:
        """That of both."""
        count = self.count + other.count
        if not count:
            return
        self.mean += (other.mean - self.mean) * (other.count / count)
        self.signs += other.signs
        self.sums += other.sums
        self.count = count

    def components(self, number: int, *, centred: bool) -> tuple[Any, Any]:
        """The components as columns, the largest last, and what their singular values are about."""
        sums = self.sums - np.outer(self.signs, self.mean) if centred else self.sums
        _, values, vectors = np.linalg.svd(sums, full_matrices=False)
        return vectors[:number][::-1].T, values[:number][::-1] / np.sqrt(len(self.sums))


def signed(vectors: Any) -> Any:
    """The components with signs that are the same each time: the number farthest from 0 is positive."""
    farthest = np.abs(vectors).argmax(axis=0)
    return vectors * np.where(vectors[farthest, np.arange(vectors.shape[1])] < 0, -1, 1)
