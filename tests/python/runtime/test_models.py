"""Files of the model are written whole, in forms that other languages read, and hosts do not clash."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from instances import training

from shardr.errors import DataError
from shardr.runtime import model_path, save_model


class Booster:
    """Saves itself, as XGBoost's and LightGBM's do: by the ending of the name."""

    def save_model(self, path: str) -> None:
        Path(path).write_text(f"a booster in {Path(path).suffix}")


def test_the_host_stands_before_the_name_where_there_are_several(base: Path) -> None:
    training(base)
    assert model_path("part.csv") == base / "model/part.csv"
    training(base, host="algo-2", hosts=2)
    assert model_path("deep/er/part.csv") == base / "model/deep/er/algo-2-part.csv"
    assert (base / "model/deep/er").is_dir()


@pytest.mark.parametrize("name", ["", "/x", "../x", "a/../x", "..", "a/", None])
def test_a_name_that_leaves_the_folder_is_refused(name: Any, base: Path) -> None:
    training(base)
    with pytest.raises(DataError, match="one file name inside the folder of the model"):
        model_path(name)


def test_frames_become_csv_or_parquet(base: Path) -> None:
    training(base)
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "é"]})
    assert save_model(frame, "part.csv").read_bytes() == "a,b\n1,x\n2,é\n".encode()
    pd.testing.assert_frame_equal(pd.read_parquet(save_model(frame, "part.parquet")), frame)


def test_lists_and_dicts_become_json_that_reads_back_the_same(base: Path) -> None:
    training(base)
    value = {"z": [0.1 + 0.2, 1e-300, None, True], "a": {"é": "x\n"}}
    path = save_model(value, "about.json")
    assert json.loads(path.read_text(encoding="utf-8")) == value
    assert path.read_text(encoding="utf-8").startswith('{"a":{"é"')
    assert json.loads(save_model({"w": np.array([[1, 2]]), "n": np.int64(3)}, "w.json").read_text()) == {
        "w": [[1, 2]],
        "n": 3,
    }


def test_an_object_saves_itself_by_the_ending_and_takes_the_place_of_the_one_before(base: Path) -> None:
    training(base)
    save_model([1], "model.json")
    assert save_model(Booster(), "model.json").read_text() == "a booster in .json"
    assert [path.name for path in (base / "model").iterdir()] == ["model.json"]


@pytest.mark.parametrize(
    ("x", "name"),
    [
        (object(), "model.pkl"), ({}, "model.rds"), (pd.DataFrame({"a": [1]}), "a.json"),
        ({"a": float("nan")}, "a.json"), ({"a": float("inf")}, "a.json"), ({"a": object()}, "a.json"),
        ({1: 1, "a": 2}, "a.json"),
    ],
)  # fmt: skip
def test_what_has_no_form_is_refused_and_leaves_nothing(x: Any, name: str, base: Path) -> None:
    training(base)
    with pytest.raises(DataError, match="has no form"):
        save_model(x, name)
    assert list((base / "model").iterdir()) == []


def test_a_model_that_fails_to_save_itself_leaves_the_one_before(base: Path) -> None:
    class Broken:
        def save_model(self, path: str) -> None:
            Path(path).write_text("half")
            raise OSError("disk full")

    training(base)
    save_model([1], "model.json")
    with pytest.raises(OSError, match="disk full"):
        save_model(Broken(), "model.json")
    assert [(path.name, path.read_text()) for path in (base / "model").iterdir()] == [("model.json", "[1]")]


def test_files_can_be_read_by_those_who_collect_them(base: Path) -> None:
    training(base)
    assert stat.S_IMODE(save_model([1], "a.json").stat().st_mode) & stat.S_IRGRP
