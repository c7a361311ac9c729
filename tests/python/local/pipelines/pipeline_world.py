"""A world of pipelines in one line: definitions, and an account in which they really run."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import worlds

from shardr.local.account import Account
from shardr.local.home import Home
from shardr.local.operations import call
from shardr.requests.check import check_response

if TYPE_CHECKING:
    from pathlib import Path

ROLE = "arn:aws:iam::000000000000:role/anyone"
OUT = "/opt/ml/processing/output/out"
IN = "/opt/ml/processing/input/in"


def get(name: str) -> dict[str, str]:
    return {"Get": name}


def output_of(step: str, output: str = "out") -> dict[str, str]:
    """The expression for where an output of a step goes."""
    return get(f"Steps.{step}.ProcessingOutputConfig.Outputs['{output}'].S3Output.S3Uri")


def processing(name: str, command: str = "true", source: Any = None, **fields: Any) -> dict[str, Any]:
    """A step that runs this command, with the output ``out``, and the input ``in`` when a source is given."""
    output = {"S3Uri": f"s3://bucket/{name}/", "LocalPath": OUT, "S3UploadMode": "EndOfJob"}
    arguments: dict[str, Any] = {
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}
        },
        "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["bash", "-ec", command]},
        "RoleArn": ROLE,
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "S3Output": output}]},
    }
    if source is not None:
        item = {"S3Uri": source, "LocalPath": IN, "S3DataType": "S3Prefix", "S3InputMode": "File"}
        arguments["ProcessingInputs"] = [{"InputName": "in", "S3Input": item}]
    return {"Name": name, "Type": "Processing", "Arguments": arguments, **fields}


def condition(name: str, left: Any, kind: str, right: Any, then: Any = (), otherwise: Any = (), **fields: Any) -> Any:
    """A step that compares two values."""
    conditions = [{"Type": kind, "LeftValue": left, "RightValue": right}]
    arguments = {"Conditions": conditions, "IfSteps": list(then), "ElseSteps": list(otherwise)}
    return {"Name": name, "Type": "Condition", "Arguments": arguments, **fields}


def fail(name: str, message: Any) -> dict[str, Any]:
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}}


def defined(*steps: Any, **fields: Any) -> dict[str, Any]:
    """A definition of these steps."""
    return {"Version": "2020-12-01", "Metadata": {}, "Parameters": [], "Steps": list(steps), **fields}


class World:
    """An account with pipelines; every answer is held against the service's model."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.account = Account(self.home)
        self._tokens = itertools.count()

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        answer = call(self.account, "sagemaker", operation, request)
        assert check_response(operation, answer) == []
        return answer

    def token(self) -> str:
        return f"{next(self._tokens):032}"

    def create(self, definition: Any, name: str = "pipe", **fields: Any) -> str:
        """The ARN of a new pipeline."""
        text = definition if isinstance(definition, str) else json.dumps(definition)
        request = {"PipelineName": name, "PipelineDefinition": text, "RoleArn": ROLE, **fields}
        return str(self.call("CreatePipeline", **{"ClientRequestToken": self.token(), **request})["PipelineArn"])

    def start(self, name: str = "pipe", parameters: Any = None, **fields: Any) -> str:
        """The ARN of an execution, just started."""
        given = [{"Name": key, "Value": value} for key, value in (parameters or {}).items()]
        request = {"PipelineName": name, "ClientRequestToken": self.token(), "PipelineParameters": given, **fields}
        return str(self.call("StartPipelineExecution", **request)["PipelineExecutionArn"])

    def run(self, *steps: Any, parameters: Any = None, **fields: Any) -> Execution:
        """The finished execution of a pipeline of these steps."""
        self.create(defined(*steps, **fields))
        return self.over(self.start(parameters=parameters))

    def over(self, arn: str) -> Execution:
        """The execution when it has ended."""

        def ended() -> Execution | None:
            found = Execution(self, arn)
            return found if found.status not in {"Executing", "Stopping"} else None

        return worlds.until(ended)  # type: ignore[no-any-return]

    def write(self, key: str, text: str) -> None:
        """Makes an object in the bucket."""
        self.home.storage.put(f"s3://bucket/{key}", text.encode())

    def read(self, key: str) -> str:
        """The text of an object in the bucket."""
        return self.home.storage.path(f"s3://bucket/{key}").read_text(encoding="utf-8")


class Execution:
    """An execution as its descriptions tell it."""

    def __init__(self, world: World, arn: str) -> None:
        self.arn = arn
        self.about = world.call("DescribePipelineExecution", PipelineExecutionArn=arn)
        self.status: str = self.about["PipelineExecutionStatus"]
        listed = world.call("ListPipelineExecutionSteps", PipelineExecutionArn=arn)["PipelineExecutionSteps"]
        self.order = [step["StepName"] for step in listed]
        self.steps: dict[str, dict[str, Any]] = {step["StepName"]: step for step in listed}

    @property
    def states(self) -> dict[str, str]:
        return {name: step["StepStatus"] for name, step in self.steps.items()}

    def job(self, step: str) -> str:
        """The name of a step's job."""
        return str(self.steps[step]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2])
