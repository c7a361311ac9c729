"""Learns who survives, from CSV with a header: XGBoost in script mode, on one instance or on several together.

Channels `train` and `validation`; the model is `xgboost-model.ubj`, written by the first instance.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shardr.runtime import (
    channel,
    hp_integer,
    hp_number,
    hyperparameters,
    job_message,
    log_metric,
    save_model,
    shard,
    shard_files,
)

# Idle threads sleep: instances that share a machine's cores hold each other up else. Read when XGBoost is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pandas as pd
import xgboost as xgb
from xgboost import collective
from xgboost.tracker import RabitTracker

if TYPE_CHECKING:
    from collections.abc import Iterator

CLASSES = {"1st": 1, "2nd": 2, "3rd": 3, "Crew": 4}
FEATURES = ["class", "female", "age", "fare", "relatives"]
PORT = 9099


def rows_of(name: str) -> xgb.DMatrix:
    """The rows of a channel that this instance has, which may be none."""
    parts = [pd.read_csv(file) for file in shard_files(name)]
    table = pd.concat(parts) if parts else pd.DataFrame(columns=["survived", "sex", *FEATURES])
    table["class"] = table["class"].map(CLASSES)
    table["female"] = (table["sex"] == "Female").astype(int)
    return xgb.DMatrix(table[FEATURES].astype("float32"), label=table["survived"].astype("float32"))


@contextmanager
def together() -> Iterator[None]:
    """While it lasts, instances learn one model: XGBoost's own tracker on the first connects them."""
    here = shard()
    if here.size == 1:
        yield
        return
    tracker = None
    if here.rank == 0:
        tracker = RabitTracker(here.size, here.hosts[0], PORT, sortby="task")
        tracker.start()
    lines = {"dmlc_tracker_uri": here.hosts[0], "dmlc_tracker_port": PORT, "dmlc_retry": 10}
    with collective.CommunicatorContext(**lines, dmlc_task_id=f"{here.rank:06d}"):
        yield
    if tracker:
        tracker.wait_for()


hp = hyperparameters(
    num_round=hp_integer(100, min=1, description="rounds of boosting: trees of the model"),
    eta=hp_number(0.1, min=0, max=1, description="how much a tree counts"),
    max_depth=hp_integer(5, min=1, max=20, description="levels of a tree"),
    subsample=hp_number(1, min=0.1, max=1, description="share of the rows that a tree sees"),
    colsample_bytree=hp_number(1, min=0.1, max=1, description="share of the columns that a tree sees"),
    seed=hp_integer(0, description="of what is drawn"),
)
settings = {
    "objective": "binary:logistic", "base_score": 0.5, "eta": hp.eta, "max_depth": hp.max_depth,
    "subsample": hp.subsample, "colsample_bytree": hp.colsample_bytree, "seed": hp.seed,
}  # fmt: skip
train, validation = rows_of("train"), rows_of("validation")
job_message(f"{shard().host}: {train.num_row()} rows of {channel('train').name}")
scores: dict = {}
with together():
    evals = [(train, "train"), (validation, "validation")]
    model = xgb.train(settings, train, hp.num_round, evals=evals, evals_result=scores, verbose_eval=False)
if shard().rank == 0:
    for data, metrics in scores.items():
        for metric, values in metrics.items():
            for step, value in enumerate(values):
                log_metric(f"{data}:{metric}", value, step=step)
    save_model(model, "xgboost-model.ubj")
