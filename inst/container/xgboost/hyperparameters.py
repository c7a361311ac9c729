"""The hyperparameters of SageMaker's built-in XGBoost 1.7-1: names, ranges, and all that is wrong with those given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import settings
from settings import SWITCH, Number, one_of, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _list(text: str) -> list[str]:
    return [word.strip() for word in text.strip("[]").replace('"', "").replace("'", "").split(",") if word.strip()]


SHARE = Number(0, 1)
PART = Number(0, 1, open_low=True)
POSITIVE = Number(0)
FLAG = whole(0, 1)
OBJECTIVES = (
    "reg:squarederror", "reg:squaredlogerror", "reg:logistic", "reg:pseudohubererror", "reg:absoluteerror",
    "reg:gamma", "reg:tweedie", "reg:linear", "binary:logistic", "binary:logitraw", "binary:hinge",
    "count:poisson", "multi:softmax", "multi:softprob", "rank:pairwise", "rank:ndcg", "rank:map", "survival:aft",
    "survival:cox",
)  # fmt: skip
METRICS = (
    "rmse", "rmsle", "mae", "mape", "mphe", "logloss", "error", "merror", "mlogloss", "auc", "aucpr", "pre",
    "ndcg", "ndcg-", "map", "map-", "poisson-nloglik", "gamma-nloglik", "gamma-deviance", "tweedie-nloglik",
    "aft-nloglik", "cox-nloglik", "interval-regression-accuracy",
)  # fmt: skip
OF_THE_CONTAINER = (
    "accuracy", "balanced_accuracy", "f1", "f1_binary", "f1_macro", "mse", "precision", "precision_macro",
    "precision_micro", "r2", "recall", "recall_macro", "recall_micro",
)  # fmt: skip
"""Metrics that SageMaker's container computes by scikit-learn."""


def _metrics(text: str) -> list[str]:
    found = _list(text)
    for name in found:
        if name in OF_THE_CONTAINER:
            raise ValueError("one of XGBoost's own metrics, as the container's are not computed here")
        known, _, at = name.partition("@")
        if at and known in {"error", "ndcg", "map", "pre", "tweedie-nloglik"}:
            Number()(at.rstrip("-"))
        else:
            one_of(*METRICS)(name)
    return found


# What is None here XGBoost decides by itself; where a default is named, it is that of SageMaker's documentation.
KNOWN: dict[str, tuple[Callable[[str], Any], Any]] = {
    "num_round": (whole(1), None), "num_class": (whole(2), None),
    "objective": (one_of(*OBJECTIVES), "reg:squarederror"), "eval_metric": (_metrics, None),
    "early_stopping_rounds": (whole(1), None), "csv_weights": (FLAG, 0), "seed": (whole(-(2**31), 2**31 - 1), 0),
    "booster": (one_of("gbtree", "gblinear", "dart"), "gbtree"), "nthread": (whole(1), None),
    "verbosity": (whole(0, 3), 1), "base_score": (POSITIVE, 0.5), "eta": (SHARE, 0.3), "gamma": (POSITIVE, 0.0),
    "max_depth": (whole(0), 6), "min_child_weight": (POSITIVE, 1.0), "max_delta_step": (POSITIVE, 0.0),
    "subsample": (PART, 1.0), "sampling_method": (one_of("uniform"), "uniform"),
    "colsample_bytree": (PART, 1.0), "colsample_bylevel": (PART, 1.0), "colsample_bynode": (PART, 1.0),
    "lambda": (POSITIVE, 1.0), "alpha": (POSITIVE, 0.0), "scale_pos_weight": (Number(0, open_low=True), 1.0),
    "tree_method": (one_of("auto", "exact", "approx", "hist"), "auto"), "max_leaves": (whole(0), 0),
    "max_bin": (whole(2), 256), "grow_policy": (one_of("depthwise", "lossguide"), "depthwise"),
    "num_parallel_tree": (whole(1), 1), "updater": (_list, None), "refresh_leaf": (FLAG, 1),
    "process_type": (one_of("default"), "default"),
    "monotone_constraints": (str, None), "interaction_constraints": (str, None),
    "sample_type": (one_of("uniform", "weighted"), "uniform"),
    "normalize_type": (one_of("tree", "forest"), "tree"),
    "rate_drop": (SHARE, 0.0), "one_drop": (FLAG, 0), "skip_drop": (SHARE, 0.0), "lambda_bias": (SHARE, None),
    "tweedie_variance_power": (Number(1, 2, open_low=True, open_high=True), 1.5), "huber_slope": (POSITIVE, 1.0),
    "aft_loss_distribution": (one_of("normal", "logistic", "extreme"), "normal"),
    "aft_loss_distribution_scale": (POSITIVE, 1.0), "save_model_on_termination": (SWITCH, "false"),
    "_tuning_objective_metric": (str, None),
    "sketch_eps": (Number(0, 1, open_low=True, open_high=True), None), "dsplit": (one_of("row"), None),
    "predictor": (one_of("auto", "cpu_predictor"), None), "single_precision_histogram": (SWITCH, None),
    "deterministic_histogram": (SWITCH, None), "prob_buffer_row": (Number(1, open_low=True), None),
}  # fmt: skip
ALIASES = {"learning_rate": "eta", "min_split_loss": "gamma", "reg_lambda": "lambda", "reg_alpha": "alpha"}
ABSENT = {
    "_kfold": "cross-validation is not done here: leave it out, or divide the data into train and validation",
    "_num_cv_round": "cross-validation is not done here: leave it out",
    "use_dask_gpu_training": "there is no GPU here: leave it out",
}
OURS = (
    "num_round", "csv_weights", "early_stopping_rounds", "save_model_on_termination", "_tuning_objective_metric",
    "eval_metric", "sketch_eps", "dsplit", "predictor", "single_precision_histogram", "deterministic_histogram",
    "prob_buffer_row",
)  # fmt: skip
"""What is not XGBoost's to know: the first are the container's, the last XGBoost has given up."""
OF_BOOSTER = {
    "dart": ("sample_type", "normalize_type", "rate_drop", "one_drop", "skip_drop"),
    "gblinear": ("lambda_bias",),
}
LINEAR = ("lambda", "alpha", "lambda_bias", "updater")


@dataclass(frozen=True)
class Hyperparameters:
    """The checked values, with the documented defaults."""

    values: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        """One value, None where it was not given and has no default."""
        return self.values[name]

    def of_xgboost(self) -> dict[str, Any]:
        """What XGBoost is told; only what its booster and its objective know, for it warns of the rest."""
        found = {name: value for name, value in self.values.items() if value is not None and name not in OURS}
        booster, objective = found["booster"], found["objective"]
        for other, names in OF_BOOSTER.items():
            found = {name: value for name, value in found.items() if booster == other or name not in names}
        if booster == "gblinear":
            general = ("booster", "objective", "base_score", "eta", "seed", "nthread", "verbosity", "num_class")
            found = {name: value for name, value in found.items() if name in (*general, *LINEAR)}
        for prefix, only in (("tweedie", "reg:tweedie"), ("aft", "survival:aft"), ("huber", "reg:pseudohubererror")):
            found = {name: value for name, value in found.items() if only == objective or not name.startswith(prefix)}
        if objective == "reg:linear":  # the name that it had before 0.90
            found["objective"] = "reg:squarederror"
        if self["eval_metric"]:
            found["eval_metric"] = self["eval_metric"]
        return found


def read(given: Mapping[str, Any], hosts: int, *, validation: bool) -> Hyperparameters:
    """The hyperparameters as they arrive, all of them text; raises ``UserError`` with all that is wrong."""
    values, told, problems = settings.read(given, KNOWN, "XGBoost", ALIASES, ABSENT)
    settings.refuse([*problems, *_between(values, told, hosts, validation=validation)])
    return Hyperparameters(values)


def _between(values: dict[str, Any], told: set[str], hosts: int, *, validation: bool) -> list[str]:
    """What is wrong with one because of another, or of the job."""
    problems = []
    if "num_round" not in told:
        problems.append("num_round: is required: the number of rounds of boosting, a whole number from 1")
    multi = values["objective"].startswith("multi:")
    if multi and "num_class" not in told:
        problems.append(f"num_class: is required by {values['objective']}: how many classes, numbered from 0")
    if values["num_class"] and not multi:
        problems.append(f"num_class: {values['objective']} has no classes; leave it out, or take multi:softmax")
    if values["early_stopping_rounds"] and not validation:
        problems.append("early_stopping_rounds: needs the channel validation, which the job does not have")
    if values["tree_method"] == "exact" and hosts > 1:
        problems.append("tree_method: exact knows one instance only; take hist or approx")
    return problems
