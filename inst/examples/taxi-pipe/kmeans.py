"""K-means of more rows than memory holds, on any number of instances: divide, then recombine.

part = sketch: each instance streams its share of the channel `train`, some rows at a time, and moves many more centres
than there will be clusters. Its model is sketch.csv: the centres, and how many rows of an epoch each drew.

part = join: one instance has the sketches of all in the channel `sketches`, finds the clusters of their centres, and
scores them by the channel `test`. Its model is centres.csv.

The first is the mini-batch k-means of Sculley (2010), the second Lloyd's of few weighted points, begun several times by
k-means++. The built-in K-means of SageMaker works in the same two parts. kmeans.R is the same in R.
"""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from shardr.recordio.reading import blocks
from shardr.runtime import (
    channel,
    hp_integer,
    hp_string,
    hyperparameters,
    job_message,
    log_metric,
    pipe_blocks,
    save_model,
    shard,
    shard_files,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Iterator

hp = hyperparameters(
    part=hp_string(choices=["sketch", "join"], description="what this step does"),
    k=hp_integer(min=1, description="clusters"),
    extra_center_factor=hp_integer(10, min=1, description="centres of a sketch for each cluster"),
    epochs=hp_integer(1, min=1, description="how often the rows are read"),
    mini_batch_size=hp_integer(5000, min=1, description="rows at a time"),
    seed=hp_integer(1, description="of what is drawn"),
)
draw = np.random.default_rng(hp.seed + shard().rank)


def batches(name: str, epoch: int) -> Iterator[np.ndarray]:
    """The rows of a channel, some at a time; in mode Pipe there is no folder."""
    if not channel(name).is_dir():
        yield from (block.table() for block in pipe_blocks(name, epoch, hp.mini_batch_size))
        return
    for path in shard_files(name):
        with path.open("rb") as file:
            yield from (block.table() for block in blocks(file, path.name, rows=hp.mini_batch_size))


def nearest(x: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which centre is nearest to each row, and the square of how far it is; most of it is one product of matrices."""
    square = (x * x).sum(axis=1)[:, None] - 2 * x @ centres.T + (centres * centres).sum(axis=1)
    return square.argmin(axis=1), np.maximum(square.min(axis=1), 0)


def far_apart(x: np.ndarray, k: int, weight: np.ndarray) -> np.ndarray:
    """Rows to begin with: each is drawn by the square of how far it is from those before."""
    chosen = x[[draw.choice(len(x), p=weight / weight.sum())]]
    square = nearest(x, chosen)[1]
    while len(chosen) < k and square.any():
        chance = weight * square
        one = x[[draw.choice(len(x), p=chance / chance.sum())]]
        square = np.minimum(square, nearest(x, one)[1])
        chosen = np.concatenate([chosen, one])
    return chosen


def sums(x: np.ndarray, which: np.ndarray, k: int) -> np.ndarray:
    """The sum of the rows of each centre."""
    return (which == np.arange(k)[:, None]).astype(x.dtype) @ x


def sketch() -> None:
    """Each centre stays the mean of the rows that it has drawn: the more there were, the less a batch moves it."""
    centres = None
    for epoch in range(hp.epochs):
        for batch in batches("train", epoch):
            x = batch.astype(np.float64)
            if np.isnan(x).any():
                raise SystemExit("A row has a missing value: no centre is nearest to it.")
            if centres is None:
                centres = far_apart(x, hp.k * hp.extra_center_factor, np.ones(len(x)))
                rows = np.zeros(len(centres))
            which, _ = nearest(x, centres)
            drawn = np.bincount(which, minlength=len(centres))
            rows += drawn
            centres += (sums(x, which, len(centres)) - drawn[:, None] * centres) / np.maximum(rows, 1)[:, None]
    if centres is None:
        job_message(f"{shard().host}: no rows")  # fewer files than instances
    else:
        save_model(as_frame(rows / hp.epochs, centres)[rows > 0], "sketch.csv")


def lloyd(x: np.ndarray, weight: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Rows to their nearest centre, centres to the mean of their rows, until nothing changes: cost, rows, centres."""
    centres, before = far_apart(x, hp.k, weight), None
    which, square = nearest(x, centres)
    while before is None or (before != which).any():
        rows = sums(weight[:, None], which, len(centres))
        centres = np.where(rows > 0, sums(x * weight[:, None], which, len(centres)) / np.maximum(rows, 1e-9), centres)
        before, (which, square) = which, nearest(x, centres)
    return float(weight @ square), rows[:, 0], centres


def join() -> None:
    """Finds the clusters of all sketches, the best of ten trials, and scores them."""
    with tarfile.open(shard_files("sketches")[0]) as archive:  # the models of all instances are one archive
        sketches = pd.concat([pd.read_csv(archive.extractfile(one)) for one in archive if one.name.endswith(".csv")])
    table = sketches.to_numpy()
    _, rows, centres = min((lloyd(table[:, 1:], table[:, 0]) for _ in range(10)), key=lambda found: found[0])
    save_model(as_frame(rows, centres), "centres.csv")
    squares = np.concatenate([nearest(batch.astype(np.float64), centres)[1] for batch in batches("test", 0)])
    log_metric("test:msd", squares.mean())  # of a row's distance to its centre, squared: the mean, and the sum
    log_metric("test:ssd", squares.sum())


def as_frame(rows: np.ndarray, centres: np.ndarray) -> pd.DataFrame:
    """A table as R writes it."""
    return pd.DataFrame({"rows": rows, **{f"V{i + 1}": column for i, column in enumerate(centres.T)}})


if hp.part == "sketch":
    sketch()
else:
    join()
