"""Rounds of boosting with what goes on after each: the metrics' line, a checkpoint, and a stop that was asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import xgboost as xgb
from place import say, write
from xgboost import collective

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hyperparameters import Hyperparameters

MODEL = "xgboost-model"
"""Name of the model's file, as SageMaker's container has it."""
CHECKPOINT = "xgboost-checkpoint"
KEPT = 5
"""Checkpoints that stay, as with SageMaker's container."""
FORMAT = "ubj"
"""XGBoost's own format: unlike a pickle R reads it, and reading it runs nothing."""


class Rounds(xgb.callback.TrainingCallback):
    """What the log has of each round, in the form that the built-in's metric definitions look for."""

    def __init__(self, before: int) -> None:
        super().__init__()
        self._before = before  # XGBoost counts from 0 again when it goes on with a model

    def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Called by XGBoost."""
        scores = [
            f"#011{data}-{metric}:{values[-1]:.5f}"  # on the service a TAB arrives as #011
            for data, metrics in evals_log.items()
            for metric, values in metrics.items()
        ]
        say(f"[{self._before + epoch}]{''.join(scores)}")
        return False


class Checkpoints(xgb.callback.TrainingCallback):
    """A model after each round, in a folder that outlives the instance."""

    def __init__(self, folder: Path, before: int) -> None:
        super().__init__()
        self._folder = folder
        self._before = before

    def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Called by XGBoost."""
        number = self._before + epoch
        write(self._folder / f"{CHECKPOINT}.{number}", bytes(model.save_raw(FORMAT)))
        (self._folder / f"{CHECKPOINT}.{number - KEPT}").unlink(missing_ok=True)
        return False


class Stop(xgb.callback.TrainingCallback):
    """Ends the training after the round under way, once it was asked for: on all hosts after the same one."""

    asked = False
    saves = False
    """Whether the model so far is to be kept then."""

    def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Called by XGBoost."""
        if self.saves and collective.is_distributed():
            return bool(collective.allreduce(np.asarray([self.asked], np.int32), collective.Op.MAX)[0])
        return self.asked


def latest(folder: Path) -> tuple[bytes, int]:
    """The newest checkpoint that can be read, and the rounds that it has: 0 where there is none."""
    found = {int(match[1]): path for path in folder.glob(f"{CHECKPOINT}.*") if (match := _NUMBERED.match(path.name))}
    for number in sorted(found, reverse=True):
        content = found[number].read_bytes()
        try:
            return content, xgb.Booster(model_file=bytearray(content)).num_boosted_rounds()
        except xgb.core.XGBoostError:
            say(f"{found[number].name} is no model: an older checkpoint is taken")
    return b"", 0


_NUMBERED = re.compile(rf"^{CHECKPOINT}\.(\d+)$")


def boosted(
    settings: Hyperparameters,
    train: xgb.DMatrix,
    validation: xgb.DMatrix | None,
    *,
    callbacks: list[xgb.callback.TrainingCallback],
    stop: Stop,
    begun: tuple[bytes, int],
) -> xgb.Booster:
    """The model, from a checkpoint on where there is one."""
    rounds = settings["num_round"] - begun[1]
    model = xgb.Booster(model_file=bytearray(begun[0])) if begun[1] else None
    if model is not None and rounds <= 0:
        return model
    evals = [(train, "train"), *([(validation, "validation")] if validation is not None else [])]
    if settings["early_stopping_rounds"]:
        best = settings["booster"] != "gblinear"  # of a linear model no earlier round is left
        early = xgb.callback.EarlyStopping(settings["early_stopping_rounds"], data_name="validation", save_best=best)
        callbacks = [*callbacks, early]
    callbacks = [*callbacks, stop]  # the last, for XGBoost asks none after one that ends the training
    return xgb.train(
        settings.of_xgboost(), train, rounds, evals=evals, verbose_eval=False, callbacks=callbacks, xgb_model=model
    )
