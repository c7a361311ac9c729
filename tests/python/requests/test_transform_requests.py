"""Transform steps as requests: each case of the contract is what the service takes, alone and in a pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shardr.requests.check import check_request
from shardr.requests.facts import facts, model_facts
from shardr.requests.pipeline import CompiledStep, pipeline_definition
from shardr.requests.placed import Placed
from shardr.requests.training import training_request
from shardr.requests.transform import model_request, transform_request
from shardr.spec.load import load
from shardr.spec.training import TrainingStep
from shardr.spec.transform import KnownModel, TransformStep

FOLDER = Path(__file__).parents[2] / "contract" / "specs"
CASES = sorted(path.stem for path in FOLDER.glob("transform-*.json"))
ROLE = "arn:aws:iam::123456789012:role/shardr"
IMAGE = "012345678901.dkr.ecr.eu-west-1.amazonaws.com/shardr/pca:1"
TAGS = {"run": "job-1"}


def step(**fields: Any) -> TransformStep:
    """One transform step of these fields."""
    given = {"name": "ask", "type": "transform", "model": "m.tar.gz", "image": "pca", "input": "data/", **fields}
    found = load({"name": "job", "steps": [given]}).pipeline.steps[0]
    assert isinstance(found, TransformStep)
    return found


def model(of: TransformStep, data: str = "s3://bucket/m.tar.gz") -> dict[str, Any]:
    return model_request(of, model="job-1-ask", image_uri=IMAGE, role=ROLE, data=data, tags=TAGS)


def request(of: TransformStep, source: str = "s3://bucket/in/", name: str = "job-1-ask") -> dict[str, Any]:
    place = Placed(source, "S3Prefix")
    return transform_request(of, job=name, model=name, source=place, output="s3://bucket/out/", tags=TAGS)


@pytest.mark.parametrize("case", CASES)
def test_the_requests_of_each_case_are_those_that_the_service_takes(case: str) -> None:
    spec = json.loads(json.loads((FOLDER / f"{case}.json").read_text("utf-8"))["canonical"])
    found = [one for one in load(spec).pipeline.steps if isinstance(one, TransformStep)]
    assert found
    for one in found:
        assert check_request("CreateTransformJob", request(one)) == []
        assert isinstance(one.model, KnownModel) or check_request("CreateModel", model(one)) == []


def test_what_is_not_said_is_left_to_the_container_and_to_the_service() -> None:
    plain = request(step())
    assert set(plain) == {
        "TransformJobName", "ModelName", "TransformInput", "TransformOutput", "TransformResources", "Tags"
    }  # fmt: skip
    said = request(step(max_concurrent_transforms=0, invocations_max_retries=0, join_source="Input", csv_lines=True,
                        split_type="Line"))  # fmt: skip
    assert said["MaxConcurrentTransforms"] == 0
    assert said["ModelClientConfig"] == {"InvocationsMaxRetries": 0}
    assert said["DataProcessing"] == {"JoinSource": "Input"}
    assert {"Key": "shardr:csv-lines", "Value": "true"} in said["Tags"]


def test_a_model_is_an_archive_or_a_folder() -> None:
    for data in ("s3://bucket/m.tar.gz", "s3://bucket/models/m/"):
        made = model(step(network_isolation=True), data)
        assert check_request("CreateModel", made) == []
        assert (model_facts(made).data, model_facts(made).image, model_facts(made).isolated) == (data, IMAGE, True)


def chain() -> list[CompiledStep]:
    """A training, whose model is asked, and whose answers are asked about again."""
    trains = load({"name": "j", "steps": [{"name": "train", "type": "training", "image": "pca"}]}).pipeline.steps[0]
    assert isinstance(trains, TrainingStep)
    trained = training_request(
        trains, job="job-1-train", image_uri=IMAGE, role=ROLE, inputs={}, output="s3://bucket/job-1/train",
        checkpoints=None, code=None, tags=TAGS,
    )  # fmt: skip
    artifact = facts(trained).uri("model")
    first = request(step(), name="job-1-ask")
    return [
        CompiledStep("train", [], trained),
        CompiledStep("ask", ["train"], first, model(step(), artifact)),
        CompiledStep("again", ["train", "ask"], request(step(), "s3://bucket/out/"), model(step(), artifact)),
        CompiledStep("known", [], {**request(step()), "ModelName": "prices"}),
    ]


def test_in_a_pipeline_a_model_is_a_step_that_refers_to_the_training_and_is_referred_to() -> None:
    made = pipeline_definition(chain(), run="job-1", run_uri="s3://bucket/job-1")
    assert [(one["Name"], one["Type"]) for one in made["Steps"]] == [
        ("train", "Training"),
        ("ask-model", "Model"),
        ("ask", "Transform"),
        ("again-model", "Model"),
        ("again", "Transform"),
        ("known", "Transform"),
    ]
    steps = {one["Name"]: one for one in made["Steps"]}
    data = steps["ask-model"]["Arguments"]["PrimaryContainer"]["ModelDataUrl"]
    assert data == {"Get": "Steps.train.ModelArtifacts.S3ModelArtifacts"}
    assert "ModelName" not in steps["ask-model"]["Arguments"]
    assert steps["ask"]["Arguments"]["ModelName"] == {"Get": "Steps.ask-model.ModelName"}
    source = steps["again"]["Arguments"]["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    assert source == {"Get": "Steps.ask.TransformOutput.S3OutputPath"}
    assert steps["known"]["Arguments"]["ModelName"] == "prices"
    assert not any("DependsOn" in one for one in made["Steps"])


def test_no_two_steps_of_a_pipeline_have_one_name_when_a_step_is_called_as_a_model_would_be() -> None:
    train, ask, *_ = chain()
    taken = CompiledStep("ask-model", ["ask"], request(step(), "s3://bucket/out/"), model(step()))
    made = pipeline_definition([train, ask, taken], run="job-1", run_uri="s3://bucket/job-1")
    names = [one["Name"] for one in made["Steps"]]
    assert len(set(names)) == len(names) == 5
