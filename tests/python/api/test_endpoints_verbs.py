"""The verbs for models behind endpoints, in Python and in the shell."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import worlds
from endpoint_world import IMAGE, World, archive

import shardr
from shardr.api import rows
from shardr.cli.app import main
from shardr.local.home import Home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TRAINS = {"num_round": "2", "objective": "reg:squarederror"}


@pytest.fixture
def model(tmp_path: Path, home: Path) -> Iterator[str]:
    path = tmp_path / "model.tar.gz"
    path.write_bytes(archive())
    yield str(path)
    World(home).close()


def learning(folder: Path) -> dict[str, Any]:
    """A training step of the built-in XGBoost, and its data."""
    (folder / "train").mkdir()
    (folder / "train/a.csv").write_text("".join(f"{i % 5},{i},{i % 7}\n" for i in range(100)))
    return {
        "name": "learn",
        "type": "training",
        "image": IMAGE,
        "inputs": [{"name": "train", "source": "train/", "content_type": "text/csv"}],
        "hyperparameters": TRAINS,
    }


def test_a_model_is_deployed_asked_listed_and_deleted(model: str, home: Path) -> None:
    endpoint = shardr.deploy(model, "e", image="xgboost", instance_count=2, ttl_seconds=600)
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [3.0, None, 5.0]})
    found = endpoint.predict(frame)
    assert isinstance(found, pd.DataFrame)
    assert found[0].tolist() == pytest.approx([1, 1, 1], abs=0.1)
    assert endpoint.predict("1,2\n")[:2] == b"1."
    assert isinstance(endpoint.predict(frame[:0]), pd.DataFrame)
    (record,) = shardr.endpoints()
    assert (record["name"], record["status"], record["instances"]) == ("e", "InService", 2)
    assert 0 < record["left_seconds"] <= 600
    assert record["usd_per_day"] == pytest.approx(2 * 24 * 0.115, abs=0.01)
    assert shardr.Endpoint("e").status == "InService"
    endpoint.delete()
    world = World(home)
    assert world.ask("ListModels")["Models"] == world.ask("ListEndpointConfigs")["EndpointConfigs"] == []


def test_a_name_that_is_taken_leaves_no_model_behind(model: str, home: Path) -> None:
    shardr.deploy(model, "e", image="xgboost")
    with pytest.raises(shardr.RequestError, match="already existing"):
        shardr.deploy(model, "e", image="xgboost")
    assert len(World(home).ask("ListModels")["Models"]) == 1


def test_a_model_that_fails_says_why(model: str, tmp_path: Path) -> None:
    (tmp_path / "bad.tar.gz").write_bytes(worlds.packed({"xgboost-model": b"nonsense"}))
    with pytest.raises(shardr.JobFailedError, match="endpoint e is Failed") as failed:
        shardr.deploy(tmp_path / "bad.tar.gz", "e", image="xgboost")
    assert "exited with code 1" in str(failed.value.why)


@pytest.mark.parametrize(
    ("model", "image", "words"),
    [
        ("s3://b/model.tar.gz", None, "which image serves it"),
        ("nowhere.tar/x", "xgboost", "which is no file"),
        ("nothing", "xgboost", "which is no file"),
        ("nowhere.tar.gz", "xgboost", "which is no file"),
    ],
)
def test_what_is_no_model_is_refused(model: str, image: str | None, words: str) -> None:
    with pytest.raises(shardr.SpecError, match=words):
        shardr.deploy(model, "e", image=image)


def test_the_model_of_a_training_step_is_served_by_what_trained_it(model: str, tmp_path: Path) -> None:
    run = shardr.run({"name": "t", "steps": [learning(tmp_path)]}, base=tmp_path)
    endpoint = shardr.deploy(f"{run.id}.learn", "e")
    assert endpoint.predict(b"1,2\n")
    with pytest.raises(shardr.NotFoundError, match='no step "other"'):
        shardr.deploy(f"{run.id}.other", "f")


def test_a_spec_is_run_first_and_its_one_model_is_served(model: str, tmp_path: Path) -> None:
    step = learning(tmp_path)
    (tmp_path / "job.json").write_text(json.dumps({"name": "prices", "steps": [step]}))
    endpoint = shardr.deploy(tmp_path / "job.json", "e", runner="process")
    assert endpoint.predict("1,2\n")
    (tmp_path / "two.json").write_text(json.dumps({"name": "two", "steps": [step, {**step, "name": "other"}]}))
    with pytest.raises(shardr.SpecError, match="has the training steps learn, other, and one model can be served"):
        shardr.deploy(tmp_path / "two.json", "f", runner="process")


def test_the_shell_does_the_same(model: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["endpoints"]) == 0
    assert "no endpoint is there" in capfd.readouterr().out
    assert main(["deploy", model, "--name", "e", "--image", "xgboost", "--ttl", "10m"]) == 0
    assert "InService" in capfd.readouterr().out
    (tmp_path / "rows.csv").write_text("1,2\n3,4\n")
    assert main(["invoke", "e", str(tmp_path / "rows.csv")]) == 0
    assert len(capfd.readouterr().out.replace(",", "\n").split()) == 2
    assert main(["invoke", "e", str(tmp_path / "rows.csv"), "--content-type", "text/none", "--json"]) == 1
    assert json.loads(capfd.readouterr().out)["code"] == "invocation"
    assert main(["endpoints"]) == 0
    told = capfd.readouterr().out
    assert "InService" in told
    assert "2.76" in told
    assert main(["endpoints", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["endpoints"][0]["name"] == "e"
    assert main(["delete", "e"]) == 0
    assert main(["invoke", "nobody", str(tmp_path / "rows.csv")]) == 2
    assert main(["deploy", model, "--name", "f", "--ttl", "soon"]) == 2


PREDICTS = {
    "serving": "predict_fn <- function(model, data) ifelse(data$b > 0, model * data$a, NA)\n",
    "python": "def predict_fn(model, data):\n    return [model * row['a'] if row['b'] > 0 else None for row in data]\n",
}


@pytest.fixture
def scaled(tmp_path: Path, home: Path) -> Iterator[Path]:
    """A folder with a model for each of the two languages, and code for neither."""
    folder = tmp_path / "scaled"
    folder.mkdir()
    subprocess.run(["Rscript", "-e", "saveRDS(3, commandArgs(TRUE))", folder / "model.rds"], check=True)
    (folder / "model.json").write_text("3")
    yield folder
    World(home).close()


@pytest.mark.parametrize(("image", "file"), [("serving", "score.R"), ("python", "score.py")])
def test_a_folder_is_deployed_with_its_code_which_tells_its_image_and_gets_the_names_of_columns(
    scaled: Path, tmp_path: Path, image: str, file: str
) -> None:
    (tmp_path / file).write_text(PREDICTS[image])
    frame = pd.DataFrame({"b": [1, 1, -1], "a": [1.0, 2.0, 3.0]})
    beside = shardr.deploy(scaled, "beside", code=tmp_path / file, environment={"SHARDR_WORKERS": "1"})
    found = beside.predict(frame)
    assert isinstance(found, pd.DataFrame)
    assert found[0].tolist()[:2] == [3, 6]
    assert found[0].isna().tolist() == [False, False, True]  # the last line of the answer is empty
    (scaled / "code").mkdir()
    (scaled / "code" / f"predict.{file.partition('.')[2]}").write_text(PREDICTS[image])
    within = shardr.deploy(scaled, "within", environment={"SHARDR_WORKERS": "1"})
    assert within.predict(frame[:1])[0].tolist() == [3]
    with pytest.raises(shardr.InvocationError) as told:
        within.predict(frame[:1], header=False)
    assert told.value.status == 500  # it asks for columns by their names


def test_what_says_not_how_it_is_served_is_told_how(scaled: Path, tmp_path: Path) -> None:
    with pytest.raises(shardr.SpecError, match="does not say which image serves it") as told:
        shardr.deploy(scaled, "e")
    assert "predict_fn(model, data)" in str(told.value)
    (scaled / "code").mkdir()
    for file in ("predict.R", "predict.py"):
        (scaled / "code" / file).write_text("#")
    with pytest.raises(shardr.SpecError, match="code in R and in Python"):
        shardr.deploy(scaled, "e")
    (tmp_path / "predict.R").write_text("#")
    with pytest.raises(shardr.DataError, match=r"code/predict\.R"):
        shardr.deploy(scaled, "e", code=tmp_path / "predict.R")
    with pytest.raises(shardr.SpecError, match="is no archive"):
        shardr.deploy(tmp_path / "predict.R", "e")
    for code, words in (
        ("nowhere.R", "there is no code"),
        ("scaled/model.json", "is no code that a model is served by"),
    ):
        with pytest.raises(shardr.SpecError, match=words):
            shardr.deploy(scaled, "e", code=tmp_path / code)
    assert shardr.endpoints() == []


def test_rows_travel_in_pieces_and_come_back_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MOST_BYTES", 8)
    asked: list[bytes] = []

    def ask(body: bytes) -> bytes:
        asked.append(body)
        return body

    lines = rows.row_lines(pd.DataFrame({"a": range(7)}))
    assert rows.answers(lines, ask) == [b"0", b"1", b"2", b"3", b"4", b"5", b"6"]
    assert len(asked) == 2
    assert rows.answers([b"1\n", b"2\n"], lambda _: b"0.5,0.25") == [b"0.5", b"0.25"]
    with pytest.raises(shardr.DataError, match="3 answers to 2 rows"):
        rows.answers([b"1\n", b"2\n"], lambda _: b"1,2,3")
    with pytest.raises(shardr.DataError, match="line end"):
        rows.row_lines(pd.DataFrame({"a": ["x\ny"]}))


def test_an_endpoint_without_a_home_is_not_found_and_makes_none() -> None:
    with pytest.raises(shardr.NotFoundError):
        shardr.Endpoint("nobody")
    assert shardr.endpoints() == []
    assert not Home.default().root.joinpath("jobs").exists()
