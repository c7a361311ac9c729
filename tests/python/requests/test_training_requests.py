"""Training steps as requests: each case of the contract is one that the service takes, and scripts find their words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shardr.requests.check import check_request
from shardr.requests.facts import facts
from shardr.requests.placed import Placed
from shardr.requests.training import WITH_HOST, program, training_request, variables
from shardr.spec.load import load
from shardr.spec.training import TrainingStep, metric_regex

FOLDER = Path(__file__).parents[2] / "contract" / "specs"
CASES = sorted(path.stem for path in FOLDER.glob("training-*.json"))


def step(**fields: Any) -> TrainingStep:
    """One training step of these fields."""
    found = load({"name": "job", "steps": [{"name": "a", "type": "training", **fields}]}).pipeline.steps[0]
    assert isinstance(found, TrainingStep)
    return found


def request(of: TrainingStep, **more: Any) -> dict[str, Any]:
    """Its request, with the channels and the code at made-up places."""
    return training_request(
        of,
        job="job-a",
        image_uri="012345678901.dkr.ecr.eu-west-1.amazonaws.com/shardr/processing:1",
        role="arn:aws:iam::123456789012:role/shardr",
        inputs={channel.name: Placed(f"s3://bucket/{channel.name}/", "S3Prefix") for channel in of.inputs},
        output="s3://bucket/models",
        checkpoints=of.checkpoints if isinstance(of.checkpoints, str) else None,
        code=None if of.code is None else Placed("s3://bucket/code/", "S3Prefix"),
        tags={"run": "job"},
        **more,
    )


def spelled(found: dict[str, Any]) -> dict[str, str]:
    """The variables of a request's environment."""
    environment: dict[str, str] = found["Environment"]
    return environment


@pytest.mark.parametrize("case", CASES)
def test_the_request_of_each_case_is_one_that_the_service_takes(case: str) -> None:
    spec = json.loads(json.loads((FOLDER / f"{case}.json").read_text("utf-8"))["canonical"])
    found = [one for one in load(spec).pipeline.steps if isinstance(one, TrainingStep)]
    assert found
    assert [check_request("CreateTrainingJob", request(one)) for one in found] == [[]] * len(found)


def test_what_a_spec_has_is_where_the_service_looks_for_it() -> None:
    found = request(
        step(
            code="train.R",
            arguments=["--quick"],
            hyperparameters={"top_k": 10, "center": True},
            inputs=[
                {"name": "train", "source": "d/", "distribution": "ShardedByS3Key", "content_type": "text/csv"},
                {"name": "all", "source": "d/", "input_mode": "FastFile"},
            ],
            metrics=["validation:rmse"],
            on_collision="last_wins",
            checkpoints="s3://bucket/kept/",
            spot=True,
            max_runtime_seconds=600,
            keep_alive_seconds=None,
            retry_attempts=2,
        ),
        own_tags={"project": "bank"},
    )
    channels = {channel["ChannelName"]: channel for channel in found["InputDataConfig"]}
    assert list(channels) == ["train", "all", "code"]
    assert channels["train"]["ContentType"] == "text/csv"
    assert channels["train"]["DataSource"]["S3DataSource"]["S3DataDistributionType"] == "ShardedByS3Key"
    assert channels["all"]["InputMode"] == "FastFile"
    assert channels["code"]["DataSource"]["S3DataSource"]["S3DataDistributionType"] == "FullyReplicated"
    algorithm = found["AlgorithmSpecification"]
    assert algorithm["ContainerEntrypoint"] == [*WITH_HOST, "Rscript", "/opt/ml/input/data/code/train.R"]
    assert program(algorithm["ContainerEntrypoint"]) == ["Rscript", "/opt/ml/input/data/code/train.R"]
    assert algorithm["ContainerArguments"] == ["--quick"]
    assert algorithm["MetricDefinitions"] == [{"Name": "validation:rmse", "Regex": metric_regex("validation:rmse")}]
    assert found["HyperParameters"] == {"top_k": "10", "center": "true"}
    assert found["StoppingCondition"] == {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 600}
    assert found["CheckpointConfig"] == {"S3Uri": "s3://bucket/kept/", "LocalPath": "/opt/ml/checkpoints"}
    assert found["RetryStrategy"] == {"MaximumRetryAttempts": 2}
    assert found["EnableManagedSpotTraining"] is True
    tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
    assert (tags["shardr:on-collision:model"], tags["project"]) == ("last_wins", "bank")
    assert [output.uri for output in facts(found).outputs if output.name == "model"] == [
        "s3://bucket/models/job-a/output/model.tar.gz"
    ]


def test_an_image_with_a_program_of_its_own_is_told_nothing_but_its_hyperparameters() -> None:
    found = request(step(image="xgboost", hyperparameters={"num_round": 5}))
    assert found["AlgorithmSpecification"].keys() == {"TrainingImage", "TrainingInputMode"}
    assert "Environment" not in found
    assert "InputDataConfig" not in found


def test_a_script_of_a_folder_is_run_where_it_lies_in_it() -> None:
    found = request(step(source_dir="src", code="models/train.py"))
    assert found["AlgorithmSpecification"]["ContainerEntrypoint"][-2:] == [
        "python3",
        "/opt/ml/input/data/code/models/train.py",
    ]


def test_scripts_find_the_variables_of_the_services_own_containers() -> None:
    found = variables(
        step(
            code="train.R",
            instance_count=11,
            hyperparameters={"max-depth": 6, "kinds": ["b", "a"]},
            inputs=[{"name": "train", "source": "d/"}, {"name": "eval.data", "source": "d/"}],
        )
    )
    assert found["SM_MODEL_DIR"] == "/opt/ml/model"
    assert found["SM_OUTPUT_DATA_DIR"] == "/opt/ml/output/data"
    assert (found["SM_INPUT_DIR"], found["SM_INPUT_CONFIG_DIR"]) == ("/opt/ml/input", "/opt/ml/input/config")
    assert found["SM_CHANNELS"] == '["eval.data","train"]'
    assert found["SM_CHANNEL_EVAL_DATA"] == "/opt/ml/input/data/eval.data"
    assert found["SM_HP_MAX_DEPTH"] == "6"
    assert found["SM_HPS"] == '{"kinds":"[\\"b\\",\\"a\\"]","max-depth":"6"}'
    assert json.loads(found["SM_HOSTS"])[:4] == ["algo-1", "algo-10", "algo-11", "algo-2"]
    assert "SM_CURRENT_HOST" not in found  # the one that differs


def test_what_the_services_environment_has_no_room_for_is_left_out_and_the_users_own_stays() -> None:
    of = step(
        code="train.R",
        hyperparameters={"long": "x" * 513, **{f"h{i}": i for i in range(98)}},
        environment={"MINE": "1", "SM_MODEL_DIR": "/elsewhere"},
    )
    found = spelled(request(of))
    assert "SM_HP_LONG" not in found
    assert "SM_HPS" not in found
    assert len(found) <= 100
    assert (found["MINE"], found["SM_MODEL_DIR"]) == ("1", "/elsewhere")
    assert check_request("CreateTrainingJob", request(of)) == []


def test_the_same_values_give_the_same_text_in_whatever_order_they_are_written() -> None:
    one = step(code="a.R", hyperparameters={"grid": {"b": [1, 0.5], "a": True}})
    other = step(code="a.R", hyperparameters={"grid": {"a": True, "b": [1, 0.5]}})
    assert one.hyperparameters == other.hyperparameters == {"grid": '{"a":true,"b":[1,0.5]}'}
