"""The built-in K-means: real processes, and scikit-learn as the oracle."""

from __future__ import annotations

import re
import struct
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from host_world import CSV, ended
from kmeans_world import Host, blobs, inertia, settings, squares
from rows_world import NO_LABEL, RECORDIO, csv, dense, sparse
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors

from shardr.local.builtin import builtin

if TYPE_CHECKING:
    from pathlib import Path

ROWS = blobs(6000)


@cache
def best() -> float:
    """How tight the clusters of scikit-learn are."""
    return float(KMeans(5, n_init=10, random_state=0).fit(ROWS).inertia_)


def trained(folder: Path, files: dict[str, Any], about: dict[str, str], **more: str) -> Host:
    host = Host(folder / "ml", {"train": files}, settings(6, 5) | more, {"train": about})
    status, printed = host.train()
    assert status == 0, printed
    return host


@pytest.mark.parametrize(
    ("content", "about"),
    [
        (csv(ROWS), NO_LABEL),
        (csv(np.column_stack([np.arange(6000), ROWS])), CSV),  # the label is first, when nobody says
        (dense(ROWS, labels=True), RECORDIO),
        (dense(ROWS), {"TrainingInputMode": "File"}),
    ],
    ids=["csv without labels", "csv with labels", "dense with labels", "recordio when nobody says"],
)
def test_the_clusters_are_as_tight_as_those_of_scikit_learn(tmp_path: Path, content: Any, about: Any) -> None:
    centres = trained(tmp_path, {"a": content}, about).centres
    assert (centres.shape, centres.dtype) == ((5, 6), np.float32)
    assert best() * 0.999 < inertia(ROWS, centres) < best() * 1.03


def test_sparse_rows_in_many_files_have_the_centres_of_the_same_rows_written_out_in_one(tmp_path: Path) -> None:
    rows = np.where(np.random.default_rng(4).random(ROWS.shape) < 0.5, 0, ROWS)
    rows[17] = 0
    files = {f"part-{i}": sparse(part) for i, part in enumerate(np.array_split(rows, 7))}
    more = {"mini_batch_size": "450", "init_method": "kmeans++", "epochs": "2"}
    found = trained(tmp_path / "many", files, RECORDIO, **more)
    assert np.array_equal(found.centres, trained(tmp_path / "one", {"a": dense(rows)}, RECORDIO, **more).centres)


def test_one_cluster_is_at_the_mean_and_with_a_half_life_at_that_of_the_newest_rows(tmp_path: Path) -> None:
    rows = np.sort(ROWS, axis=0)
    given = {"k": "1", "extra_center_factor": "1", "mini_batch_size": "1000"}
    host = trained(tmp_path / "all", {"a": dense(rows)}, RECORDIO, **given)
    assert host.centres[0] == pytest.approx(rows.astype(np.float64).mean(axis=0), rel=1e-6)
    head = struct.pack("<QQQIiI2qiii", 0x112, 0, 1, 0xF993FAC9, 0, 2, 1, 6, 1, 0, 0)  # one array, 1 × 6, no name
    assert (host.folder / "model/model_algo-1").read_bytes() == head + host.centres.tobytes() + bytes(8)
    host = trained(tmp_path / "newest", {"a": dense(rows)}, RECORDIO, **given, half_life_time_size="500")
    weights = 0.5 ** np.repeat(np.arange(10, -2, -2), 1000)  # a quarter for each batch that came after
    assert host.centres[0] == pytest.approx(np.average(rows.astype(np.float64), axis=0, weights=weights), rel=1e-6)


def group(folder: Path, shares: list[np.ndarray]) -> list[tuple[Host, int, str]]:
    """Hosts with these rows, when they have ended."""
    files = [{"train": {"a": dense(rows)} if len(rows) else {}} for rows in shares]
    hosts = Host.group(folder, files, settings(6, 5), {"train": RECORDIO})
    return [(host, *ended(process)) for host, process in [(host, host.start()) for host in hosts]]


def train_msd(printed: str) -> float:
    """What the log says."""
    return float(re.findall(r"train msd <loss>=(\S+)", printed)[0])


@pytest.mark.parametrize("bounds", [[2000], [0, 5000]], ids=["two", "three, the first without rows"])
def test_hosts_with_a_share_of_the_rows_find_one_model_as_good(tmp_path: Path, bounds: list[int]) -> None:
    found = group(tmp_path, np.split(ROWS, bounds))
    assert [status for _, status, _ in found] == [0] * len(found), found
    assert inertia(ROWS, found[0][0].centres) < best() * 1.03
    written = [(host.folder / "model/model_algo-1").exists() for host, *_ in found]
    assert written == [True] + [False] * (len(found) - 1)
    assert train_msd(found[0][2]) == pytest.approx(inertia(ROWS, found[0][0].centres) / 6000, rel=1e-6)


def test_fewer_rows_than_clusters_on_all_hosts_are_told_on_each(tmp_path: Path) -> None:
    found = group(tmp_path, [ROWS[:2], ROWS[2:4]])
    assert [status for _, status, _ in found] == [1, 1]
    assert {host.failure for host, *_ in found} == {"k: 5 clusters need as many rows, and the channel train has 4"}


def test_what_is_printed_has_the_metrics_that_the_service_defines(tmp_path: Path) -> None:
    new = blobs(500, seed=2)
    given = settings(6, 5, eval_metrics='["msd", "ssd"]', epochs="2")
    host = Host(tmp_path / "ml", {"train": {"a": dense(ROWS)}, "test": {"a": csv(new)}}, given,
                {"train": RECORDIO, "test": NO_LABEL})  # fmt: skip
    status, printed = host.train()
    assert status == 0, printed
    known = builtin("shardr/kmeans")
    assert known
    found = {name: [float(value) for value in re.findall(pattern, printed)] for name, pattern in known.metrics}
    assert found["train:progress"] == [50, 100]
    assert min(found["train:throughput"]) > 1000
    wanted = squares(new, host.centres).min(axis=1)
    assert found["test:msd"] == pytest.approx([wanted.mean()], rel=1e-6)
    assert found["test:ssd"] == pytest.approx([wanted.sum()], rel=1e-6)
    assert found["train:ssd"] == pytest.approx([found["train:msd"][0] * 6000], rel=1e-6)
    assert found["train:msd"] == pytest.approx([inertia(ROWS, host.centres) / 6000], rel=1e-6)


def test_the_loss_of_rows_that_are_all_kept_is_that_of_scikit_learn_for_the_centres_found(tmp_path: Path) -> None:
    rows = np.where(np.random.default_rng(4).random(ROWS.shape) < 0.5, 0, ROWS)
    host = Host(tmp_path / "ml", {"train": {"a": sparse(rows)}}, settings(6, 5), {"train": RECORDIO})
    status, printed = host.train()
    assert status == 0, printed
    distances, _ = NearestNeighbors(n_neighbors=1).fit(host.centres.astype(np.float64)).kneighbors(rows)
    assert train_msd(printed) == pytest.approx((distances**2).mean(), rel=1e-6)


def test_all_hyperparameters_of_k_means_that_are_wrong_are_told_at_once(tmp_path: Path) -> None:
    given = {"feature_dim": "0", "init_method": "kmeans", "local_lloyd_tol": "1.5", "extra_center_factor": "0",
             "eval_metrics": '["mse"]', "epoch": "2", "half_life_time_size": "-1",
             "mini_batch_size": "2.5"}  # fmt: skip
    host = Host(tmp_path / "ml", {"train": {"a": dense(ROWS)}}, given, {"train": RECORDIO})
    assert host.train()[0] == 1
    assert host.failure.splitlines() == [
        "9 hyperparameters are wrong:",
        '  epoch: unknown; did you mean "epochs"?',
        '  eval_metrics: expected a list of msd and ssd, as ["msd", "ssd"], found "["mse"]"',
        '  extra_center_factor: expected a whole number from 1, or auto, found "0"',
        '  feature_dim: expected a whole number from 1, found "0"',
        '  half_life_time_size: expected a whole number from 0, found "-1"',
        '  init_method: expected one of random, kmeans++; did you mean "kmeans++"?, found "kmeans"',
        '  local_lloyd_tol: expected a number from 0 to 1, found "1.5"',
        '  mini_batch_size: expected a whole number from 1, found "2.5"',
        "  k: is required: how many clusters to find, a whole number from 1",
    ]


BAD = ROWS[:9].copy()
BAD[6, 2] = np.inf


@pytest.mark.parametrize(
    ("content", "about", "reason"),
    [
        (csv(ROWS[:3]) + "," * 5 + "\n", NO_LABEL, "train/a, line 4: a value is missing or no finite number"),
        (dense(BAD), RECORDIO, "train/a, record 7: a value is missing or no finite number"),
        (dense(np.full((6, 6), 1e30)), RECORDIO, "train/a, record 1 and after it: values are too large to be squared"),
        (dense(ROWS[:, :5]), RECORDIO, "train/a, record 1: expected 6 columns, found 5"),
        ("", RECORDIO, "the channel train has no rows"),
        (dense(ROWS[:4]), RECORDIO, "k: 5 clusters need as many rows, and the channel train has 4"),
        ("a,b\n1,2\n", NO_LABEL, "the built-in K-means takes each line for a row"),
        ("x", {"ContentType": "image/png"}, "the content type image/png is none that K-means knows"),
    ],
)
def test_rows_that_k_means_cannot_learn_from_are_told(
    tmp_path: Path, content: Any, about: dict[str, str], reason: str
) -> None:
    host = Host(tmp_path / "ml", {"train": {"a": content}}, channels={"train": about})
    assert host.train()[0] == 1
    assert reason in host.failure
    assert list((host.folder / "model").iterdir()) == []
