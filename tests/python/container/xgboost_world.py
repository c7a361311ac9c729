"""Data to learn from, what XGBoost itself learns from it, and instances that do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xgboost as xgb
from container import host_world

ROUNDS = {"num_round": "30", "max_depth": "4", "eta": "0.3"}
ALIKE = 1e-5
"""How far predictions of a model of several hosts may be from those of one: 0 was found; sums of float32 may differ.

That is where a feature has some hundred values. Of more, XGBoost keeps a summary on each host, and the bounds
that it tries are those of all summaries, not quite those of all rows: single predictions then differ, and the error as
a whole by less than ``AS_GOOD``.
"""
AS_GOOD = 0.01
"""Of the error on rows that were not learned from."""


def table(rows: int, seed: int = 1, features: int = 6) -> np.ndarray:
    """The label first, then features, all with three digits so that text holds them."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, features)).round(3)
    y = (2 * x[:, 0] + x[:, 1] ** 2 + draw.normal(size=rows) * 0.3).round(3)
    return np.column_stack([y, x])


def csv(rows: np.ndarray) -> str:
    return "".join(",".join(f"{value:.3f}" for value in row) + "\n" for row in rows)


def libsvm(rows: np.ndarray) -> str:
    return "".join(
        f"{row[0]:.3f} " + " ".join(f"{i}:{value:.3f}" for i, value in enumerate(row[1:])) + "\n" for row in rows
    )


def oracle(rows: np.ndarray, **settings: Any) -> xgb.Booster:
    """What XGBoost itself learns, in this process and on one host."""
    given = {"max_depth": 4, "eta": 0.3, "base_score": 0.5, **settings}
    return xgb.train(given, xgb.DMatrix(rows[:, 1:].astype(np.float32), label=rows[:, 0]), 30)


def predictions(model: xgb.Booster, rows: np.ndarray) -> np.ndarray:
    return model.predict(xgb.DMatrix(rows[:, 1:].astype(np.float32)))


@dataclass
class Host(host_world.Host):
    """One instance: ``files`` by channel and name."""

    algorithm = "xgboost"
    hyperparameters: dict[str, str] = field(default_factory=lambda: dict(ROUNDS))

    @property
    def model(self) -> xgb.Booster:
        return xgb.Booster(model_file=bytearray((self.folder / "model/xgboost-model").read_bytes()))
