"""The taxi example's data: the same rows everywhere and in any number of files, with clusters and correlations."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

import shardr
from shardr._inst import inst

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

PROGRAM = inst("examples", "taxi-pipe", "generate.py")
DIGEST = "19e90c77f5bf4954aa4ae2f98c0f3ea340cc8a0d36bce3caf3264f4ea821e113"
FOUND = 0.75
"""The adjusted Rand index that the kinds of trips must be found with; 0.87 was."""


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("taxi_generate", PROGRAM)
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def table(generate: ModuleType) -> np.ndarray:
    return next(generate.blocks(20_000, generate.SEED, 0)).features


def told(folder: Path, *options: str) -> str:
    command = [sys.executable, "-B", str(PROGRAM), str(folder), *options]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def content(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((folder / "train").iterdir()))


def test_the_rows_are_the_same_on_every_machine(table: np.ndarray) -> None:
    assert table.dtype == np.float32
    assert hashlib.sha256(table.tobytes()).hexdigest() == DIGEST


def test_more_files_or_more_rows_change_no_row_and_fewer_files_leave_none_of_those_before(
    generate: ModuleType, tmp_path: Path
) -> None:
    rows = generate.BLOCK + 70
    assert told(tmp_path, "--rows", str(rows), "--shards", "7", "--test-rows", "9").startswith(f"{rows} trips of 50")
    seven = content(tmp_path)
    assert len(list((tmp_path / "train").iterdir())) == 7
    told(tmp_path, "--rows", str(rows), "--shards", "3", "--test-rows", "9")
    assert len(list((tmp_path / "train").iterdir())) == 3
    assert content(tmp_path) == seven
    told(tmp_path, "--rows", "90", "--shards", "1", "--test-rows", "9")
    assert content(tmp_path) == seven[: len(seven) // rows * 90]


def test_the_test_set_is_other_trips_and_the_columns_are_told(generate: ModuleType, tmp_path: Path) -> None:
    told(tmp_path, "--rows", "200", "--shards", "2", "--test-rows", "200")
    info = shardr.recordio_info(tmp_path / "test" / "trips.pbr")
    assert (info.records, info.columns, info.dtype, info.missing, info.labels) == (200, 50, "float32", 0, ())
    assert content(tmp_path) != (tmp_path / "test" / "trips.pbr").read_bytes()
    with (tmp_path / "features.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    assert [row["name"] for row in listed] == generate.NAMES
    assert [(float(row["usual"]), float(row["spread"])) for row in listed] == list(generate.FEATURES.values())


def test_what_is_said_to_be_usual_is(generate: ModuleType, table: np.ndarray) -> None:
    assert np.isfinite(table).all()
    assert np.abs(table.mean(axis=0)).max() < 0.3
    assert (np.abs(table.std(axis=0) - 1) < 0.2).all()


def test_fares_grow_with_distances_and_streets_are_slow_when_they_are_full(
    generate: ModuleType, table: np.ndarray
) -> None:
    alike = np.corrcoef(table, rowvar=False)

    def of(one: str, other: str) -> float:
        return alike[generate.NAMES.index(one), generate.NAMES.index(other)]

    assert of("total", "distance_km") > 0.9
    assert of("speed_kmh", "traffic") < -0.4
    assert of("temperature", "pickup_year_cos") < -0.6
    assert np.abs(alike - np.eye(50)).max() < 0.999  # no column says what another one does


def test_the_kinds_of_trips_are_the_clusters(generate: ModuleType, table: np.ndarray) -> None:
    _, kinds = generate.trips(generate.BLOCK, generate.SEED, 0, 0)
    found = KMeans(len(generate.KINDS), n_init=3, random_state=1).fit(table[:6000])
    assert adjusted_rand_score(kinds[:6000], found.labels_) > FOUND
