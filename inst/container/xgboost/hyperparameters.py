"""The hyperparameters of SageMaker's built-in XGBoost 1.7-1: names, ranges, and all that is wrong with those given."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from place import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Number:
    """A number of a range; an open end is not part of it."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    whole: bool = False

    def __call__(self, text: str) -> float:
        """The number that the text spells; raises ``ValueError`` with what was expected."""
        try:
            value = float(text)
            inside = self.low <= value <= self.high and not math.isinf(value)
            inside &= not (self.open_low and value == self.low) and not (self.open_high and value == self.high)
            if inside and not (self.whole and value != int(value)):
                return int(value) if self.whole else value
        except ValueError:
            pass
        raise ValueError(f"a {'whole ' if self.whole else ''}number{self._range()}")

    def _range(self) -> str:
        least = "" if math.isinf(self.low) else f" {'above' if self.open_low else 'from'} {self.low:g}"
        most = "" if math.isinf(self.high) else f" {'below' if self.open_high else 'to'} {self.high:g}"
        return least + most


def _whole(low: float = -math.inf, high: float = math.inf) -> Number:
    return Number(low, high, whole=True)


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text in choices:
            return text
        near = get_close_matches(text, choices, 1)
        raise ValueError(f"one of {', '.join(choices)}" + (f'; did you mean "{near[0]}"?' if near else ""))

    return read


def _list(text: str) -> list[str]:
    return [word.strip() for word in text.strip("[]").replace('"', "").replace("'", "").split(",") if word.strip()]


SHARE = Number(0, 1)
PART = Number(0, 1, open_low=True)
POSITIVE = Number(0)
FLAG = _whole(0, 1)
SWITCH = _one_of("true", "false")
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
            _one_of(*METRICS)(name)
    return found


# What is None here XGBoost decides by itself; where a default is named, it is that of SageMaker's documentation.
KNOWN: dict[str, tuple[Callable[[str], Any], Any]] = {
    "num_round": (_whole(1), None), "num_class": (_whole(2), None),
    "objective": (_one_of(*OBJECTIVES), "reg:squarederror"), "eval_metric": (_metrics, None),
    "early_stopping_rounds": (_whole(1), None), "csv_weights": (FLAG, 0), "seed": (_whole(-(2**31), 2**31 - 1), 0),
    "booster": (_one_of("gbtree", "gblinear", "dart"), "gbtree"), "nthread": (_whole(1), None),
    "verbosity": (_whole(0, 3), 1), "base_score": (POSITIVE, 0.5), "eta": (SHARE, 0.3), "gamma": (POSITIVE, 0.0),
    "max_depth": (_whole(0), 6), "min_child_weight": (POSITIVE, 1.0), "max_delta_step": (POSITIVE, 0.0),
    "subsample": (PART, 1.0), "sampling_method": (_one_of("uniform"), "uniform"),
    "colsample_bytree": (PART, 1.0), "colsample_bylevel": (PART, 1.0), "colsample_bynode": (PART, 1.0),
    "lambda": (POSITIVE, 1.0), "alpha": (POSITIVE, 0.0), "scale_pos_weight": (Number(0, open_low=True), 1.0),
    "tree_method": (_one_of("auto", "exact", "approx", "hist"), "auto"), "max_leaves": (_whole(0), 0),
    "max_bin": (_whole(2), 256), "grow_policy": (_one_of("depthwise", "lossguide"), "depthwise"),
    "num_parallel_tree": (_whole(1), 1), "updater": (_list, None), "refresh_leaf": (FLAG, 1),
    "process_type": (_one_of("default"), "default"),
    "monotone_constraints": (str, None), "interaction_constraints": (str, None),
    "sample_type": (_one_of("uniform", "weighted"), "uniform"),
    "normalize_type": (_one_of("tree", "forest"), "tree"),
    "rate_drop": (SHARE, 0.0), "one_drop": (FLAG, 0), "skip_drop": (SHARE, 0.0), "lambda_bias": (SHARE, None),
    "tweedie_variance_power": (Number(1, 2, open_low=True, open_high=True), 1.5), "huber_slope": (POSITIVE, 1.0),
    "aft_loss_distribution": (_one_of("normal", "logistic", "extreme"), "normal"),
    "aft_loss_distribution_scale": (POSITIVE, 1.0), "save_model_on_termination": (SWITCH, "false"),
    "_tuning_objective_metric": (str, None),
    "sketch_eps": (Number(0, 1, open_low=True, open_high=True), None), "dsplit": (_one_of("row"), None),
    "predictor": (_one_of("auto", "cpu_predictor"), None), "single_precision_histogram": (SWITCH, None),
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
    if "sagemaker_program" in given:
        raise UserError(
            f"the job brings a script of its own, {_bare(str(given['sagemaker_program']))}, and this is the built-in"
            " algorithm, which runs none: run the script as the code of a training step in the image python or xgboost"
        )
    problems: list[str] = []
    values = {name: default for name, (_, default) in KNOWN.items()}
    for written, raw in sorted(given.items()):
        if written.startswith("sagemaker_"):  # the SDK's, about itself
            continue
        name, text = ALIASES.get(written, written), _bare(str(raw))
        if name in ABSENT:
            problems.append(f"{name}: {ABSENT[name]}")
        elif name not in KNOWN:
            near = get_close_matches(written, [*KNOWN, *ALIASES], 1)
            mean = f'did you mean "{near[0]}"?' if near else "the built-in XGBoost has none of this name"
            problems.append(f"{written}: unknown; {mean}")
        else:
            try:
                values[name] = KNOWN[name][0](text)
            except ValueError as error:
                problems.append(f'{written}: expected {error}, found "{text}"')
    told = {ALIASES.get(name, name) for name in given}
    problems += _between(values, told, hosts, validation=validation)
    if problems:
        count = f"{len(problems)} hyperparameters are" if len(problems) > 1 else "a hyperparameter is"
        raise UserError("\n".join([f"{count} wrong:", *(f"  {problem}" for problem in problems)]))
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


def _bare(text: str) -> str:
    """Without the quotes that the SDK puts around text of its own."""
    if text[:1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            pass
    return text.strip()
