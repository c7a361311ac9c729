"""The hyperparameters of SageMaker's built-in PCA: names, ranges, and all that is wrong with those given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import settings
from settings import one_of, whole, yes_or_no

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


KNOWN: dict[str, tuple[Callable[[str], Any], Any]] = {
    "feature_dim": (whole(1), None), "num_components": (whole(1), None), "mini_batch_size": (whole(1), None),
    "algorithm_mode": (one_of("regular", "randomized"), "regular"), "subtract_mean": (yes_or_no, True),
    "extra_components": (whole(-1), -1), "_tuning_objective_metric": (str, None),
}  # fmt: skip
REQUIRED = {
    "feature_dim": "the number of columns, a whole number from 1",
    "num_components": "how many components to find, a whole number from 1",
    "mini_batch_size": "rows of a batch, a whole number from 1; here it changes nothing",
}


def read(given: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they arrive, all of them text; raises ``UserError`` with all that is wrong."""
    values, _, problems = settings.read(given, KNOWN, "PCA", required=REQUIRED)
    columns, components = values["feature_dim"], values["num_components"]
    if columns and components and components > columns:
        problems.append(f"num_components: {components} of them need as many columns, and feature_dim is {columns}")
    if values["extra_components"] >= 0 and values["algorithm_mode"] == "regular":
        problems.append("extra_components: are of algorithm_mode randomized only; leave it out")
    settings.refuse(problems)
    if values["extra_components"] < 0:
        values["extra_components"] = max(10, components)
    return values
