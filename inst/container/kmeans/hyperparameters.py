"""The hyperparameters of SageMaker's built-in K-means: names, ranges, and all that is wrong with those given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import settings
from settings import Number, one_of, whole, yes_or_no

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

AUTO = 10
"""What ``auto`` comes to, both times, as the service's logs have it."""
METRICS = ("msd", "ssd")


def _or_auto(text: str) -> int:
    try:
        return AUTO if text == "auto" else int(whole(1)(text))
    except ValueError as error:
        raise ValueError(f"{error}, or auto") from None


def _metrics(text: str) -> list[str]:
    found = [word.strip(" \"'") for word in text.strip(" []").split(",")]
    if set(found) - set(METRICS):
        raise ValueError('a list of msd and ssd, as ["msd", "ssd"]')
    return [metric for metric in METRICS if metric in found]


SEEDING = one_of("random", "kmeans++")
KNOWN: dict[str, tuple[Callable[[str], Any], Any]] = {
    "feature_dim": (whole(1), None), "k": (whole(1), None), "epochs": (whole(1), 1),
    "eval_metrics": (_metrics, ["msd"]),
    "extra_center_factor": (_or_auto, AUTO), "half_life_time_size": (whole(0), 0), "init_method": (SEEDING, "random"),
    "local_lloyd_init_method": (SEEDING, "kmeans++"), "local_lloyd_max_iter": (whole(1), 300),
    "local_lloyd_num_trials": (_or_auto, AUTO), "local_lloyd_tol": (Number(0, 1), 0.0001),
    "mini_batch_size": (whole(1), 5000), "force_dense": (yes_or_no, True), "_tuning_objective_metric": (str, None),
}  # fmt: skip
REQUIRED = {
    "feature_dim": "the number of columns, a whole number from 1",
    "k": "how many clusters to find, a whole number from 1",
}


def read(given: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they arrive, all of them text; raises ``UserError`` with all that is wrong."""
    values, _, problems = settings.read(given, KNOWN, "K-means", required=REQUIRED)
    settings.refuse(problems)
    return values
