"""Algorithms that shardr has a program for, of SageMaker and its own: which image, and what runs without one."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from shardr._inst import inst
from shardr.errors import RunnerError
from shardr.local.docker.images import OURS, own
from shardr.local.runners.interpreter import python
from shardr.local.runners.machine import this_machine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# The accounts that AWS keeps its algorithms in, as its SDK 2.245.0 lists them for each region. The same name in an
# account of the user's own is an image of the user's own.
SHARED = """
    104374241257 106583098589 108575199400 124985052026 190319476487 226302683700 237065988967 249704162688
    257386234256 272398656194 286214385809 387376663083 390948362332 455444449433 469771592824 475088953585
    490574956308 628508329040 632365934929 644912444149 669576153137 680994064768 749696950732 765400339828
    855470959533 867004704886 898809789911 951798379941 991648021394
"""
OF_FIRST = """
    174872318107 351501993468 382416733822 404615174143 438346466558 664544806723 712309505854 835164637446
"""
OF_XGBOOST = """
    121021644041 141502667606 246618743249 257758044811 281123927165 306986355934 341280168497 354813040037
    366743142698 414596584902 433757028032 450853457545 451049120500 492215442770 501404015308 510948584623
    544295431143 651117190479 659782779980 662702820516 683313688378 685385470294 720646828776 737474898029
    746614075791 764974769150 783357654285 801668240914 811284229777 813361260812 825641698319 833128469047
    978288397137
"""
REGISTRY = re.compile(
    r"(?P<account>[0-9]{12})\.dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?"
    r"/(?P<name>[a-z-]+(?::[\w.-]+)?)(?:@sha256:[0-9a-f]{64})?"
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
    """A program of ours that keeps the contract of an algorithm."""

    name: str
    """The algorithm, as ``xgboost``."""
    image: str
    """shardr's image of it, which ``shardr images build`` makes."""
    program: Path
    """The folder with the program."""
    needs: tuple[str, ...]
    """Packages that it imports, beside those that shardr itself depends on."""
    metrics: list[tuple[str, str]]
    """Names and expressions of the metrics that the service defines where a request defines none."""
    of_r: bool
    """Whether the program and its packages are R's."""
    piped: bool
    """Whether its channels may be streamed."""

    @property
    def folders(self) -> list[Path]:
        """What the process runner must show to the instance: the program, and what such programs share."""
        return [self.program] if self.of_r else [self.program, self.program.parent / "builtin"]

    @property
    def entrypoint(self) -> list[str]:
        """What runs without an image, with ``train`` or ``serve`` behind it."""
        return ["bash", str(self.program / f"{self.name}.sh")] if self.of_r else [python(), str(self.program)]

    def command(self, arguments: Sequence[str]) -> list[str]:
        """What runs when the image would be started with these arguments."""
        return [*self.entrypoint, *arguments]

    def check(self) -> None:
        """Raises ``RunnerError`` where this machine's Python, or R, lacks what the program imports."""
        here = not_in_r(self.needs) if self.of_r else [name for name in self.needs if find_spec(name) is None]
        if here:
            how = f'install.packages("{here[0]}") in R' if self.of_r else f"pip install 'shardr[{self.name}]'"
            raise RunnerError(
                f"{self.name} needs the {'R' if self.of_r else 'Python'} package {' and '.join(here)}, which is not"
                " installed",
                fix=f"{how}, or take the runner docker, whose image has it",
            )


def not_in_r(packages: tuple[str, ...]) -> list[str]:
    """Those of the packages that instances do not find in this machine's R; all where there is no R."""
    code = "cat(Filter(function(name) !nzchar(system.file(package = name)), commandArgs(TRUE)), sep = '\\n')"
    try:
        told = subprocess.run(
            ["Rscript", "-e", code, *packages], capture_output=True, text=True, check=True,
            env=this_machine().environment, cwd="/",
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return list(packages)
    return told.stdout.split()


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


def _kmeans_metrics() -> list[tuple[str, str]]:
    r"""The same of K-means: ``test:msd`` and ``test:ssd`` are what a tuning job may go by.

    >>> dict(_kmeans_metrics())["test:msd"]
    '#quality_metric: host=\\S+, test msd <loss>=(\\S+)'
    """
    quality = [f"{data} {metric}" for data in ("test", "train") for metric in ("msd", "ssd")]
    return [
        *((name.replace(" ", ":"), rf"#quality_metric: host=\S+, {name} <loss>=(\S+)") for name in quality),
        ("train:progress", r"#progress_metric: host=\S+, completed (\S+) %"),
        ("train:throughput", r"#throughput_metric: host=\S+, train throughput=(\S+) records/second"),
    ]


@dataclass(frozen=True)
class _Algorithm:
    program: str
    """Its folder in what is installed with shardr."""
    needs: tuple[str, ...] = ()
    accounts: frozenset[str] = frozenset()
    """Of AWS, where the service has the algorithm built in, and the image's names there with their tags."""
    repositories: str = ""
    metrics: tuple[tuple[str, str], ...] = ()
    of_r: bool = False
    piped: bool = False


ALGORITHMS = {
    "dbscan": _Algorithm("container", ("dbscan", "jsonlite"), of_r=True),
    "kmeans": _Algorithm(
        "container/kmeans",
        (),
        frozenset((SHARED + OF_FIRST).split()),
        r"kmeans:(?:1|latest)",
        tuple(_kmeans_metrics()),
        piped=True,
    ),
    "pca": _Algorithm("container/pca", (), frozenset((SHARED + OF_FIRST).split()), r"pca:(?:1|latest)", piped=True),
    "xgboost": _Algorithm(
        "container/xgboost",
        ("xgboost", "scipy"),
        frozenset((SHARED + OF_XGBOOST).split()),
        r"sagemaker-xgboost(?::[\w.-]+)?|xgboost:(?:1|latest)",
        tuple(_xgboost_metrics()),
    ),
}


def builtin(image_uri: str) -> Builtin | None:
    """What stands in for this image here: for AWS's image of an algorithm, in any region, and for our own image of one.

    >>> builtin("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1").image
    'shardr/xgboost'
    >>> builtin("382416733822.dkr.ecr.us-east-1.amazonaws.com/pca:1").image
    'shardr/pca'
    >>> builtin("382416733822.dkr.ecr.us-east-1.amazonaws.com/kmeans:1").image
    'shardr/kmeans'
    >>> builtin("123456789012.dkr.ecr.us-east-1.amazonaws.com/my-own:1") is None
    True
    """
    match = REGISTRY.fullmatch(image_uri)
    for name, known in ALGORITHMS.items():
        of_aws = match and match["account"] in known.accounts and re.fullmatch(known.repositories, match["name"])
        if own(image_uri) == name or of_aws:
            program, metrics = inst(*known.program.split("/")), list(known.metrics)
            return Builtin(name, f"{OURS}{name}", program, known.needs, metrics, known.of_r, known.piped)
    return None


def image_here(image_uri: str) -> str:
    """The image that stands for this one on this machine: ours for an algorithm of the service's, else itself."""
    known = builtin(image_uri)
    return image_uri if known is None else known.image
