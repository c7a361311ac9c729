"""The built-in PCA: real processes, and scikit-learn as the oracle."""

from __future__ import annotations

import itertools
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from host_world import CSV, ended
from pca_world import Host, apart, settings, table
from rows_world import NO_LABEL, RECORDIO, csv, dense, field_of, framed, record, sparse
from sklearn.decomposition import PCA

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ROWS = table(3000)
SAME = 1e-5
"""The sine of the angle between what is found and what scikit-learn finds: the model is kept in single precision."""


def trained(folder: Path, content: Any, about: dict[str, str], **more: Any) -> Host:
    host = Host(folder / "ml", {"train": {"a": content}}, channels={"train": about}, **more)
    status, printed = host.train()
    assert status == 0, printed
    return host


def oracle(rows: np.ndarray, components: int = 4) -> PCA:
    return PCA(components, svd_solver="full").fit(rows.astype(np.float64))


def compare(host: Host, wanted: PCA) -> None:
    """Components, mean and singular values, the largest component last."""
    model = host.model
    components = wanted.n_components_
    assert model["v"].shape == (wanted.n_features_in_, components)
    assert model["mean"].shape == (1, wanted.n_features_in_)
    assert np.allclose(model["mean"][0], wanted.mean_, rtol=1e-6)
    assert np.allclose(model["s"][::-1], wanted.singular_values_, rtol=1e-5)
    for i in range(components):
        found = model["v"][:, components - 1 - i]
        assert abs(found @ wanted.components_[i]) == pytest.approx(1, abs=1e-5)
        assert found[np.argmax(np.abs(found))] > 0


@pytest.mark.parametrize(
    ("content", "about"),
    [
        (csv(ROWS), NO_LABEL),
        (csv(np.column_stack([np.arange(3000), ROWS])), CSV),  # the label is first, when nobody says
        (dense(ROWS), RECORDIO),
        (dense(ROWS, labels=True), RECORDIO),
        (dense(ROWS), {"TrainingInputMode": "File"}),
    ],
    ids=["csv without labels", "csv with labels", "dense", "dense with labels", "recordio when nobody says"],
)
def test_the_components_are_those_of_scikit_learn_in_ascending_order(
    tmp_path: Path, content: Any, about: dict[str, str]
) -> None:
    compare(trained(tmp_path, content, about), oracle(ROWS))


def test_sparse_rows_have_the_components_of_the_same_rows_written_out(tmp_path: Path) -> None:
    rows = np.where(np.random.default_rng(4).random(ROWS.shape) < 0.8, 0, ROWS)
    rows[17] = 0
    compare(trained(tmp_path, sparse(rows), RECORDIO), oracle(rows))


def test_rows_of_many_kinds_in_one_file_are_all_read(tmp_path: Path) -> None:
    packed = [row.astype("<f8").tobytes() for row in ROWS[:1000].astype(np.float64)]
    doubles = b"".join(framed(record(field_of(1, row), kind=3)) for row in packed)
    loose = b"".join(
        framed(record(b"".join(b"\x0d" + struct.pack("<f", value) for value in row))) for row in ROWS[1000:1500]
    )
    content = dense(ROWS[1500:2000]) + doubles + loose + sparse(ROWS[2000:])
    compare(trained(tmp_path, content, RECORDIO), oracle(ROWS))


def test_a_record_that_was_cut_at_what_looks_like_a_frame_is_put_together_again(tmp_path: Path) -> None:
    magic = np.frombuffer(struct.pack("<I", 0xCED7230A), "<f4")[0]
    rows = ROWS.copy()
    rows[7, 2] = magic
    whole = record(field_of(1, rows[7].tobytes()))
    at = whole.index(struct.pack("<I", 0xCED7230A))
    cut = framed(whole[:at], 1) + framed(whole[at + 4 :], 3)
    found = trained(tmp_path, dense(rows[:7]) + cut + dense(rows[8:]), RECORDIO)
    assert found.model["mean"][0] == pytest.approx(rows.astype(np.float64).mean(axis=0), rel=1e-6)


def test_a_mean_far_from_0_costs_no_digits(tmp_path: Path) -> None:
    rows = (table(3000, centre=0).round(2) + 1e5).astype(np.float32)
    compare(trained(tmp_path, dense(rows), RECORDIO), oracle(rows))


def test_the_mean_stays_in_the_rows_where_subtract_mean_is_false(tmp_path: Path) -> None:
    host = trained(tmp_path, dense(ROWS), RECORDIO, hyperparameters=settings(12, 4, subtract_mean="False"))
    _, values, vectors = np.linalg.svd(ROWS.astype(np.float64), full_matrices=False)
    assert "mean" not in host.model
    assert np.allclose(host.model["s"][::-1], values[:4], rtol=1e-5)
    assert apart(host.model["v"], vectors[:4].T) < SAME


def test_random_signs_find_nearly_the_same_space_and_the_same_each_time(tmp_path: Path) -> None:
    given = settings(12, 3, algorithm_mode="randomized", extra_components="200")
    hosts = [trained(tmp_path / name, dense(ROWS), RECORDIO, hyperparameters=given) for name in ("a", "b")]
    assert np.array_equal(hosts[0].model["v"], hosts[1].model["v"])
    wanted = oracle(ROWS, 3)
    assert apart(hosts[0].model["v"], wanted.components_.T) < 0.35
    assert np.allclose(hosts[0].model["s"][::-1], wanted.singular_values_, rtol=0.2)


def group(folder: Path, files: Sequence[dict[str, dict[str, Any]]], given: dict[str, str]) -> list[Host]:
    """Hosts with these files of recordIO."""
    return Host.group(folder, files, given, {"train": RECORDIO})


@pytest.mark.parametrize("bounds", [(0, 1000, 3000), (0, 0, 2900, 3000)], ids=["two", "three, the first without rows"])
def test_hosts_with_a_share_of_the_rows_find_what_one_finds_with_all(tmp_path: Path, bounds: tuple[int, ...]) -> None:
    files = [{"train": {"a": dense(ROWS[i:j])} if j > i else {}} for i, j in itertools.pairwise(bounds)]
    hosts = group(tmp_path, files, settings(12, 4))
    found = [ended(process) for process in [host.start() for host in hosts]]
    assert [status for status, _ in found] == [0] * len(hosts), "\n".join(printed for _, printed in found)
    compare(hosts[0], oracle(ROWS))
    assert [(host.folder / "model/model_algo-1").exists() for host in hosts] == [True] + [False] * (len(hosts) - 1)


def test_hosts_add_up_their_random_products(tmp_path: Path) -> None:
    given = settings(12, 3, algorithm_mode="randomized", extra_components="200")
    hosts = group(tmp_path, [{"train": {"a": dense(ROWS[:1500])}}, {"train": {"a": dense(ROWS[1500:])}}], given)
    assert [ended(process)[0] for process in [host.start() for host in hosts]] == [0, 0]
    assert apart(hosts[0].model["v"], oracle(ROWS, 3).components_.T) < 0.35
    assert np.allclose(hosts[0].model["mean"][0], oracle(ROWS).mean_, rtol=1e-6)


def test_a_host_that_cannot_read_its_rows_is_named_with_its_reason(tmp_path: Path) -> None:
    hosts = group(tmp_path, [{"train": {"a": dense(ROWS)}}, {"train": {"b": dense(ROWS)[:-5]}}], settings(12, 4))
    assert [ended(process)[0] for process in [host.start() for host in hosts]] == [1, 1]
    assert hosts[1].failure == "train/b, record 3000: the file ends within the record, which should have 64 bytes"
    assert hosts[0].failure == f"{hosts[1].name}: {hosts[1].failure}"


def test_the_channel_test_is_scored_by_what_the_components_leave(tmp_path: Path) -> None:
    new = table(500, seed=2)
    files = {"train": {"a": dense(ROWS)}, "test": {"a": dense(new)}}
    host = Host(tmp_path / "ml", files, channels={"train": RECORDIO, "test": RECORDIO})
    status, printed = host.train()
    assert status == 0, printed
    wanted = oracle(ROWS)
    left = new - wanted.inverse_transform(wanted.transform(new.astype(np.float64)))
    found = float(printed.split("test:reconstruction_error=")[1].split(";")[0])
    assert found == pytest.approx((left**2).sum(axis=1).mean(), rel=1e-4)


def test_all_hyperparameters_that_are_wrong_are_told_at_once(tmp_path: Path) -> None:
    given = {"feature_dim": "0", "num_component": "3", "algorithm_mode": "random", "subtract_mean": "1",
             "extra_components": "5"}  # fmt: skip
    host = Host(tmp_path / "ml", {"train": {"a": dense(ROWS)}}, given, {"train": RECORDIO})
    assert host.train()[0] == 1
    assert host.failure.splitlines() == [
        "7 hyperparameters are wrong:",
        '  algorithm_mode: expected one of regular, randomized; did you mean "randomized"?, found "random"',
        '  feature_dim: expected a whole number from 1, found "0"',
        '  num_component: unknown; did you mean "num_components"?',
        '  subtract_mean: expected one of true, false, found "1"',
        "  num_components: is required: how many components to find, a whole number from 1",
        "  mini_batch_size: is required: rows of a batch, a whole number from 1; here it changes nothing",
        "  extra_components: are of algorithm_mode randomized only; leave it out",
    ]


@pytest.mark.parametrize(
    ("content", "about", "reason"),
    [
        ("1,2,3\n", NO_LABEL, "train/a: expected 12 columns, found 3"),
        (
            csv(ROWS),
            CSV,
            "train/a: expected 12 columns and a label before them (label_size=0 says that there is none), ",
        ),
        ("a,b\n1,2\n", NO_LABEL, 'train/a begins with a header, "a,b"'),
        (csv(ROWS[:3]) + "1,2\n", NO_LABEL, 'train/a, line 4: expected 12 cells, found 2 in "1,2"'),
        (csv(ROWS[:3]) + "," * 11 + "\n", NO_LABEL, "train/a, line 4: a value is missing or no finite number"),
        (dense(np.full((2, 12), np.nan)), RECORDIO, "train/a, record 1: a value is missing or no finite number"),
        (dense(ROWS[:, :5]), RECORDIO, "train/a, record 1: expected 12 columns, found 5"),
        (dense(ROWS[:3]) + dense(ROWS[:1, :5]), RECORDIO, "train/a, record 4: expected 12 columns, found 5"),
        (csv(ROWS), RECORDIO, "train/a, record 1: no recordIO: a frame must begin with 0a 23 d7 ce"),
        (dense(ROWS[:3]) + b"abc", RECORDIO, "train/a, record 4: the file ends within the frame"),
        (framed(b"\xff\xff\xff"), RECORDIO, "train/a, record 1: is no record of SageMaker's protobuf schema"),
        (framed(field_of(1, b"")), RECORDIO, 'train/a, record 1: has no tensor of numbers "values"'),
        (framed(b"", 2), RECORDIO, "train/a, record 1: the parts of a record do not follow each other"),
        ("", RECORDIO, "the channel train has no rows"),
        ("x", {"ContentType": "image/png"}, "the content type image/png is none that PCA knows"),
        ("x", {"ContentType": "text/csv;label_size=2"}, "label_size is 0, or 1 where the first column is a label"),
    ],
)
def test_rows_that_cannot_be_read_are_told(tmp_path: Path, content: Any, about: dict[str, str], reason: str) -> None:
    host = Host(tmp_path / "ml", {"train": {"a": content}}, channels={"train": about})
    assert host.train()[0] == 1
    assert reason in host.failure
    assert list((host.folder / "model").iterdir()) == []
