"""The main job on real data: every row comes out once, for any number of instances and any assignment."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from worlds import DATA

import shardr
from shardr._inst import inst

if TYPE_CHECKING:
    from collections.abc import Iterable

SPEC = inst("examples", "bank-marketing", "job.yml")
DROPPED = {"duration", "emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m", "nr.employed"}
CASES = [(1, None), (2, None), (2, 1), (3, 7), (7, 20261121)]

real = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the UCI bank marketing files are not in {DATA}; set SHARDR_TEST_DATA to their folder"
)


def rows(files: Iterable[Path | str]) -> Counter[tuple[tuple[str, str], ...]]:
    """All records of CSV files with how often each occurs, without the six columns; read by the standard library."""
    found: Counter[tuple[tuple[str, str], ...]] = Counter()
    for file in files:
        with Path(file).open(newline="", encoding="utf-8") as stream:
            for record in csv.DictReader(stream):
                found[tuple(sorted(item for item in record.items() if item[0] not in DROPPED))] += 1
    return found


@pytest.fixture(scope="module")
def parts() -> dict[str, Counter[tuple[tuple[str, str], ...]]]:
    """The first run's train, validation and test, for the other runs to be compared with."""
    return {}


@real
@pytest.mark.parametrize(("instances", "permute"), CASES)
def test_41177_rows_go_in_and_the_same_41177_come_out(
    instances: int, permute: int | None, parts: dict[str, Counter[tuple[tuple[str, str], ...]]]
) -> None:
    run = shardr.run(SPEC, data=str(DATA), instances=instances, permute=permute)
    before = rows(DATA.glob("*.csv"))
    split = run.step("split").outputs
    after = {name: rows(split[name].files) for name in ("train", "validation", "test")}
    assert [(step.rows_in, step.rows_out) for step in run.steps] == [(41_177, 41_177), (41_177, 41_177)]
    assert sum(after.values(), Counter()) == before
    assert [sum(part.values()) for part in after.values()] == [28_824, 6_176, 6_177]
    if parts:
        assert after == parts
    parts.update(after)


@real
def test_containers_give_the_same_bytes(processing_image: str) -> None:
    runs = [shardr.run(SPEC, data=str(DATA), runner=runner) for runner in ("process", "docker")]
    files = [
        {f"{step.name}/{name}/{Path(file).name}": Path(file).read_bytes() for file in output.files}
        for run in runs
        for step in run.steps
        for name, output in step.outputs.items()
    ]
    half = len(files) // 2
    assert [run.view.runner for run in runs] == ["process", "docker"]
    assert sum(len(content) for found in files[:half] for content in found.values()) > 1_000_000
    assert files[:half] == files[half:]


def test_the_shell_runs_the_example_and_prints_one_object(tmp_path: Path) -> None:
    data = tmp_path / "data of mine"
    subprocess.run([sys.executable, SPEC.parent / "generate.py", data, "--rows", "2000"], check=True)
    shardr_command = [sys.executable, "-m", "shardr.cli.app"]
    done = subprocess.run(
        [*shardr_command, "run", SPEC, "--set", f"data={data}", "--set", "instances=3", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    found = json.loads(done.stdout)
    assert (done.returncode, found["status"]) == (0, "Completed"), done.stderr
    assert [step["rows_out"] for step in found["steps"]] == [2000, 2000]
    target = tmp_path / "train.csv"
    subprocess.run([*shardr_command, "collect", found["run"], "split.train", "-o", target], check=True)
    files = found["steps"][1]["outputs"]["train"]["files"]
    assert rows([target]) == rows(files)
    assert len(shardr.collect(found["run"], "split", "train")) == found["steps"][1]["outputs"]["train"]["rows"] == 1400


def test_the_example_is_copied_with_its_data(tmp_path: Path) -> None:
    folder = shardr.example("bank-marketing", tmp_path / "mine")
    assert len(list((folder / "dataset").glob("*.csv"))) == 4
    assert shardr.validate(folder / "job.yml").name == "bank-marketing"
