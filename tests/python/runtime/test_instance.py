"""What scripts can ask about their instance, in processing and in training jobs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from instances import processing, training

from shardr import runtime
from shardr.errors import DataError, NotFoundError
from shardr.runtime import Shard, channel, job_message, shard, shard_files
from shardr.runtime.instance import local, opt_ml


def test_a_processing_job_has_the_folders_of_its_configuration(base: Path) -> None:
    processing(base)
    assert channel("raw") == base / "processing/input"
    assert channel("kept") == base / "processing/output/kept"
    with pytest.raises(NotFoundError, match='no input or output named "rwa"') as caught:
        channel("rwa")
    assert "this job has kept, raw, code" in str(caught.value)


def test_a_training_job_has_its_channels_the_model_and_the_output(base: Path) -> None:
    training(base, channels=("train", "validation"))
    assert channel("train") == base / "input/data/train"
    assert (channel("model"), channel("output")) == (base / "model", base / "output/data")
    with pytest.raises(NotFoundError, match='no input named "model"'):
        shard_files("model")


def test_a_training_job_may_have_no_channel(base: Path) -> None:
    training(base)
    with pytest.raises(NotFoundError, match="no input or output"):
        channel("train")


def test_without_a_base_dir_paths_are_those_of_a_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHARDR_BASE_DIR", raising=False)
    assert opt_ml("config", "x") == Path("/opt/ml/config/x")
    assert local("/opt/mlx") == Path("/opt/mlx")


@pytest.mark.parametrize("world", [training, processing])
def test_rank_is_the_place_in_the_bytewise_list_of_hosts(world: Any, base: Path) -> None:
    world(base, host="algo-2", hosts=11)
    here = shard()
    assert here == Shard(3, 11, "algo-2", here.hosts)
    assert here.hosts[:4] == ("algo-1", "algo-10", "algo-11", "algo-2")


def test_a_host_that_is_not_among_the_hosts_is_an_error(base: Path) -> None:
    training(base, host="algo-3", hosts=2)
    with pytest.raises(DataError, match="does not list this instance"):
        shard()


@pytest.mark.parametrize("call", [lambda: channel("raw"), shard, lambda: shard_files("raw"), lambda: job_message("x")])
def test_outside_an_instance_every_verb_says_so(call: Any, base: Path) -> None:
    with pytest.raises(NotFoundError, match=r"not inside an instance: .*config.*json is missing"):
        call()


def test_files_are_listed_bytewise_without_markers_hidden_files_and_other_channels(base: Path) -> None:
    processing(base)
    folder = base / "processing/input"
    for name in ("b.csv", "B.csv", "a/z.csv", "é x.csv", ".hidden.csv", ".cache/x.csv", "code/script.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("a")
    (folder / "_SUCCESS").touch()
    assert [str(path.relative_to(folder)) for path in shard_files("raw")] == ["B.csv", "a/z.csv", "b.csv", "é x.csv"]
    assert [path.name for path in shard_files("raw", "^[bz]")] == ["z.csv", "b.csv"]
    assert [path.name for path in shard_files("code")] == ["script.py"]


def test_a_message_keeps_1024_bytes_and_never_half_a_character(base: Path) -> None:
    processing(base)
    path = base / "output/message"
    assert job_message("rows: ", 3) == "rows: 3\n"
    assert path.read_bytes() == b"rows: 3\n"
    job_message("x" * 1023, "é")
    assert path.read_bytes() == b"x" * 1023
    job_message("xx", "\U0001f600" * 400)
    assert len(path.read_bytes()) == 1022
    job_message("bad \udcff byte")
    assert path.read_bytes().decode() == "bad \\udcff byte\n"


def test_in_a_training_job_a_message_is_printed(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    training(base)
    job_message("rows: ", 3)
    assert capsys.readouterr().out == "rows: 3\n"
    assert not (base / "output").exists()


def test_the_runtime_works_in_a_python_that_has_nothing_installed(base: Path) -> None:
    training(base, hyperparameters={"k": "3"})
    code = "from shardr.runtime import *; print(hyperparameters(k=hp_integer()).k, shard().host)"
    home = Path(runtime.__file__).parents[2]
    shown = subprocess.run(
        [sys.executable, "-S", "-E", "-c", f"import sys; sys.path.insert(0, {str(home)!r}); {code}"],
        check=True, capture_output=True, text=True, env={"SHARDR_BASE_DIR": str(base)},
    )  # fmt: skip
    assert shown.stdout == "3 algo-1\n"


def test_a_configuration_that_is_not_json_is_named(base: Path) -> None:
    processing(base)
    (base / "config/resourceconfig.json").write_text(json.dumps({"hosts": ["a"]})[:-1])
    with pytest.raises(DataError, match=r"resourceconfig\.json is not JSON"):
        shard()
