"""The movie example: its bytes, its matrix, and the clusters that are found where they were planted."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from container.pca_world import apart, unpacked
from sklearn.cluster import DBSCAN
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score

import shardr

EXAMPLE = Path(__file__).parents[2] / "inst" / "examples" / "movie-clusters"
DIGEST = "70921569ae81a4e5c37dcbe12f9b13b46c2e9aca95921a7c783de1e9ded23766"
FOUND = 0.95
"""The adjusted Rand index that the planted clusters must be found with; 0.996 was."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("movies")
    for file in EXAMPLE.iterdir():
        if file.is_file():
            (made / file.name).write_bytes(file.read_bytes())
    subprocess.run([sys.executable, "-B", made / "generate.py", made / "dataset"], check=True, capture_output=True)
    return made


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "dataset/reviews.tsv").open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_the_bytes_are_the_same_on_every_machine(folder: Path) -> None:
    content = b"".join((folder / "dataset" / name).read_bytes() for name in ("reviews.tsv", "truth.csv"))
    assert hashlib.sha256(content).hexdigest() == DIGEST


def test_customers_and_movies_have_long_tails_and_nobody_reviews_a_movie_twice(folder: Path) -> None:
    found = rows(folder)
    pairs = {(row["customer_id"], row["product_id"]) for row in found}
    assert len(pairs) == len(found)
    _, wrote = np.unique([row["customer_id"] for row in found], return_counts=True)
    _, has = np.unique([row["product_id"] for row in found], return_counts=True)
    assert 0.0002 < np.mean(wrote >= 35) < 0.002
    assert np.mean(has > 8) < 0.25
    assert has.max() > 50 * np.median(has)


@pytest.fixture(scope="module")
def home_of_run(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def run(folder: Path, home_of_run: str) -> shardr.Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHARDR_HOME", home_of_run)
        yield shardr.run(str(folder / "job.yml"), runner="process", test_share=0.1)


def matrix(folder: Path, titles: list[str], customers: int) -> np.ndarray:
    """What prepare.py should make, written out: of customers with as many reviews, the first by name come first."""
    found = rows(folder)
    wrote: dict[str, int] = {}
    for row in found:
        wrote[row["customer_id"]] = wrote.get(row["customer_id"], 0) + 1
    ordered = sorted((name for name in wrote if wrote[name] >= 10), key=lambda name: (-wrote[name], name))[:customers]
    place, line = ({name: i for i, name in enumerate(names)} for names in (ordered, titles))
    table = np.zeros((len(titles), customers), np.float32)
    for row in found:
        if row["product_id"] in line and row["customer_id"] in place and int(row["star_rating"]) >= 4:
            table[line[row["product_id"]], place[row["customer_id"]]] = 1
    return table


def test_the_planted_clusters_are_found_and_are_those_of_scikit_learn(folder: Path, run: shardr.Run) -> None:
    clusters = run.collect("score", "clusters")
    listed = clusters[clusters["part"] == "train"]
    titles, labels = list(listed["product_id"]), list(listed["cluster"])
    groups = [int(name[1:]) % 6 for name in titles]
    assert adjusted_rand_score(groups, labels) > FOUND
    table = matrix(folder, titles, 400)
    wanted = PCA(6, svd_solver="full").fit(table.astype(np.float64))
    model = run.collect("pca", "model", merge=lambda files: unpacked(Path(files[0]).read_bytes(), "model"))
    assert apart(model["v"], wanted.components_.T) < 1e-4
    theirs = DBSCAN(eps=0.7, min_samples=5).fit_predict(wanted.transform(table.astype(np.float64)))
    assert adjusted_rand_score(theirs, labels) > 0.99  # border points may be of either cluster that they touch


def test_the_answers_to_what_pca_wrote_are_named_after_it_and_stand_behind_it(run: shardr.Run) -> None:
    for part in ("train", "test"):
        (projected,) = run.files(f"project-{part}", "transformed")
        (clustered,) = run.files(f"cluster-{part}", "transformed")
        assert (projected.name, clustered.name) == (f"{part}.pbr.out", f"{part}.pbr.out.out")
        asked, answered = ([json.loads(line) for line in open(file)] for file in (projected, clustered))  # noqa: PTH123, SIM115
        assert [{"projection": one["projection"]} for one in answered] == asked
        clusters = run.collect("score", "clusters")
        assert [one["SageMakerOutput"] for one in answered] == list(clusters[clusters["part"] == part]["cluster"])


def test_an_endpoint_answers_what_batch_transform_wrote(
    run: shardr.Run, home_of_run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHARDR_HOME", home_of_run)
    rows = run.files("prepare", "test")[0].read_bytes()
    projected = run.files("project-test", "transformed")[0].read_bytes()
    clusters = [str(one) for one in run.collect("cluster-test", "transformed")["SageMakerOutput"]]
    for step in ("pca", "dbscan"):
        shardr.deploy(f"{run.id}.{step}", step, runner="process")
    try:
        jsonlines = "application/jsonlines"
        found, _ = shardr.Endpoint("pca").invoke(rows, "application/x-recordio-protobuf", jsonlines)
        assert found == projected
        found, _ = shardr.Endpoint("dbscan").invoke(b"".join(projected.splitlines(keepends=True)[:5]), jsonlines)
        assert found.decode().split() == clusters[:5]
    finally:
        for step in ("pca", "dbscan"):
            shardr.Endpoint(step).delete()


def test_the_picture_shows_a_colour_for_each_cluster(run: shardr.Run) -> None:
    picture, score = sorted(run.files("score", "report"))
    assert (picture.name, score.name) == ("clusters.png", "score.json")
    pixels = matplotlib.image.imread(picture)[:, :, :3].reshape(-1, 3)
    colours, counts = np.unique((pixels * 255).astype(int), axis=0, return_counts=True)
    vivid = colours[(counts > 100) & (np.ptp(colours, axis=1) > 60)]
    assert len(vivid) == 6
    assert json.loads(score.read_text())["adjusted_rand"] > FOUND
