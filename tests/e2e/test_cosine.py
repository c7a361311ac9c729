"""The cosine example by its commands, in R and in Python, in both runners: the neighbours that scikit-learn finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from example_world import RUNNERS, Example, ready
from sklearn.metrics.pairwise import cosine_similarity

if TYPE_CHECKING:
    from pathlib import Path

K, INSTANCES = 10, 3
LANGUAGES = [{}, {"code": "cosine.py", "image": "python"}]
"""As the README has the commands: in R unless told otherwise."""


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    return Example("cosine-similarity", tmp_path_factory.mktemp("cosine"), "--rows", "700", "--columns", "16")


@pytest.fixture(scope="module")
def similarity(example: Example) -> np.ndarray:
    """All similarities as scikit-learn has them."""
    found: np.ndarray = cosine_similarity(np.load(example.data / "matrix.npy").astype(float))
    return found


@pytest.fixture(params=RUNNERS)
def runner(request: pytest.FixtureRequest) -> str:
    return ready(request.param, request, "processing", "python")


def holds_the_nearest(table: pd.DataFrame, similarity: np.ndarray) -> None:
    """Each row has its K nearest others, nearest first, and what is told of them is true."""
    rows = len(similarity)
    assert table["row"].tolist() == np.repeat(np.arange(1, rows + 1), K).tolist()
    neighbours = table["neighbour"].to_numpy().reshape(rows, K) - 1
    values = table["similarity"].to_numpy().reshape(rows, K)
    others = similarity.copy()
    np.fill_diagonal(others, -np.inf)
    np.testing.assert_allclose(values, -np.sort(-others, axis=1)[:, :K], atol=3e-6)
    np.testing.assert_allclose(np.take_along_axis(others, neighbours, axis=1), values, atol=3e-6)
    assert all(len(set(row)) == K for row in neighbours.tolist())


@pytest.mark.parametrize("language", LANGUAGES, ids=["R", "Python"])
def test_three_instances_find_the_nearest_rows(
    example: Example, similarity: np.ndarray, runner: str, language: dict[str, str]
) -> None:
    run = example.run(runner, instances=INSTANCES, **language)
    names = [path.rpartition("/")[2] for path in example.files(run, "train.model")]
    assert names == [f"algo-{i}-neighbours.csv" for i in range(1, INSTANCES + 1)]
    holds_the_nearest(pd.read_csv(example.collect(run, "train.model", f"{run}.csv")), similarity)


@pytest.mark.parametrize("language", LANGUAGES, ids=["R", "Python"])
def test_blocks_are_the_whole_matrix_of_similarities(
    example: Example, similarity: np.ndarray, runner: str, language: dict[str, str]
) -> None:
    run = example.run(runner, instances=INSTANCES, **language, mode="block", block_rows=64)
    parts = [np.fromfile(path, "<f4") for path in example.files(run, "train.model")]
    found = np.concatenate(parts).reshape(len(similarity), -1)
    np.testing.assert_allclose(found, similarity, atol=3e-6)


def test_from_r_the_same_job_gives_a_data_frame(
    example: Example, similarity: np.ndarray, runner: str, tmp_path: Path
) -> None:
    code = (
        'library(shardr); run <- job_run("job.yml", set = list(instances = 2)); '
        f'write.csv(collect(run, "train", "model"), "{tmp_path}/found.csv", row.names = FALSE)'
    )
    example.r(code, SHARDR_RUNNER=runner)
    holds_the_nearest(pd.read_csv(tmp_path / "found.csv"), similarity)
