"""The taxi example by its commands, in both runners: File and Pipe learn the same, and what scikit-learn learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from container.kmeans_world import centres_of
from container.pca_world import apart, unpacked
from example_world import RUNNERS, Example, ready
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

import shardr

ROWS, CLUSTERS = 6000, 8
NEAR = 1.03
"""How much farther from their centres test rows may be than from scikit-learn's."""


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    sizes = ("--rows", str(ROWS), "--shards", "5", "--test-rows", "1500")
    return Example("taxi-pipe", tmp_path_factory.mktemp("taxi"), *sizes)


def table(folder: Path) -> np.ndarray:
    """The rows of a channel."""
    return np.concatenate([block.features for block in shardr.recordio_blocks(sorted(folder.iterdir()))]).astype(float)


def msd(rows: np.ndarray, centres: np.ndarray) -> float:
    """The mean square of how far rows are from their nearest centre, by the formula."""
    return float((((rows[:, None] - centres) ** 2).sum(axis=2)).min(axis=1).mean())


@pytest.fixture(scope="module")
def wanted(example: Example) -> float:
    """What scikit-learn's centres leave of the test rows."""
    found = KMeans(CLUSTERS, n_init=4, random_state=1).fit(table(example.data / "train"))
    return msd(table(example.data / "test"), found.cluster_centers_)


@pytest.mark.parametrize("runner", RUNNERS)
def test_pca_finds_the_same_components_streamed_and_from_files(
    example: Example, runner: str, request: pytest.FixtureRequest
) -> None:
    ready(runner, request, "pca")
    found = {}
    for mode, instances in (("Pipe", 2), ("File", 1)):
        run = example.run(runner, algorithm="pca", input_mode=mode, instances=instances)
        (path,) = example.files(run, "pca.model")
        found[mode] = unpacked(Path(path).read_bytes(), "model")
    for name in ("mean", "s", "v"):
        assert found["Pipe"][name] == pytest.approx(found["File"][name], rel=1e-5, abs=1e-5)
    rows = table(example.data / "train")
    assert apart(found["Pipe"]["v"], PCA(10, svd_solver="full").fit(rows).components_.T) < 1e-4


@pytest.mark.parametrize("runner", RUNNERS)
def test_the_builtin_kmeans_finds_the_clusters_of_scikit_learn_in_both_modes(
    example: Example, wanted: float, runner: str, request: pytest.FixtureRequest
) -> None:
    ready(runner, request, "kmeans")
    train, test, found = table(example.data / "train"), table(example.data / "test"), {}
    for mode in ("File", "Pipe"):
        run = example.run(runner, algorithm="kmeans", input_mode=mode, instances=2, batch_rows=500)
        (path,) = example.files(run, "kmeans.model")
        found[mode] = centres_of(Path(path).read_bytes()).astype(float)
        assert msd(test, found[mode]) < NEAR * wanted
        scored = shardr.Run(run).metrics().set_index("metric")["value"]
        assert scored["test:msd"] == pytest.approx(msd(test, found[mode]), rel=1e-4)
        assert scored["train:msd"] == pytest.approx(msd(train, found[mode]), rel=1e-4)
        assert scored["train:ssd"] == pytest.approx(ROWS * msd(train, found[mode]), rel=1e-4)
    assert found["Pipe"] == pytest.approx(found["File"], rel=1e-4, abs=1e-4)


def judged(run: str, centres: pd.DataFrame, example: Example, wanted: float) -> None:
    """Fails unless the centres are those of all rows, nearly as good as scikit-learn's, and scored as they are."""
    assert len(centres) == CLUSTERS
    assert centres["rows"].sum() == pytest.approx(ROWS)
    found = msd(table(example.data / "test"), centres.drop(columns="rows").to_numpy())
    assert found < NEAR * wanted
    metrics = shardr.Run(run).metrics().set_index("metric")["value"]
    assert metrics["test:msd"] == pytest.approx(found)
    assert metrics["test:ssd"] == pytest.approx(1500 * found)


@pytest.mark.parametrize("runner", RUNNERS)
def test_from_r_the_script_in_r_streams_on_two_instances_and_its_centres_are_a_data_frame(
    example: Example, wanted: float, runner: str, request: pytest.FixtureRequest
) -> None:
    ready(runner, request, "processing")
    code = """
        library(shardr)
        run <- job_run("job.yml", set = list(algorithm = "own", input_mode = "Pipe", instances = 2))
        write.csv(collect(run, "join", "model"), "from-r.csv", row.names = FALSE)
        cat("run", run$id)
        """
    run = example.r(code, SHARDR_RUNNER=runner).split("run ")[-1].strip()
    judged(run, pd.read_csv(example.folder / "from-r.csv"), example, wanted)


def test_the_script_in_python_finds_them_too_and_an_instance_without_files_does_no_harm(
    example: Example, wanted: float
) -> None:
    own = {"algorithm": "own", "code": "kmeans.py", "image": "python", "input_mode": "File"}
    run = example.run("process", **own, instances=6)
    judged(run, pd.read_csv(example.collect(run, "join.model", "centres.csv")), example, wanted)
