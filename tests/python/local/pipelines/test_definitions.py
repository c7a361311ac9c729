"""Definitions: what the SDK writes is taken, and each rule is broken alone."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from pipeline_world import ROLE, condition, defined, fail, get, output_of, processing

import shardr
from shardr.local.pipelines.check import require_definition

if TYPE_CHECKING:
    from collections.abc import Callable

# As SDK 2 writes it, with each kind of step that makes a request.
FILTER: dict[str, Any] = {
    "Name": "Filter",
    "Type": "Processing",
    "Arguments": {
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceType": get("Parameters.IType"),
                "InstanceCount": get("Parameters.Shards"),
                "VolumeSizeInGB": 30,
            }
        },
        "AppSpecification": {
            "ImageUri": "000000000000.dkr.ecr.us-east-1.amazonaws.com/r:1",
            "ContainerEntrypoint": ["Rscript", "/opt/ml/processing/input/code/filter.R"],
            "ContainerArguments": ["--x", "1"],
        },
        "RoleArn": ROLE,
        "ProcessingInputs": [
            {
                "InputName": "d",
                "AppManaged": False,
                "S3Input": {
                    "S3Uri": "s3://bkt/in",
                    "LocalPath": "/opt/ml/processing/input",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                    "S3DataDistributionType": "ShardedByS3Key",
                    "S3CompressionType": "None",
                },
            }
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "out",
                    "AppManaged": False,
                    "S3Output": {
                        "S3Uri": "s3://bkt/out",
                        "LocalPath": "/opt/ml/processing/output",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        "Environment": {"A": "b"},
    },
    "CacheConfig": {"Enabled": True, "ExpireAfter": "P1D"},
    "RetryPolicies": [
        {"BackoffRate": 2.0, "IntervalSeconds": 1, "MaxAttempts": 3, "ExceptionType": ["Step.THROTTLING"]}
    ],
    "PropertyFiles": [{"PropertyFileName": "ev", "OutputName": "out", "FilePath": "evaluation.json"}],
}
TRAIN: dict[str, Any] = {
    "Name": "Train",
    "Type": "Training",
    "Arguments": {
        "AlgorithmSpecification": {"TrainingInputMode": "File", "TrainingImage": "r:1"},
        "OutputDataConfig": {"S3OutputPath": "s3://bkt/m"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
        "ResourceConfig": {"VolumeSizeInGB": 30, "InstanceCount": 1, "InstanceType": "ml.m5.large"},
        "RoleArn": ROLE,
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "ContentType": "text/csv",
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": output_of("Filter"),
                        "S3DataDistributionType": "FullyReplicated",
                    }
                },
            }
        ],
        "HyperParameters": {"minPts": "5", "flag": "True"},
    },
}
MODEL = {
    "Name": "CM",
    "Type": "Model",
    "Arguments": {
        "ExecutionRoleArn": ROLE,
        "PrimaryContainer": {
            "Image": "img",
            "Environment": {},
            "ModelDataUrl": get("Steps.Train.ModelArtifacts.S3ModelArtifacts"),
        },
    },
}
SCORE = {
    "Name": "Score",
    "Type": "Transform",
    "Arguments": {
        "ModelName": get("Steps.CM.ModelName"),
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bkt/in"}},
            "ContentType": "text/csv",
            "SplitType": "Line",
        },
        "TransformOutput": {"S3OutputPath": "s3://bkt/t", "AssembleWith": "Line", "Accept": "text/csv"},
        "TransformResources": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
        "BatchStrategy": "MultiRecord",
        "DataProcessing": {"InputFilter": "$[1:]", "JoinSource": "Input"},
    },
}
RMSE = {"Std:JsonGet": {"PropertyFile": get("Steps.Filter.PropertyFiles.ev"), "Path": "m.rmse"}}
MESSAGE = {"Std:Join": {"On": " ", "Values": ["x", get("Execution.PipelineExecutionId")]}}
GATE = condition("Gate", RMSE, "LessThanOrEqualTo", 6.0, [MODEL, SCORE], [fail("Bad", MESSAGE)], DependsOn=["Train"])
WHOLE = defined(
    FILTER,
    TRAIN,
    GATE,
    Parameters=[
        {"Name": "Shards", "Type": "Integer", "DefaultValue": 2},
        {"Name": "IType", "Type": "String", "DefaultValue": "ml.m5.large", "EnumValues": ["ml.m5.large"]},
    ],
    PipelineExperimentConfig={
        "ExperimentName": get("Execution.PipelineName"),
        "TrialName": get("Execution.PipelineExecutionId"),
    },
)


def test_a_definition_as_the_sdk_writes_it_is_taken_with_its_steps_wherever_they_stand() -> None:
    found = require_definition(json.dumps(WHOLE))
    assert {name: step.needs for name, step in found.steps.items()} == {
        "Filter": set(),
        "Train": {"Filter"},
        "Gate": {"Filter", "Train"},
        "CM": {"Gate", "Train"},
        "Score": {"Gate", "CM"},
        "Bad": {"Gate"},
    }


def test_what_is_null_counts_as_left_out() -> None:
    found = copy.deepcopy(WHOLE)
    found["PipelineExperimentConfig"] = found["Steps"][0]["Arguments"]["NetworkConfig"] = None
    require_definition(json.dumps(found))


IN_FILTER = "Steps[0].Arguments"
BROKEN: dict[str, tuple[Callable[[Any], Any], str]] = {
    "version": (lambda d: d.update(Version="2021-01-01"), "Version"),
    "no steps": (lambda d: d.pop("Steps"), "Steps"),
    "misspelt member of the envelope": (lambda d: d.update(Metdata=d.pop("Metadata")), "Metdata"),
    "type of a parameter": (lambda d: d["Parameters"][0].update(Type="Int"), "Parameters[0].Type"),
    "default of another type": (lambda d: d["Parameters"][0].update(DefaultValue="2"), "Parameters[0].DefaultValue"),
    "default not among the values": (
        lambda d: d["Parameters"][1].update(EnumValues=["ml.c5.large"]),
        "Parameters[1].DefaultValue",
    ),
    "two parameters of a name": (lambda d: d["Parameters"].append(d["Parameters"][0]), "Parameters[2].Name"),
    "name of a step": (
        lambda d: d["Steps"][2]["Arguments"]["ElseSteps"][0].update(Name="a b"),
        "Steps[2].Arguments.ElseSteps[0].Name",
    ),
    "name of a step in a condition": (
        lambda d: d["Steps"][2]["Arguments"]["ElseSteps"][0].update(Name="Train"),
        "Steps[2].Arguments.ElseSteps[0].Name",
    ),
    "type of a step": (
        lambda d: d["Steps"][2]["Arguments"]["ElseSteps"][0].update(Type="Fial"),
        "Steps[2].Arguments.ElseSteps[0].Type",
    ),
    "unknown step to wait for": (lambda d: d["Steps"][1].update(DependsOn=["Fliter"]), "Steps[1].DependsOn[0]"),
    "unknown trigger": (
        lambda d: d["Steps"][1].update(DependsOn=[{"Step": "Filter", "Trigger": "Succeeded"}]),
        "Steps[1].DependsOn[0].Trigger",
    ),
    "unknown member of the experiment": (
        lambda d: d["Steps"][0]["Arguments"]["Environment"].update(A=get("PipelineExperimentConfig.Trial")),
        f"{IN_FILTER}.Environment.A",
    ),
    "misspelt member of a step": (lambda d: d["Steps"][1].update(DependOn=["Filter"]), "Steps[1].DependOn"),
    "waiting for a Fail step": (lambda d: d["Steps"][1].update(DependsOn=["Bad"]), "Steps[1].DependsOn[0]"),
    "using a Fail step": (
        lambda d: d["Steps"][1]["Arguments"]["HyperParameters"].update(x=get("Steps.Bad.ErrorMessage")),
        "Steps[1].Arguments.HyperParameters.x",
    ),
    "cycle": (lambda d: d["Steps"][0].update(DependsOn=["Train"]), "Steps[0]"),
    "a condition that waits for its own branch": (
        lambda d: d["Steps"][2].update(DependsOn=["CM"]),
        "Steps[2].Arguments.IfSteps[0]",
    ),
    "condition in a condition": (
        lambda d: d["Steps"][2]["Arguments"]["IfSteps"].append(condition("Inner", 1, "Equals", 1)),
        "Steps[2].Arguments.IfSteps[2]",
    ),
    "no conditions": (lambda d: d["Steps"][2]["Arguments"].update(Conditions=[]), "Steps[2].Arguments.Conditions"),
    "type of a condition": (
        lambda d: d["Steps"][2]["Arguments"]["Conditions"][0].update(Type="LessThen"),
        "Steps[2].Arguments.Conditions[0].Type",
    ),
    "condition without a side": (
        lambda d: d["Steps"][2]["Arguments"]["Conditions"][0].pop("RightValue"),
        "Steps[2].Arguments.Conditions[0].RightValue",
    ),
    "Fail without a message": (
        lambda d: d["Steps"][2]["Arguments"]["ElseSteps"][0].update(Arguments={}),
        "Steps[2].Arguments.ElseSteps[0].Arguments.ErrorMessage",
    ),
    "unknown parameter": (
        lambda d: d["Steps"][0]["Arguments"]["AppSpecification"].update(ImageUri=get("Parameters.Image")),
        f"{IN_FILTER}.AppSpecification.ImageUri",
    ),
    "unknown variable": (
        lambda d: d["Steps"][0]["Arguments"]["Environment"].update(A=get("Execution.Name")),
        f"{IN_FILTER}.Environment.A",
    ),
    "variable of another type of step": (
        lambda d: d["Steps"][0]["Arguments"]["Environment"].update(A=get("Execution.TrainingJobName")),
        f"{IN_FILTER}.Environment.A",
    ),
    "unknown scope": (
        lambda d: d["Steps"][0]["Arguments"]["Environment"].update(A=get("Parameter.IType")),
        f"{IN_FILTER}.Environment.A",
    ),
    "unknown step": (
        lambda d: d["Steps"][0]["Arguments"]["Environment"].update(A=get("Steps.Other.ExitMessage")),
        f"{IN_FILTER}.Environment.A",
    ),
    "unknown property": (
        lambda d: d["Steps"][1]["Arguments"]["HyperParameters"].update(x=get("Steps.Filter.ExitMesage")),
        "Steps[1].Arguments.HyperParameters.x",
    ),
    "unknown output": (
        lambda d: d["Steps"][1]["Arguments"]["HyperParameters"].update(x=output_of("Filter", "other")),
        "Steps[1].Arguments.HyperParameters.x",
    ),
    "path that is none": (
        lambda d: d["Steps"][1]["Arguments"]["HyperParameters"].update(x=get("Steps.Filter.Exit[Message")),
        "Steps[1].Arguments.HyperParameters.x",
    ),
    "unknown property file": (
        lambda d: d["Steps"][0]["PropertyFiles"][0].update(PropertyFileName="evaluation"),
        "Steps[2].Arguments.Conditions[0].LeftValue.Std:JsonGet.PropertyFile",
    ),
    "property file of no output": (
        lambda d: d["Steps"][0]["PropertyFiles"][0].update(OutputName="other"),
        "Steps[0].PropertyFiles[0].OutputName",
    ),
    "property file as a value": (
        lambda d: d["Steps"][1]["Arguments"]["HyperParameters"].update(x=get("Steps.Filter.PropertyFiles.ev")),
        "Steps[1].Arguments.HyperParameters.x",
    ),
    "Join without values": (
        lambda d: d["Steps"][0]["Arguments"]["Environment"].update(A={"Std:Join": {"On": ""}}),
        f"{IN_FILTER}.Environment.A.Std:Join.Values",
    ),
    "JsonGet without a file": (
        lambda d: d["Steps"][0]["Arguments"]["Environment"].update(A={"Std:JsonGet": {"Path": "a"}}),
        f"{IN_FILTER}.Environment.A.Std:JsonGet",
    ),
    "argument that is no member": (lambda d: d["Steps"][0]["Arguments"].update(Role=ROLE), f"{IN_FILTER}.Role"),
    "argument that is missing": (lambda d: d["Steps"][0]["Arguments"].pop("RoleArn"), f"{IN_FILTER}.RoleArn"),
    "argument of another type": (
        lambda d: d["Steps"][0]["Arguments"]["Environment"].update(A=1),
        f'{IN_FILTER}.Environment["A"]',
    ),
    "expression for a list": (
        lambda d: d["Steps"][0]["Arguments"].update(ProcessingInputs=get("Parameters.IType")),
        f"{IN_FILTER}.ProcessingInputs",
    ),
    "age of what is cached": (
        lambda d: d["Steps"][0]["CacheConfig"].update(ExpireAfter="30"),
        "Steps[0].CacheConfig.ExpireAfter",
    ),
    "type of exception": (
        lambda d: d["Steps"][0]["RetryPolicies"][0].update(ExceptionType=["Step.ANY"]),
        "Steps[0].RetryPolicies[0].ExceptionType[0]",
    ),
    "two ends of retries": (
        lambda d: d["Steps"][0]["RetryPolicies"][0].update(ExpireAfterMin=5),
        "Steps[0].RetryPolicies[0]",
    ),
    "too many retries": (
        lambda d: d["Steps"][0]["RetryPolicies"][0].update(MaxAttempts=21),
        "Steps[0].RetryPolicies[0].MaxAttempts",
    ),
    "retries of a condition": (
        lambda d: d["Steps"][2].update(RetryPolicies=d["Steps"][0]["RetryPolicies"]),
        "Steps[2].RetryPolicies",
    ),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_one_broken_rule_is_one_problem_at_its_place(rule: str) -> None:
    found = copy.deepcopy(WHOLE)
    breaks, place = BROKEN[rule]
    breaks(found)
    with pytest.raises(shardr.RequestError) as error:
        require_definition(json.dumps(found))
    assert [problem.path for problem in error.value.problems] == [place], str(error.value)


NESTED = json.dumps(defined(processing("a", Arguments={"Environment": {"a": "HERE"}}))).replace(
    '"HERE"', "[" * 400 + "]" * 400
)


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        "{}",
        "[" * 100_000,
        NESTED,
        '{"Version": 1, "Steps": [1, {"Name": []}]}',
        '{"Metadata": {"a": NaN}}',
    ],
    ids=range(7),
)
def test_what_is_no_definition_is_refused(text: str) -> None:
    with pytest.raises(shardr.RequestError, match="problem"):
        require_definition(text)


def test_all_problems_are_told_at_once() -> None:
    first = processing("a", DependsOn=["b", "zz"])
    second = processing("b", source=output_of("a", "none"), Type="Procesing")
    with pytest.raises(shardr.RequestError) as error:
        require_definition(json.dumps(defined(first, second, Version="1")))
    places = [problem.path for problem in error.value.problems]
    assert places[:3] == ["Version", "Steps[1].Type", "Steps[0].DependsOn[1]"]
    assert len(places) == 5
