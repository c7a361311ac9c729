"""Rows in clusters of several sizes that touch each other, and instances that find them."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import numpy as np
from container import host_world
from container.rows_world import PROGRAMS, artifact

sys.path.append(str(PROGRAMS / "kmeans"))  # its parts are tried on their own, too


def settings(columns: int, k: int, **more: str) -> dict[str, str]:
    return {"feature_dim": str(columns), "k": str(k), "force_dense": "True", **more}


def blobs(rows: int, columns: int = 6, clusters: int = 5, seed: int = 1) -> np.ndarray:
    """Single precision, in no order; the clusters are the same for each seed."""
    fixed, draw = np.random.default_rng(7), np.random.default_rng(seed)
    centres, spread = fixed.normal(size=(clusters, columns)) * 4, fixed.uniform(0.5, 2, clusters)
    which = draw.choice(clusters, rows, p=fixed.dirichlet(np.full(clusters, 5.0)))
    return (centres[which] + draw.normal(size=(rows, columns)) * spread[which, None] + 30).astype(np.float32)


def squares(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """How far each row is from each centre, squared: in the long way, to check the short one by."""
    return ((rows[:, None].astype(np.float64) - centres[None]) ** 2).sum(axis=2)


def inertia(rows: np.ndarray, centres: np.ndarray) -> float:
    return float(squares(rows, centres).min(axis=1).sum())


def centres_of(content: bytes) -> np.ndarray:
    [centres] = artifact.unpacked(content, "model", "K-means").values()
    return np.asarray(centres)


@dataclass
class Host(host_world.Host):
    """One instance: ``files`` by channel and name."""

    algorithm = "kmeans"
    hyperparameters: dict[str, str] = field(default_factory=lambda: settings(6, 5))

    @property
    def centres(self) -> np.ndarray:
        return centres_of((self.folder / "model/model_algo-1").read_bytes())
