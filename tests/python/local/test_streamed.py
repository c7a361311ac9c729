"""Requests whose channels are streamed, or read as they are opened, and cannot be so: all of it is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from worlds import files, one_step, printed, run

from shardr.errors import RequestError
from shardr.local.account import Account
from shardr.local.home import Home
from shardr.local.operations import call

if TYPE_CHECKING:
    from pathlib import Path

ROLE = "arn:aws:iam::000000000000:role/any"


def refused(operation: str, **request: Any) -> list[str]:
    """What is wrong with a request."""
    with pytest.raises(RequestError) as caught:
        call(Account(Home.default(), "process"), "sagemaker", operation, {"RoleArn": ROLE, **request})
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


def training(channels: list[dict[str, Any]], entrypoint: list[str], mode: str = "File") -> list[str]:
    """What is wrong with a training job that asks for these channels."""
    return refused(
        "CreateTrainingJob",
        TrainingJobName="work",
        AlgorithmSpecification={"TrainingImage": "any", "TrainingInputMode": mode, "ContainerEntrypoint": entrypoint},
        InputDataConfig=channels,
        OutputDataConfig={"S3OutputPath": "s3://mine/out"},
        ResourceConfig={"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
    )


def channel(name: str, source: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A channel of a training job."""
    about = {"S3DataType": "S3Prefix", "S3Uri": f"s3://mine/{name}/", **(source or {})}
    return {"ChannelName": name, "DataSource": {"S3DataSource": about}, **fields}


def test_what_a_training_job_asks_of_channels_in_the_wrong_mode_is_told_at_once() -> None:
    augmented = {"S3DataType": "AugmentedManifestFile", "AttributeNames": ["label"]}
    at = "InputDataConfig[{}].DataSource.S3DataSource".format
    assert training(
        [
            channel("zipped", CompressionType="Gzip", RecordWrapperType="RecordIO"),
            channel("lines", augmented, InputMode="FastFile"),
            channel("bare", {"S3DataType": "AugmentedManifestFile"}, InputMode="Pipe"),
            channel("plain", {"AttributeNames": ["label"]}, InputMode="Pipe"),
            channel("listed", {"S3DataType": "ManifestFile"}, InputMode="FastFile"),
        ],
        ["true"],
    ) == [
        'InputDataConfig[0].CompressionType: found "Gzip", only channels in mode Pipe are expanded',
        'InputDataConfig[0].RecordWrapperType: found "RecordIO", which is for the mode Pipe',
        f'{at(1)}.S3DataType: found "AugmentedManifestFile", which is for the mode Pipe',
        f"{at(2)}.AttributeNames: is required: what is streamed of each line",
        f"{at(3)}.AttributeNames: is for AugmentedManifestFile, not S3Prefix",
        f'{at(4)}.S3DataType: found "ManifestFile", and in mode FastFile there is S3Prefix only',
    ]


def test_a_script_cannot_come_through_a_pipe_nor_a_folder_be_where_an_epoch_is() -> None:
    found = training(
        [channel("code"), channel("train"), channel("train_0", InputMode="File")],
        ["Rscript", "/opt/ml/input/data/code/train.R"],
        mode="Pipe",
    )
    assert found == [
        'InputDataConfig[0].InputMode: found Pipe, and the program is told "/opt/ml/input/data/code/train.R": '
        "a streamed channel is no folder",
        "InputDataConfig[1].InputMode: found Pipe, and input train_0 is at /opt/ml/input/data/train_0, "
        "where an epoch would be streamed",
    ]


def test_the_same_is_told_of_processing_jobs_in_their_own_fields() -> None:
    top = "/opt/ml/processing"
    inputs = [
        ("zipped", f"{top}/zipped", {"S3InputMode": "File", "S3CompressionType": "Gzip"}),
        ("raw", f"{top}/raw/", {"S3InputMode": "Pipe"}),
        ("raw_12", f"{top}/raw_12", {"S3InputMode": "File"}),
    ]
    told = refused(
        "CreateProcessingJob",
        ProcessingJobName="work",
        AppSpecification={"ImageUri": "any", "ContainerEntrypoint": ["cat", f"{top}/raw/a.csv"]},
        ProcessingResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
        ProcessingInputs=[
            {
                "InputName": name,
                "S3Input": {"S3Uri": f"s3://mine/{name}/", "LocalPath": path, "S3DataType": "S3Prefix", **fields},
            }
            for name, path, fields in inputs
        ],
    )
    assert told == [
        'ProcessingInputs[0].S3Input.S3CompressionType: found "Gzip", only channels in mode Pipe are expanded',
        f"ProcessingInputs[1].S3Input.S3InputMode: found Pipe, and input raw_12 is at {top}/raw_12, "
        "where an epoch would be streamed",
        f'ProcessingInputs[1].S3Input.S3InputMode: found Pipe, and the program is told "{top}/raw/a.csv": '
        "a streamed channel is no folder",
    ]


def test_a_script_below_the_place_of_a_streamed_input_is_in_a_folder_of_its_own(tmp_path: Path) -> None:
    """As in the published example, whose input is the folder that the script's is in."""
    files(tmp_path / "data", 1)
    channel = {"name": "raw", "source": "data/", "input_mode": "Pipe", "path": "/opt/ml/processing/input"}
    done = run(tmp_path, one_step(tmp_path, "cat /opt/ml/processing/input_0", inputs=[channel]))
    assert printed(done) == ["file,row", "0,0"], done.step("work").failure
