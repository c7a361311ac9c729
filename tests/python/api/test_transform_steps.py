"""Transform steps of a run: the model that a training step made is asked, and what it says goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import worlds

import shardr
from shardr.api.plan_view import plan_dict
from shardr.api.planned_transform import asked as asked_of
from shardr.engines.local import LocalEngine
from shardr.errors import JobFailedError, SpecError
from shardr.requests.facts import facts
from shardr.spec.load import load
from shardr.spec.transform import TransformStep

ROWS = 24
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def world(folder: Path) -> Path:
    """Rows to train on, y = 2a + b with y first, and to ask about, in three files with an id first."""
    values = np.random.default_rng(3).normal(size=(300, 2)).round(3)
    (folder / "train").mkdir()
    lines = [f"{2 * a + b:.4f},{a},{b}\n" for a, b in values]
    (folder / "train/rows.csv").write_text("".join(lines))
    (folder / "ask").mkdir()
    for i in range(3):
        some = values[i * 8 : i * 8 + 8]
        (folder / f"ask/part-{i}.csv").write_text("".join(f"id-{i}-{j},{a},{b}\n" for j, (a, b) in enumerate(some)))
    return folder


def spec(**fields: Any) -> dict[str, Any]:
    """XGBoost trained, asked about the rows without their ids, and counted by a script."""
    train = {
        "name": "train", "type": "training", "image": "xgboost",
        "hyperparameters": {"num_round": 5, "objective": "reg:squarederror", "max_depth": 3},
        "inputs": [{"name": "train", "source": "train/", "content_type": "text/csv"}],
    }  # fmt: skip
    ask = {
        "name": "ask", "type": "transform", "model": {"step": "train"}, "input": "ask/", "content_type": "text/csv",
        "split_type": "Line", "accept": "text/csv", "assemble_with": "Line", "input_filter": "$[1:]",
        "join_source": "Input", "output_filter": "$[0,-1]", "instance_count": 2, **fields,
    }  # fmt: skip
    count = {
        "name": "count", "code": "count.sh", "outputs": ["out"],
        "inputs": [{"name": "raw", "source": {"step": "ask", "output": "transformed"}}],
    }  # fmt: skip
    return {"name": "asking", "steps": [count, ask, train]}


def run(folder: Path, **fields: Any) -> shardr.Run:
    body = f"cd {worlds.IN}; ls > {worlds.OUT}/names.txt; cat * | wc -l >> {worlds.OUT}/names.txt\n"
    worlds.script(folder, body, "count.sh")
    return worlds.run(folder, spec(**fields), runner="process")


@pytest.fixture
def job(home: Path, tmp_path: Path) -> Path:
    """A folder of its own, in a home without a run."""
    worlds.script(tmp_path, "true", "count.sh")
    return world(tmp_path)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, shardr.Run]:
    """A folder, a home, and a run of the spec in it."""
    folder, home = world(tmp_path_factory.mktemp("job")), tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHARDR_HOME", str(home))
        return folder, home, run(folder)


@pytest.fixture
def ran(once: tuple[Path, Path, shardr.Run], monkeypatch: pytest.MonkeyPatch) -> tuple[Path, shardr.Run]:
    """The folder and its run, for tests that change neither."""
    monkeypatch.setenv("SHARDR_HOME", str(once[1]))
    return once[0], once[2]


def test_a_trained_model_is_asked_and_its_answers_go_on_to_a_script_and_to_a_table(
    ran: tuple[Path, shardr.Run], tmp_path: Path
) -> None:
    job, done = ran
    assert (done.status, [step.name for step in done.steps]) == ("Completed", ["train", "ask", "count"])
    assert done.step("ask").rows_in == done.step("ask").rows_out == ROWS
    assert [Path(file).name for file in done.files("ask", "transformed")] == [f"part-{i}.csv.out" for i in range(3)]
    found = done.collect("ask", "transformed")
    assert list(found.columns) == ["V1", "V2"]
    assert list(found["V1"]) == [f"id-{i}-{j}" for i in range(3) for j in range(8)]
    asked = [line.split(",") for i in range(3) for line in (job / f"ask/part-{i}.csv").read_text().split()]
    truth = [2 * float(a) + float(b) for _, a, b in asked]
    assert np.corrcoef(truth, found["V2"])[0, 1] > 0.9
    (names,) = done.files("count", "out")
    assert names.read_text().split() == [f"part-{i}.csv.out" for i in range(3)] + [str(ROWS)]
    done.collect_to("ask", "transformed", tmp_path / "all.csv")
    assert (tmp_path / "all.csv").read_text().splitlines()[0] == "V1,V2"
    assert len((tmp_path / "all.csv").read_text().splitlines()) == ROWS + 1


def test_rows_and_answers_may_be_records(home: Path, tmp_path: Path) -> None:
    worlds.script(world(tmp_path), "true", "count.sh")
    rows = np.loadtxt(tmp_path / "train/rows.csv", np.float32, delimiter=",")
    for name, some in (("train", rows), ("new", rows[:8])):
        (tmp_path / name / "rows.csv").unlink(missing_ok=True)
        shardr.write_recordio(some[:, 1:], tmp_path / f"{name}.pbr", labels=some[:, 0])
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / f"{name}.pbr").rename(tmp_path / name / "rows.pbr")
    records = "application/x-recordio-protobuf"
    given = spec(accept=records, content_type=records, input="new/", split_type="RecordIO", assemble_with="None")
    _, ask, train = given["steps"]
    train["inputs"][0]["content_type"] = records
    for name in ("input_filter", "join_source", "output_filter"):
        ask.pop(name)
    done = worlds.run(tmp_path, {**given, "steps": [ask, train]}, runner="process")
    assert done.status == "Completed", [step.failure for step in done.steps]
    found = done.collect("ask", "transformed")
    assert list(found.columns) == ["score"]
    assert np.corrcoef(rows[:8, 0], found["score"])[0, 1] > 0.9


def test_a_bad_record_fails_the_step_says_where_it_is_and_leaves_no_answers_to_its_object(job: Path) -> None:
    with (job / "ask/part-1.csv").open("a") as file:
        file.write("id,not,numbers\n")
    done = run(job, strategy="SingleRecord")
    assert [(step.name, step.status) for step in done.steps] == [
        ("train", "Completed"), ("ask", "Failed"), ("count", "Pending")
    ]  # fmt: skip
    assert "part-1.csv: record 9: Bad HTTP status received from algorithm: 4" in str(done.step("ask").failure)
    with pytest.raises(JobFailedError):
        done.collect("ask", "transformed")


def test_an_archive_a_folder_and_a_model_by_its_name_give_the_same_answers(ran: tuple[Path, shardr.Run]) -> None:
    job, done = ran
    wanted = done.collect("ask", "transformed")
    (archive,) = [Path(file) for file in done.step("train").outputs["model"].files]
    files = done.files("train", "model")
    models = {"archive": str(archive), "folder": str(files[0].parent), "known": {"model_name": f"{done.id}-ask"}}
    steps = []
    for name, model in models.items():
        step = next(one for one in spec()["steps"] if one["name"] == "ask")
        image = {} if name == "known" else {"image": "xgboost"}
        steps.append({**step, "name": name, "model": model, "instance_count": 1, **image})
    again = worlds.run(job, {"name": "again", "steps": steps}, runner="process")
    assert [(step.status, step.failure) for step in again.steps] == [("Completed", None)] * 3
    assert all(again.collect(name, "transformed").equals(wanted) for name in models)


def test_what_cannot_be_asked_is_told_with_its_place_before_anything_runs(job: Path) -> None:
    wrong = spec(model="modle.tar.gz", image="xgboost", accept="application/json", input_filter="$[1:")
    (job / "model.tar.gz").write_bytes(b"")
    with pytest.raises(SpecError) as error:
        shardr.plan(wrong, base=job, runner="process")
    told = {problem.path: problem.message for problem in error.value.problems}
    assert told["steps[1].model"] == '"modle.tar.gz" is not there; did you mean "model.tar.gz"?'
    assert told["steps[1].accept"] == "must be the ContentType text/csv, not application/json"
    assert "steps[1].input_filter" in told
    with pytest.raises(SpecError, match=r"steps\[1\].model: there is no model prices on this machine"):
        shardr.plan(spec(model={"model_name": "prices"}), base=job, runner="process")


def test_an_estimate_knows_the_time_of_a_transform_step_when_it_ran_here(
    job: Path, once: tuple[Path, Path, shardr.Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shardr.estimate(spec(), base=job)
    ask = before.steps[1]
    assert (ask.kind, ask.instances, ask.instance_type, ask.basis, ask.dollars) == (
        "transform", 2, "ml.m5.large", "unknown", None
    )  # fmt: skip
    assert any("how long ask takes is not known" in notice for notice in before.notices)
    monkeypatch.setenv("SHARDR_HOME", str(once[1]))
    ask, done = shardr.estimate(spec(), base=once[0]).steps[1], once[2]
    assert (ask.basis, ask.run) == ("measured", done.id)
    assert ask.dollars is not None


@pytest.mark.parametrize(
    ("trained_in", "asked_in"),
    [
        ("processing", "shardr/serving:latest"),
        ("shardr/processing:latest", "shardr/serving:latest"),
        (f"{ECR}/shardr/processing:latest", f"{ECR}/shardr/serving:latest"),
        (f"{ECR}/own/processing:latest", f"{ECR}/own/processing:latest"),
    ],
)
def test_what_the_image_processing_trained_is_asked_in_the_image_serving_however_it_is_named(
    job: Path, trained_in: str, asked_in: str
) -> None:
    asking = spec()
    asking["steps"][2] |= {"image": trained_in, "code": "count.sh"}
    pipeline = load(asking, base=job).pipeline
    step = next(one for one in pipeline.steps if isinstance(one, TransformStep))
    assert asked_of(step, pipeline, job, LocalEngine(), lambda _step, _output: "").image == asked_in


def test_a_plan_says_which_model_is_asked_and_what_has_changed(
    ran: tuple[Path, shardr.Run],
) -> None:
    job = ran[0]
    planned = shardr.plan(spec(), base=job, runner="process")
    assert planned.diff().text == ""
    found = plan_dict(planned)["steps"][1]
    assert found["asks"]["image"] == found["image"] == "shardr/xgboost:latest"
    assert found["asks"]["data"] == facts(planned.steps[0].jobs[0].request).uri("model")
    assert "asks" not in plan_dict(planned)["steps"][0]
    with pytest.raises(SpecError, match=r"invocations_max_retries"):
        shardr.plan(spec(invocations_max_retries=4), base=job)
    closed = shardr.plan(spec(input_filter="$[1:3]"), base=job, runner="process")
    assert any("ask: [1:3] ends before its end here" in notice for notice in closed.notices)
