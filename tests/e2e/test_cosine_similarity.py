"""The cosine example: any number of instances finds the same neighbours, in R and in Python, and the nearest."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shardr
from shardr._inst import inst

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

EXAMPLE = inst("examples", "cosine-similarity")
ROWS, K = 1500, 7
LANGUAGES = [("cosine.R", "processing"), ("cosine.py", "python")]


def module(name: str) -> ModuleType:
    """A program of the example, loaded from its file."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLE / f"{name}.py")
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    sys.modules[name] = found
    spec.loader.exec_module(found)
    return found


cosine, generate = module("cosine"), module("generate")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cosine") / "dataset"
    subprocess.run(
        [sys.executable, "-B", EXAMPLE / "generate.py", folder, "--rows", str(ROWS), "--columns", "24"], check=True
    )
    return folder


def oracle(matrix: np.ndarray) -> np.ndarray:
    """All similarities, by the formula, in double precision; a row is none of its own neighbours."""
    lengths = np.linalg.norm(matrix.astype(float), axis=1, keepdims=True)
    unit = matrix / np.where(lengths == 0, 1, lengths)
    return unit @ unit.T


def is_nearest(similarity: np.ndarray, neighbours: np.ndarray, values: np.ndarray) -> None:
    """The values are those of the neighbours, and no other row is nearer: by more than single precision rounds."""
    others = similarity.copy()
    np.fill_diagonal(others, -np.inf)
    best = -np.sort(-others, axis=1)[:, : neighbours.shape[1]]
    np.testing.assert_allclose(values, best, atol=3e-6)
    np.testing.assert_allclose(np.take_along_axis(others, neighbours, axis=1), values, atol=3e-6)
    assert all(len(set(row)) == len(row) for row in neighbours.tolist())
    tied = values[:, 1:] == values[:, :-1]
    assert (neighbours[:, 1:] > neighbours[:, :-1])[tied].all(), "ties are in the order of the rows"


def whole(files: list[Path]) -> bytes:
    """The files one after the other, the header of tables once."""
    parts = [file.read_bytes() for file in files]
    return parts[0] + b"".join(part.partition(b"\n")[2] if files[0].suffix == ".csv" else part for part in parts[1:])


@pytest.mark.parametrize(("code", "image"), LANGUAGES)
def test_any_number_of_instances_finds_the_same_nearest_rows_to_the_last_bit(data: Path, code: str, image: str) -> None:
    fields: dict[str, Any] = {"data": f"{data}/", "code": code, "image": image, "top_k": K, "block_rows": 100}
    one, *others = [shardr.run(EXAMPLE / "job.yml", instances=n, **fields) for n in (1, 2, 7)]
    assert len(one.files("train", "model")) == 1
    for run, instances in zip(others, (2, 7), strict=True):
        assert len(run.files("train", "model")) == instances
        assert run.collect("train", "model", merge=whole) == one.collect("train", "model", merge=whole)
    found = one.collect("train", "model")
    assert found["row"].tolist() == np.repeat(np.arange(1, ROWS + 1), K).tolist()
    neighbours = found["neighbour"].to_numpy().reshape(ROWS, K) - 1
    is_nearest(oracle(np.load(data / "matrix.npy")), neighbours, found["similarity"].to_numpy().reshape(ROWS, K))


@pytest.mark.parametrize(("code", "image"), LANGUAGES)
def test_blocks_hold_all_similarities_whatever_the_number_of_instances(data: Path, code: str, image: str) -> None:
    fields: dict[str, Any] = {"data": f"{data}/", "code": code, "image": image, "mode": "block", "block_rows": 200}
    one, three = [
        shardr.run(EXAMPLE / "job.yml", instances=n, **fields).collect("train", "model", merge=whole) for n in (1, 3)
    ]
    assert one == three
    found = np.frombuffer(one, "<f4").reshape(ROWS, ROWS)
    np.testing.assert_allclose(found, oracle(np.load(data / "matrix.npy")), atol=3e-6)


@pytest.mark.parametrize(("code", "image"), LANGUAGES)
def test_what_no_script_takes_is_told_before_it_reads_the_data(data: Path, code: str, image: str) -> None:
    with pytest.raises(shardr.ShardrError, match="top_k"):
        shardr.run(EXAMPLE / "job.yml", data=f"{data}/", code=code, image=image, top_k=0)


@pytest.mark.parametrize("kind", ["random", "alike", "rising", "few", "zero"])
@pytest.mark.parametrize("k", [1, 3, 70])
def test_the_nearest_are_found_in_matrices_of_every_kind(kind: str, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cosine, "TILE", 130)
    matrix = np.random.default_rng(1).standard_normal((600, 5)).astype(np.float32)
    if kind == "alike":
        matrix[:] = matrix[0]
    elif kind == "rising":  # each row is nearer to the first than all before it: nothing can be left out early
        matrix[:, 0] = np.linspace(-50, 50, 600)
    elif kind == "few":
        matrix = matrix[:40]
    elif kind == "zero":
        matrix[::2] = 0
    unit = cosine.directions(matrix)
    columns, values = cosine.top_k(unit, range(len(unit)), k, 64, 2)
    assert columns.shape == (len(unit), min(k, len(unit) - 1))
    is_nearest(oracle(matrix), columns, values)
    parts = [cosine.top_k(unit, range(a, b), k, 64, 1) for a, b in ((0, 17), (17, 17), (17, len(unit)))]
    assert np.array_equal(np.concatenate([part[0] for part in parts]), columns)
    assert np.concatenate([part[1] for part in parts]).tobytes() == values.tobytes()


def test_all_ties_go_to_the_first_rows() -> None:
    unit = cosine.directions(np.zeros((500, 4), np.float32))
    columns, values = cosine.top_k(unit, range(500), 3, 64, 1)
    assert columns[[0, 1, 2, 3, 499]].tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2]]
    assert not values.any()


def test_one_row_has_no_neighbours_and_a_value_that_is_no_number_is_refused() -> None:
    assert cosine.top_k(np.ones((1, 1), np.float32), range(1), 3, 64, 1)[0].shape == (1, 0)
    with pytest.raises(SystemExit, match="Row 2 has a value that is no finite number; so have 1 rows"):
        cosine.directions(np.array([[1, 2], [np.nan, 1]], np.float32))


def test_the_data_are_the_same_everywhere_and_have_their_traps() -> None:
    matrix = generate.matrix(2000, 8)
    assert matrix.dtype == np.float32
    assert hashlib.sha256(matrix.tobytes()).hexdigest()[:16] == "71c25ea9f0006fd5"
    assert (matrix[999] == matrix[499]).all()
    assert not matrix[1000].any()
    assert 0.7 < matrix[:900].std() < 0.9
