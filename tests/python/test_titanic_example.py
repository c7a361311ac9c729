"""The Titanic example: its rows are R's counts, and the script learns what the built-in algorithm does."""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import xgboost as xgb
from container.host_world import CSV, ended
from container.xgboost_world import ALIKE, Host

EXAMPLE = Path(__file__).parents[2] / "inst" / "examples" / "titanic-xgboost"
DIGEST = "43bbf0bba140916dbf5471392d2b59726900ff584ea92ac754a697ee71261c1a"
GIVEN = {"num_round": "100", "eta": "0.1", "max_depth": "5"}


def generate(folder: Path, *options: str) -> str:
    command = [sys.executable, "-B", str(EXAMPLE / "generate.py"), str(folder), *options]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("titanic") / "dataset"
    assert generate(folder).startswith("2201 people, 4 files of each form for training")
    return folder


def lines(dataset: Path, form: str) -> list[str]:
    files = sorted(dataset.glob(f"{form}/*/*"))
    return [line for file in files for line in file.read_text().splitlines()[1 if form == "script" else 0 :]]


def test_the_bytes_are_the_same_on_every_machine(dataset: Path) -> None:
    content = b"".join(path.read_bytes() for path in sorted(dataset.rglob("titanic-*")))
    assert hashlib.sha256(content).hexdigest() == DIGEST


def test_the_people_are_those_that_r_counts(dataset: Path) -> None:
    code = "d <- as.data.frame(Titanic); d <- aggregate(Freq ~ Survived + Class + Sex, d, sum); " \
           "cat(paste(as.integer(d$Survived) - 1L, d$Class, d$Sex, d$Freq, sep = ','), sep = '\n')"  # fmt: skip
    told = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True).stdout
    wanted = {tuple(line.split(",")[:3]): int(line.split(",")[3]) for line in told.split()}
    found = Counter(tuple(line.split(",")[:3]) for line in lines(dataset, "script"))
    assert found == Counter({key: number for key, number in wanted.items() if number})
    assert sum(found.values()) == 2201


def test_the_three_forms_are_the_same_rows(dataset: Path) -> None:
    numbers = [line.split(",") for line in lines(dataset, "builtin")]
    for row, words in zip(numbers, csv.reader(lines(dataset, "script")), strict=True):
        assert [row[0], *row[3:]] == [words[0], *words[3:]]
        assert row[1:3] == [str(["1st", "2nd", "3rd", "Crew"].index(words[1]) + 1), str(int(words[2] == "Female"))]
    for row, line in zip(numbers, lines(dataset, "libsvm"), strict=True):
        assert line.split() == [row[0], *(f"{i}:{value}" for i, value in enumerate(row[1:]) if value)]


def test_fewer_files_leave_none_of_those_there_were(tmp_path: Path) -> None:
    generate(tmp_path, "--files", "7")
    generate(tmp_path, "--files", "2")
    assert len(list(tmp_path.glob("*/train/*"))) == 6


def shared(dataset: Path, form: str, hosts: int) -> list[dict[str, dict[str, str]]]:
    """Files as ShardedByS3Key gives them: the i-th to host i mod n; all have the validation."""
    files = {path.name: path.read_text() for path in sorted((dataset / form / "train").iterdir())}
    validation = {path.name: path.read_text() for path in (dataset / form / "validation").iterdir()}
    return [
        {"train": {name: text for j, (name, text) in enumerate(files.items()) if j % hosts == i},
         "validation": validation}
        for i in range(hosts)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def builtin_model(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> xgb.Booster:
    given = GIVEN | {"objective": "binary:logistic"}
    host = Host(tmp_path_factory.mktemp("builtin") / "ml", shared(dataset, "builtin", 1)[0], given)
    status, printed = host.train()
    assert status == 0, printed
    return host.model


def table(dataset: Path) -> np.ndarray:
    rows = [line.split(",") for line in lines(dataset, "builtin")]
    return np.array([[float(cell or "nan") for cell in row] for row in rows], dtype=np.float32)


def scores(model: xgb.Booster, dataset: Path) -> np.ndarray:
    return model.predict(xgb.DMatrix(table(dataset)[:, 1:]), validate_features=False)


def test_women_of_the_first_class_are_found_likelier_to_survive_than_men_of_the_crew(
    dataset: Path, builtin_model: xgb.Booster
) -> None:
    rows, found = table(dataset), scores(builtin_model, dataset)
    assert found[(rows[:, 1] == 1) & (rows[:, 2] == 1)].mean() > 0.8
    assert found[(rows[:, 1] == 4) & (rows[:, 2] == 0)].mean() < 0.35
    assert np.mean((found > 0.5) == rows[:, 0]) > 0.78


@pytest.mark.parametrize("instances", [1, 2, 3, 5])
def test_the_script_learns_on_any_number_of_instances_what_the_builtin_does_on_one(
    dataset: Path, builtin_model: xgb.Booster, tmp_path: Path, instances: int
) -> None:
    pytest.importorskip("shardr.runtime")
    hosts = Host.group(tmp_path, shared(dataset, "script", instances), GIVEN, {"train": CSV, "validation": CSV})
    processes = [
        subprocess.Popen(
            [sys.executable, str(EXAMPLE / "train_xgboost.py")], env=os.environ | {"SHARDR_BASE_DIR": str(host.folder)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for host in hosts
    ]  # fmt: skip
    found = [ended(process) for process in processes]
    assert [status for status, _ in found] == [0] * instances, "\n".join(printed for _, printed in found)
    models = [path for host in hosts for path in (host.folder / "model").iterdir()]
    assert len(models) == 1
    model = xgb.Booster(model_file=str(models[0]))
    assert scores(model, dataset) == pytest.approx(scores(builtin_model, dataset), abs=ALIKE)
    assert found[0][1].count("[shardr] validation:logloss=") == 100
