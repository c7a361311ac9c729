"""Pipelines that train, make a model of it, and ask the model about every record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import worlds
import xgboost

import shardr
from shardr.local.home import Home

if TYPE_CHECKING:
    from pathlib import Path

ROLE = "arn:aws:iam::000000000000:role/anyone"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"


def placed(uri: Any) -> dict[str, Any]:
    return {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}


def step(name: str, kind: str, **arguments: Any) -> dict[str, Any]:
    return {"Name": name, "Type": kind, "Arguments": arguments}


def definition() -> dict[str, Any]:
    resources = {"InstanceCount": 1, "InstanceType": "ml.m5.large"}
    channel = {"ChannelName": "train", "ContentType": "text/csv", "DataSource": placed("s3://data/train/")}
    train = step(
        "train",
        "Training",
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        RoleArn=ROLE,
        HyperParameters={"num_round": "3", "max_depth": "3", "base_score": "0.5"},
        InputDataConfig=[channel],
        OutputDataConfig={"S3OutputPath": "s3://data/model"},
        ResourceConfig={**resources, "VolumeSizeInGB": 5},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
    )
    data = {"Get": "Steps.train.ModelArtifacts.S3ModelArtifacts"}
    made = step("model", "Model", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE, "ModelDataUrl": data})
    ask = step(
        "ask",
        "Transform",
        ModelName={"Get": "Steps.model.ModelName"},
        TransformInput={"DataSource": placed("s3://data/ask/"), "ContentType": "text/csv", "SplitType": "Line"},
        TransformOutput={"S3OutputPath": "s3://data/answers/", "AssembleWith": "Line"},
        TransformResources={**resources, "InstanceCount": 2},
    )
    return {"Version": "2020-12-01", "Steps": [ask, made, train]}


@pytest.fixture
def rows(home: Path) -> np.ndarray:
    """What is learned from, and asked about."""
    rows = np.round(np.random.default_rng(3).normal(size=(300, 3)), 3)
    s3 = Home(home).storage.root / "data"
    for name, table in (("train", rows), ("ask", rows[:40, 1:])):
        (s3 / name).mkdir(parents=True)
        np.savetxt(s3 / name / "part.csv", table, delimiter=",", fmt="%.3f")
    return rows


def test_a_pipeline_trains_makes_a_model_and_asks_it(home: Path, rows: np.ndarray) -> None:
    client = shardr.local_session().client("sagemaker")
    client.create_pipeline(
        PipelineName="served", RoleArn=ROLE, PipelineDefinition=json.dumps(definition()), ClientRequestToken="t" * 32
    )
    started = client.start_pipeline_execution(PipelineName="served", ClientRequestToken="s" * 32)
    arn = {"PipelineExecutionArn": started["PipelineExecutionArn"]}
    worlds.until(lambda: client.describe_pipeline_execution(**arn)["PipelineExecutionStatus"] != "Executing", 90)
    about = client.describe_pipeline_execution(**arn)
    assert about["PipelineExecutionStatus"] == "Succeeded", about.get("FailureReason")
    steps = {item["StepName"]: item for item in client.list_pipeline_execution_steps(**arn)["PipelineExecutionSteps"]}
    assert list(steps["model"]["Metadata"]) == ["Model"]
    assert list(steps["ask"]["Metadata"]) == ["TransformJob"]
    run = shardr.Run(started["PipelineExecutionArn"])
    assert {step.name: step.status for step in run.steps} == dict.fromkeys(("ask", "model", "train"), "Completed")
    assert (run.step("train").instances, run.step("ask").instances) == (1, 2)
    found = np.loadtxt(Home(home).storage.root / "data/answers/part.csv.out")
    learned = xgboost.train(
        {"max_depth": 3, "base_score": 0.5, "verbosity": 0}, xgboost.DMatrix(rows[:, 1:], label=rows[:, 0]), 3
    )
    assert found == pytest.approx(learned.predict(xgboost.DMatrix(rows[:40, 1:])), abs=1e-5)


def test_a_transform_step_whose_model_is_not_there_fails_and_says_so(home: Path, rows: np.ndarray) -> None:
    whole = definition()
    whole["Steps"] = whole["Steps"][:1]
    whole["Steps"][0]["Arguments"]["ModelName"] = "nobody"
    client = shardr.local_session().client("sagemaker")
    client.create_pipeline(
        PipelineName="served", RoleArn=ROLE, PipelineDefinition=json.dumps(whole), ClientRequestToken="t" * 32
    )
    started = client.start_pipeline_execution(PipelineName="served", ClientRequestToken="s" * 32)
    about = client.describe_pipeline_execution(PipelineExecutionArn=started["PipelineExecutionArn"])
    assert about["PipelineExecutionStatus"] == "Failed"
    assert "Could not find model" in about["FailureReason"]
