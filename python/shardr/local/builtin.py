"""SageMaker's built-in algorithms that shardr has a program for: which image, and which program where there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from shardr._inst import inst
from shardr.errors import RunnerError
from shardr.local.docker.images import OURS, own
from shardr.local.runners.interpreter import python

if TYPE_CHECKING:
    from pathlib import Path

# The accounts that AWS keeps XGBoost in, one or two for each region, as its SDK 2.245.0 lists them. The same name in an
# account of the user's own is an image of the user's own.
ACCOUNTS = frozenset(map(str, (
    104374241257, 106583098589, 108575199400, 121021644041, 124985052026, 141502667606, 190319476487,
    226302683700, 237065988967, 246618743249, 249704162688, 257386234256, 257758044811, 272398656194,
    281123927165, 286214385809, 306986355934, 341280168497, 354813040037, 366743142698, 387376663083,
    390948362332, 414596584902, 433757028032, 450853457545, 451049120500, 455444449433, 469771592824,
    475088953585, 490574956308, 492215442770, 501404015308, 510948584623, 544295431143, 628508329040,
    632365934929, 644912444149, 651117190479, 659782779980, 662702820516, 669576153137, 680994064768,
    683313688378, 685385470294, 720646828776, 737474898029, 746614075791, 749696950732, 764974769150,
    765400339828, 783357654285, 801668240914, 811284229777, 813361260812, 825641698319, 833128469047,
    855470959533, 867004704886, 898809789911, 951798379941, 978288397137, 991648021394,
)))  # fmt: skip
URI = re.compile(
    r"(?P<account>[0-9]{12})\.dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?"
    r"/(?:sagemaker-xgboost(?::[\w.-]+)?|xgboost:(?:1|latest))(?:@sha256:[0-9a-f]{64})?"
)

# What its container computes, version 1.5 and later; XGBoost's own and those by scikit-learn.
XGBOOST_METRICS = (
    "accuracy", "aft-nloglik", "auc", "aucpr", "balanced_accuracy", "cox-nloglik", "error", "f1", "f1_binary",
    "f1_macro", "gamma-deviance", "gamma-nloglik", "interval-regression-accuracy", "logloss", "mae", "map", "mape",
    "merror", "mlogloss", "mphe", "mse", "ndcg", "poisson-nloglik", "precision", "precision_macro", "precision_micro",
    "r2", "recall", "recall_macro", "recall_micro", "rmse", "rmsle", "tweedie-nloglik",
)  # fmt: skip


@dataclass(frozen=True)
class Builtin:
    """A program of ours that keeps the contract of a built-in algorithm."""

    name: str
    """The algorithm: ``xgboost``."""
    image: str
    """shardr's image of it, which ``shardr images build`` makes."""
    program: Path
    """The folder with the program, which the process runner must show to the instance."""
    needs: tuple[str, ...]
    """Packages that it imports, beside those that shardr itself depends on."""
    metrics: list[tuple[str, str]]
    """Names and expressions of the metrics that the service defines where a request defines none."""

    @property
    def entrypoint(self) -> list[str]:
        """What runs without an image, with ``train`` or ``serve`` behind it."""
        return [python(), str(self.program)]

    def check(self) -> None:
        """Raises ``RunnerError`` where this machine's Python lacks what the program imports."""
        if missing := [name for name in self.needs if find_spec(name) is None]:
            raise RunnerError(
                f"{self.name} needs the Python package {' and '.join(missing)}, which is not installed",
                fix=f"pip install 'shardr[{self.name}]', or take the runner docker, whose image has it",
            )


def builtin(image_uri: str) -> Builtin | None:
    """What stands in for this image here: for AWS's XGBoost of any version and region, and for our own image of it.

    >>> builtin("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1").image
    'shardr/xgboost'
    >>> builtin("123456789012.dkr.ecr.us-east-1.amazonaws.com/my-own:1") is None
    True
    """
    match = URI.fullmatch(image_uri)
    if own(image_uri) != "xgboost" and not (match and match["account"] in ACCOUNTS):
        return None
    program = inst("container", "xgboost")
    return Builtin("xgboost", f"{OURS}xgboost", program, ("xgboost", "scipy"), _xgboost_metrics())


def _xgboost_metrics() -> list[tuple[str, str]]:
    r"""The definitions as ``DescribeTrainingJob`` shows them on the service.

    >>> dict(_xgboost_metrics())["train:rmse"]
    '.*\\[[0-9]+\\].*#011train-rmse:([-+]?[0-9]*\\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*'
    """
    number = r"([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"
    return [
        (f"{data}:{metric}", rf".*\[[0-9]+\].*#011{data}-{metric}:{number}.*")
        for metric in XGBOOST_METRICS
        for data in ("train", "validation")
    ]


def image_here(image_uri: str) -> str:
    """The image that stands for this one on this machine: ours for an algorithm of the service's, else itself."""
    known = builtin(image_uri)
    return image_uri if known is None else known.image
