"""A pipeline of many steps, each reading what the one before made: checked, started, and from step to step.

python bench/pipelines.py [steps]
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from shardr.local.account import Account
from shardr.local.home import Home
from shardr.local.operations import call

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 50
REPEATS = 11
RUN_STEPS = 10
ROLE = "arn:aws:iam::000000000000:role/bench"


def step(i: int) -> dict[str, Any]:
    place = {"S3Uri": f"s3://bucket/{i}/", "LocalPath": "/opt/ml/processing/output/out", "S3UploadMode": "EndOfJob"}
    before = {"Get": f"Steps.s{i - 1}.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"}
    source = {"S3Uri": before, "LocalPath": "/opt/ml/processing/input/in", "S3DataType": "S3Prefix"}
    command = "echo 1 > /opt/ml/processing/output/out/a"
    arguments = {
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}
        },
        "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["sh", "-c", command]},
        "RoleArn": ROLE,
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "S3Output": place}]},
        "ProcessingInputs": [{"InputName": "in", "S3Input": source}] if i else [],
    }
    return {"Name": f"s{i}", "Type": "Processing", "Arguments": arguments}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        account = Account(Home(Path(folder) / "home"), "process")

        def ask(operation: str, **request: Any) -> Any:
            return call(account, "sagemaker", operation, request)

        def start(name: str, steps: int) -> tuple[str, float, float]:
            text = json.dumps({"Version": "2020-12-01", "Steps": [step(i) for i in range(steps)]})
            token = {"PipelineName": name, "ClientRequestToken": os.urandom(16).hex()}
            begun = time.perf_counter()
            ask("CreatePipeline", **token, PipelineDefinition=text, RoleArn=ROLE)
            made = time.perf_counter()
            arn = ask("StartPipelineExecution", **token)["PipelineExecutionArn"]
            return arn, made - begun, time.perf_counter() - made

        def wait(arn: str) -> str:
            while True:
                status: str = ask("DescribePipelineExecution", PipelineExecutionArn=arn)["PipelineExecutionStatus"]
                if status not in {"Executing", "Stopping"}:
                    return status
                time.sleep(0.5)  # seldom: the supervisors do the work

        assert wait(start("warm", 1)[0]) == "Succeeded"
        made, started = [], []
        for i in range(REPEATS):
            arn, create, begin = start(f"many-{i}", STEPS)
            made.append(create)
            started.append(begin)
            ask("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=os.urandom(16).hex())
            assert wait(arn) == "Stopped"
        both = statistics.median(map(sum, zip(made, started, strict=True))) * 1000
        print(f"pipeline of {STEPS} steps created: {statistics.median(made) * 1000:.1f} ms (median of {REPEATS})")
        print(f"pipeline of {STEPS} steps created and started: {both:.1f} ms (median of {REPEATS}) target <= 50")

        arn = start("chain", RUN_STEPS)[0]
        assert wait(arn) == "Succeeded"
        steps = ask("ListPipelineExecutionSteps", PipelineExecutionArn=arn, SortOrder="Ascending")
        found = steps["PipelineExecutionSteps"]
        gaps = [(b["StartTime"] - a["EndTime"]).total_seconds() for a, b in itertools.pairwise(found)]
        print(
            f"from the end of a step to the start of the next: {statistics.median(gaps) * 1000:.0f} ms, nobody looking"
        )


if __name__ == "__main__":
    main()
