"""The Titanic example by its commands, by script and built in, in both runners: it learns what XGBoost itself does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xgboost as xgb
from container.xgboost_world import ALIKE
from example_world import RUNNERS, Example, ready

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 40
AWS = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    return Example("titanic-xgboost", tmp_path_factory.mktemp("titanic"))


@pytest.fixture(params=RUNNERS)
def runner(request: pytest.FixtureRequest) -> str:
    return ready(request.param, request, "xgboost")


def table(folder: Path) -> np.ndarray:
    """The rows of a channel as numbers, the label first."""
    lines = [line.split(",") for path in sorted(folder.iterdir()) for line in path.read_text().splitlines()]
    return np.array([[float(cell or "nan") for cell in line] for line in lines], dtype=np.float32)


@pytest.fixture(scope="module")
def alike(example: Example) -> Callable[[str], None]:
    """Fails unless a model of the rounds predicts as one that XGBoost learns of all rows in this process."""
    train, validation = (table(example.data / "builtin" / name) for name in ("train", "validation"))
    settings = {"objective": "binary:logistic", "base_score": 0.5, "eta": 0.1, "max_depth": 5}
    oracle = xgb.train(settings, xgb.DMatrix(train[:, 1:], label=train[:, 0]), ROUNDS)
    wanted = oracle.predict(xgb.DMatrix(validation[:, 1:]))
    assert np.mean((wanted > 0.5) == validation[:, 0]) > 0.75

    def check(path: str) -> None:
        model = xgb.Booster(model_file=bytearray(Path(path).read_bytes()))
        assert model.num_boosted_rounds() == ROUNDS
        assert model.predict(xgb.DMatrix(validation[:, 1:]), validate_features=False) == pytest.approx(
            wanted, abs=ALIKE
        )

    return check


@pytest.mark.parametrize(("mode", "instances"), [("script", 2), ("builtin", 1), ("builtin", 3)])
def test_both_modes_learn_on_any_number_of_instances_what_one_process_does(
    example: Example, alike: Callable[[str], None], runner: str, mode: str, instances: int
) -> None:
    run = example.run(runner, mode=mode, instances=instances, rounds=ROUNDS)
    (path,) = example.files(run, f"{mode}.model")
    alike(path)


def test_the_image_of_aws_needs_no_account_and_no_pull(
    example: Example, alike: Callable[[str], None], runner: str
) -> None:
    run = example.run(runner, mode="builtin", image=AWS, instances=2, rounds=ROUNDS)
    (path,) = example.files(run, "builtin.model")
    alike(path)


def test_from_r_the_same_job_learns_the_same_model(example: Example, alike: Callable[[str], None], runner: str) -> None:
    code = f"""
        library(shardr)
        run <- job_run("job.yml", set = list(mode = "script", instances = 2, rounds = {ROUNDS}))
        cat("model", collect(run, "script", "model", merge = identity))
        """
    found = re.search(r"model (\S.*)", example.r(code, SHARDR_RUNNER=runner))
    assert found
    alike(found[1])
