"""Folders that instances find as /opt/ml, data to learn from, and the program as a real process on each of them."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import xgboost as xgb

from shardr.local.builtin import builtin

if TYPE_CHECKING:
    from pathlib import Path

CSV = {"ContentType": "text/csv", "TrainingInputMode": "File"}
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
class Host:
    """One instance: ``files`` by channel and name."""

    folder: Path
    files: dict[str, dict[str, str]]
    hyperparameters: dict[str, str] = field(default_factory=lambda: dict(ROUNDS))
    channels: dict[str, Any] | None = None
    hosts: tuple[str, ...] = ("algo-1",)
    name: str = "algo-1"

    def __post_init__(self) -> None:
        for part in ("input/config", "input/data", "model", "output"):
            (self.folder / part).mkdir(parents=True)
        for channel, files in self.files.items():
            for name, text in files.items():
                path = self.folder / "input/data" / channel / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        self.config("hyperparameters", self.hyperparameters)
        self.config("inputdataconfig", self.channels or dict.fromkeys(self.files, CSV))
        self.config("resourceconfig", {"current_host": self.name, "hosts": list(self.hosts)})

    def config(self, name: str, content: Any) -> None:
        (self.folder / f"input/config/{name}.json").write_text(json.dumps(content))

    def start(self, what: str = "train", **environment: str) -> subprocess.Popen[str]:
        found = builtin("shardr/xgboost")
        assert found
        given = os.environ | {"SHARDR_BASE_DIR": str(self.folder)} | environment
        return subprocess.Popen(
            [*found.entrypoint, what], env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def train(self, **environment: str) -> tuple[int, str]:
        return ended(self.start(**environment))

    @property
    def failure(self) -> str:
        return (self.folder / "output/failure").read_text()

    @property
    def model(self) -> xgb.Booster:
        return xgb.Booster(model_file=bytearray((self.folder / "model/xgboost-model").read_bytes()))


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit status and what was printed; a program that hangs is ended and fails the test."""
    try:
        printed, _ = process.communicate(timeout=90)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, printed
