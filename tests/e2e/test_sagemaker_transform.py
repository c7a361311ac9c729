"""Transform steps that are sent to SageMaker, which here is a server of another home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import endpoint_world
import pytest
import worlds

import shardr

if TYPE_CHECKING:
    from pathlib import Path

    from shardr.local.serving import Served

ROLE = endpoint_world.ROLE
LINES = {"content_type": "text/csv", "split_type": "Line", "accept": "text/csv", "assemble_with": "Line"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Rows to train on, and to ask about."""
    (tmp_path / "train").mkdir()
    (tmp_path / "train/rows.csv").write_text("".join(f"{i},{i},0\n" for i in range(20)))
    (tmp_path / "ask").mkdir()
    for name, text in (("a.csv", "id-1,1,0\nid-2,18,0\n"), ("b.csv", "id-3,18,0\n")):
        (tmp_path / "ask" / name).write_text(text)
    (tmp_path / "model.tar.gz").write_bytes(endpoint_world.archive())
    return tmp_path


def asks(**fields: Any) -> dict[str, Any]:
    return {"name": "ask", "type": "transform", "input": "ask/", **LINES, **fields}


def test_in_a_pipeline_a_model_is_made_of_what_was_trained_and_its_answers_go_on(served: Served, folder: Path) -> None:
    train = {
        "name": "train", "type": "training", "image": endpoint_world.IMAGE,
        "hyperparameters": {"num_round": 20, "min_child_weight": 0, "objective": "reg:squarederror"},
        "inputs": [{"name": "train", "source": "train/", "content_type": "text/csv"}],
    }  # fmt: skip
    ask = asks(model={"step": "train"}, input_filter="$[1:]", join_source="Input", output_filter="$[0,-1]")
    source = {"name": "raw", "source": {"step": "ask", "output": "transformed"}}
    code = worlds.script(folder, f"cat {worlds.IN}/*.out > {worlds.OUT}/all.jsonl", "join.sh")
    join = {"name": "join", "code": code, "inputs": [source], "outputs": ["out"]}
    spec = {"name": "asking", "steps": [train, ask, join]}
    done = shardr.run(spec, engine="sagemaker", role=ROLE, base=folder)
    found = done.collect("ask", "transformed")
    assert list(found["V1"]) == ["id-1", "id-2", "id-3"]
    assert list(found["V2"]) == pytest.approx([1, 18, 18], abs=0.5)
    (joined,) = done.files("join", "out")
    assert [line.split(",")[0] for line in joined.read_text().split()] == list(found["V1"])
    job = boto3.client("sagemaker").describe_transform_job(TransformJobName=done.step("ask").job)
    model = boto3.client("sagemaker").describe_model(ModelName=job["ModelName"])
    assert "asking" in model["PrimaryContainer"]["ModelDataUrl"]
    assert model["ExecutionRoleArn"] == ROLE


def test_alone_it_is_a_model_and_a_job_and_the_model_can_be_asked_again_by_its_name(
    served: Served, folder: Path
) -> None:
    fields: dict[str, Any] = {**LINES, "input_filter": "$[1:]"}
    done = shardr.transform(
        "model.tar.gz", "ask/", base=folder, engine="sagemaker", role=ROLE, image=endpoint_world.IMAGE, **fields
    )
    assert [step.name for step in done.steps] == ["transform"]
    first = done.collect("transform", "transformed")
    assert list(first["V1"]) == pytest.approx([1, 1, 1], abs=0.1)
    job = boto3.client("sagemaker").describe_transform_job(TransformJobName=done.step("transform").job)
    again = shardr.transform(job["ModelName"], "ask/", base=folder, engine="sagemaker", role=ROLE, **fields)
    assert again.collect("transform", "transformed").equals(first)


def test_a_job_that_is_refused_leaves_no_model_and_a_name_that_is_taken_is_told(
    served: Served, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    how: dict[str, Any] = {"base": folder, "engine": "sagemaker", "role": ROLE, "name": "mine", **LINES}
    nobodys = "123456789012.dkr.ecr.us-east-1.amazonaws.com/nobodys:1"
    with pytest.raises(shardr.AwsError, match="needed to serve it"):
        shardr.transform("model.tar.gz", "ask/", image=nobodys, **how)
    models = boto3.client("sagemaker").list_models()["Models"]
    assert "mine-transform" not in [model["ModelName"] for model in models]
    how["image"] = endpoint_world.IMAGE
    assert shardr.transform("model.tar.gz", "ask/", input_filter="$[1:]", **how).status == "Completed"
    monkeypatch.setenv("SHARDR_HOME", str(tmp_path / "another home"))
    with pytest.raises(shardr.NameInUseError, match="mine-transform"):
        shardr.transform("model.tar.gz", "ask/", **how)
    assert boto3.client("sagemaker").describe_model(ModelName="mine-transform")["ExecutionRoleArn"] == ROLE
