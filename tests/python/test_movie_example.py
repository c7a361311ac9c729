"""The movie example: its bytes, its matrix, and the clusters that are found where they were planted."""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
from pathlib import Path

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
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> shardr.Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHARDR_HOME", str(tmp_path_factory.mktemp("home")))
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
    clusters = run.collect(
        "score", "clusters", merge=lambda files: next(f for f in map(Path, files) if f.suffix == ".csv")
    )
    with clusters.open(newline="") as file:
        listed = [row for row in csv.DictReader(file) if row["part"] == "train"]
    titles = [row["product_id"] for row in listed]
    labels = [int(row["cluster"]) for row in listed]
    groups = [int(name[1:]) % 6 for name in titles]
    assert adjusted_rand_score(groups, labels) > FOUND
    table = matrix(folder, titles, 400)
    wanted = PCA(6, svd_solver="full").fit(table.astype(np.float64))
    model = run.collect("pca", "model", merge=lambda files: unpacked(Path(files[0]).read_bytes(), "model"))
    assert apart(model["v"], wanted.components_.T) < 1e-4
    theirs = DBSCAN(eps=0.7, min_samples=5).fit_predict(wanted.transform(table.astype(np.float64)))
    assert adjusted_rand_score(theirs, labels) > 0.99  # border points may be of either cluster that they touch
