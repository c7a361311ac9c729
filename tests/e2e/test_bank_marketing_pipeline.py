"""The published two-step flow as a pipeline definition that any client could have sent, run by the local engine."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import worlds

from shardr._inst import inst
from shardr.local.account import Account
from shardr.local.home import Home
from shardr.local.operations import call

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = inst("examples", "bank-marketing")
ROLE = "arn:aws:iam::000000000000:role/anyone"
BUCKET = "s3://sagemaker-us-east-1-000000000000/sagemaker-rstudio-example"


def source(name: str, uri: Any, distribution: str = "FullyReplicated") -> dict[str, Any]:
    place = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/input/{name}", "S3DataDistributionType": distribution}
    return {
        "InputName": name,
        "AppManaged": False,
        "S3Input": {**place, "S3DataType": "S3Prefix", "S3InputMode": "File"},
    }


def result(name: str) -> dict[str, Any]:
    place = {"S3Uri": f"{BUCKET}/{name}/", "LocalPath": f"/opt/ml/processing/output/{name}", "S3UploadMode": "EndOfJob"}
    return {"OutputName": name, "AppManaged": False, "S3Output": place}


def step(
    name: str, script: str, instances: Any, inputs: list[Any], outputs: list[Any], **fields: Any
) -> dict[str, Any]:
    cluster = {"InstanceCount": instances, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}
    arguments = {
        "ProcessingResources": {"ClusterConfig": cluster},
        "AppSpecification": {
            "ImageUri": "000000000000.dkr.ecr.us-east-1.amazonaws.com/sagemaker-r-parallel-processing:1.0",
            "ContainerEntrypoint": ["Rscript", f"/opt/ml/processing/input/code/{script}"],
        },
        "RoleArn": ROLE,
        "ProcessingInputs": [*inputs, source("code", f"{BUCKET}/code/{script}")],
        "ProcessingOutputConfig": {"Outputs": outputs},
    }
    return {"Name": name, "Type": "Processing", "Arguments": arguments, **fields}


FILTERED = {"Get": "Steps.Filter.ProcessingOutputConfig.Outputs['filtered'].S3Output.S3Uri"}
PARTS = ("train", "validation", "test")
DEFINITION = {
    "Version": "2020-12-01",
    "Metadata": {},
    "Parameters": [{"Name": "Shards", "Type": "Integer", "DefaultValue": 1}],
    "PipelineExperimentConfig": None,
    "Steps": [
        step(
            "Process",
            "process.R",
            1,
            [source("filtered", FILTERED)],
            [result(name) for name in PARTS],
            DependsOn=["Filter"],
        ),
        step(
            "Filter",
            "filter.R",
            {"Get": "Parameters.Shards"},
            [source("raw", f"{BUCKET}/split/", "ShardedByS3Key")],
            [result("filtered")],
        ),
    ],
}


def rows(folder: Path) -> Counter[tuple[str, ...]]:
    """The records of all CSV files, by the columns that are kept."""
    found: Counter[tuple[str, ...]] = Counter()
    for file in folder.rglob("*.csv"):
        with file.open(newline="", encoding="utf-8") as stream:
            found += Counter(
                (record["age"], record["job"], record["campaign"], record["y"]) for record in csv.DictReader(stream)
            )
    return found


def test_each_row_of_the_set_is_in_one_of_the_three_parts(home: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    subprocess.run([sys.executable, EXAMPLE / "generate.py", data, "--rows", "2000", "--files", "3"], check=True)
    here = Home(home)
    for file in sorted(data.iterdir()):
        here.storage.put(f"{BUCKET}/split/{file.name}", file.read_bytes())
    for script in ("filter.R", "process.R"):
        here.storage.put(f"{BUCKET}/code/{script}", (EXAMPLE / script).read_bytes())

    def ask(operation: str, **request: Any) -> dict[str, Any]:
        return call(Account(here), "sagemaker", operation, request)

    token, name = {"ClientRequestToken": "t" * 32}, {"PipelineName": "BankAdditionalPipelineUsingR"}
    ask("CreatePipeline", **name, **token, PipelineDefinition=json.dumps(DEFINITION), RoleArn=ROLE)
    shards = [{"Name": "Shards", "Value": "2"}]
    arn = ask("StartPipelineExecution", **name, **token, PipelineParameters=shards)["PipelineExecutionArn"]

    def ended() -> dict[str, Any] | None:
        about = ask("DescribePipelineExecution", PipelineExecutionArn=arn)
        return about if about["PipelineExecutionStatus"] not in {"Executing", "Stopping"} else None

    about = worlds.until(ended, 120)
    assert about["PipelineExecutionStatus"] == "Succeeded", about.get("FailureReason")
    parts = [rows(here.storage.path(f"{BUCKET}/{part}")) for part in PARTS]
    assert sum(parts, Counter()) == rows(data)
    assert [part.total() for part in parts] == [1400, 300, 300]
    steps = ask("ListPipelineExecutionSteps", PipelineExecutionArn=arn)["PipelineExecutionSteps"]
    assert [each["StepName"] for each in steps] == ["Process", "Filter"]
    job = steps[1]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
    cluster = ask("DescribeProcessingJob", ProcessingJobName=job)["ProcessingResources"]["ClusterConfig"]
    assert cluster["InstanceCount"] == 2
