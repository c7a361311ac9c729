"""Rows with components that are far apart, and instances that find them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from container import host_world
from container.rows_world import artifact


def unpacked(content: bytes, name: str) -> dict[str, Any]:
    return artifact.unpacked(content, name, "PCA")


def settings(columns: int, components: int, **more: str) -> dict[str, str]:
    return {"feature_dim": str(columns), "num_components": str(components), "mini_batch_size": "500", **more}


def table(rows: int, columns: int = 12, seed: int = 1, centre: float = 3.0) -> np.ndarray:
    """Single precision; the variance halves from one direction to the next."""
    draw = np.random.default_rng(seed)
    turned, _ = np.linalg.qr(np.random.default_rng(99).normal(size=(columns, columns)))
    scaled = draw.normal(size=(rows, columns)) * 2.0 ** (-np.arange(columns) / 2)
    return (scaled @ turned.T + centre).astype(np.float32)


@dataclass
class Host(host_world.Host):
    """One instance: ``files`` by channel and name."""

    algorithm = "pca"
    hyperparameters: dict[str, str] = field(default_factory=lambda: settings(12, 4))

    @property
    def model(self) -> dict[str, Any]:
        return unpacked((self.folder / "model/model_algo-1").read_bytes(), "model")


def apart(vectors: np.ndarray, wanted: np.ndarray) -> float:
    """The sine of the largest angle between the spaces of two sets of columns: 0 where they are the same."""
    here, there = (np.linalg.qr(found.astype(np.float64))[0] for found in (vectors, wanted))
    return float(np.linalg.norm(here - there @ (there.T @ here), 2))
