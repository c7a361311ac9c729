"""A spec made of the SDK's own objects, as canonical JSON, and what is said of objects that no spec can hold.

Run by the Python of an SDK, with shardr on its path: ``sdk_objects.py 2`` or ``sdk_objects.py 3``.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import boto3

import shardr
from shardr.spec.canonical import canonical_json
from shardr.spec.load import load

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/r:1"
ROLE = "arn:aws:iam::123456789012:role/shardr"
RAW, OUT = "/opt/ml/processing/input/raw", "/opt/ml/processing/output/filtered"
BOTO = boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret", region_name="eu-west-1")


def of_2() -> dict[str, Any]:
    from sagemaker import Session
    from sagemaker.network import NetworkConfig
    from sagemaker.processing import FrameworkProcessor, ProcessingInput, ProcessingOutput, ScriptProcessor
    from sagemaker.sklearn import SKLearn
    from sagemaker.workflow.parameters import ParameterInteger
    from sagemaker.workflow.steps import ProcessingStep

    session = Session(boto_session=BOTO)
    network = NetworkConfig(True, ["sg-1"], ["subnet-1"], encrypt_inter_container_traffic=True)
    processor = ScriptProcessor(
        role=ROLE, image_uri=IMAGE, command=["Rscript"], instance_type="ml.m5.xlarge",
        instance_count=ParameterInteger("Shards", 2), volume_size_in_gb=50, volume_kms_key="alias/disks",
        output_kms_key="alias/outputs", max_runtime_in_seconds=3600, env={"LEVEL": "debug"}, network_config=network,
        sagemaker_session=session,
    )  # fmt: skip
    raw = ProcessingInput(
        "s3://bucket/raw/", RAW, input_name="raw", s3_data_distribution_type="ShardedByS3Key"
    )  # as the published example has it
    listed = ProcessingInput("s3://bucket/list", "/opt/ml/processing/input/more", s3_data_type="ManifestFile")
    out = ProcessingOutput(OUT, "s3://bucket/filtered", output_name="filtered")
    filter = ProcessingStep("filter", processor=processor, inputs=[raw], outputs=[out], code="s3://bucket/filter.R")
    made = filter.properties.ProcessingOutputConfig.Outputs["filtered"].S3Output.S3Uri
    framework = FrameworkProcessor(SKLearn, "1.2-1", ROLE, 1, "ml.m5.large", sagemaker_session=session)
    return {
        "processor": processor, "network": network, "raw": raw, "listed": listed, "out": out, "step": filter,
        "made": ProcessingInput(made, "/opt/ml/processing/input/in", input_name="in"),
        "to": ProcessingOutput("/opt/ml/processing/output/b", "s3://bucket/b", output_name="b"),
        "managed": ProcessingInput("s3://bucket/raw/", RAW, input_name="raw", app_managed=True),
        "continuous": ProcessingOutput(OUT, "s3://bucket/b", "b", "Continuous"),
        "framework": framework,
    }  # fmt: skip


def of_3() -> dict[str, Any]:
    from sagemaker.core.helper.session_helper import Session
    from sagemaker.core.processing import FrameworkProcessor, ScriptProcessor
    from sagemaker.core.shapes import (
        NetworkConfig,
        ProcessingInput,
        ProcessingOutput,
        ProcessingS3Input,
        ProcessingS3Output,
        VpcConfig,
    )
    from sagemaker.core.workflow.parameters import ParameterInteger
    from sagemaker.core.workflow.properties import Properties
    from sagemaker.mlops.workflow.fail_step import FailStep

    def given(name: str, uri: Any, path: str, kind: str = "S3Prefix", managed: bool = False, **more: str) -> Any:
        s3 = ProcessingS3Input(s3_uri=uri, local_path=path, s3_data_type=kind, s3_input_mode="File", **more)
        return ProcessingInput(input_name=name, s3_input=s3, app_managed=managed)

    def left(name: str, path: str, uri: str, mode: str = "EndOfJob") -> Any:
        s3 = ProcessingS3Output(s3_uri=uri, local_path=path, s3_upload_mode=mode)
        return ProcessingOutput(output_name=name, s3_output=s3)

    session = Session(boto_session=BOTO)
    vpc = VpcConfig(security_group_ids=["sg-1"], subnets=["subnet-1"])
    network = NetworkConfig(
        enable_network_isolation=True, enable_inter_container_traffic_encryption=True, vpc_config=vpc
    )
    processor = ScriptProcessor(
        role=ROLE, image_uri=IMAGE, command=["Rscript"], instance_type="ml.m5.xlarge",
        instance_count=ParameterInteger("Shards", 2), volume_size_in_gb=50, volume_kms_key="alias/disks",
        output_kms_key="alias/outputs", max_runtime_in_seconds=3600, env={"LEVEL": "debug"}, network_config=network,
        sagemaker_session=session,
    )  # fmt: skip
    properties = Properties(step_name="filter", shape_name="DescribeProcessingJobResponse")
    framework = FrameworkProcessor(
        image_uri=IMAGE, role=ROLE, instance_count=1, instance_type="ml.m5.large",
        sagemaker_session=session,
    )  # fmt: skip
    return {
        "processor": processor, "network": network,
        "raw": given("raw", "s3://bucket/raw/", RAW, s3_data_distribution_type="ShardedByS3Key"),
        "listed": given("input-2", "s3://bucket/list", "/opt/ml/processing/input/more", "ManifestFile"),
        "out": left("filtered", OUT, "s3://bucket/filtered"), "step": FailStep("stop"),
        "made": given("in", properties.ProcessingOutputConfig.Outputs["filtered"].S3Output.S3Uri,
                      "/opt/ml/processing/input/in"),
        "to": left("b", "/opt/ml/processing/output/b", "s3://bucket/b"),
        "managed": given("raw", "s3://bucket/raw/", RAW, managed=True),
        "continuous": left("b", OUT, "s3://bucket/b", "Continuous"),
        "framework": framework,
    }  # fmt: skip


def said_of(field: str, value: Any) -> str:
    """What is said of a step that has this in one of its fields; the builder of Python says it no differently."""
    try:
        load({"name": "x", "steps": [value if field == "steps" else {"name": "a", "code": "a.R", field: value}]})
    except shardr.SpecError as error:
        return "; ".join(map(str, error.problems))
    return ""


def main() -> None:
    sdk = of_2() if sys.argv[1] == "2" else of_3()
    steps = [
        {"name": "filter", "code": "filter.R", "processor": sdk["processor"], "instance_type": "ml.m5.large",
         "inputs": [sdk["raw"], sdk["listed"]], "outputs": sdk["out"]},
        {"name": "split", "code": "split.R", "network_config": sdk["network"], "inputs": sdk["made"],
         "outputs": ["a", sdk["to"]]},
    ]  # fmt: skip
    spec = {"name": "bank", "parameters": {"Shards": {"type": "integer", "default": 2}}, "steps": steps}
    second = shardr.ProcessingStep(**steps[1])  # the other door
    refused = {
        "an output among the inputs": said_of("inputs", [sdk["out"]]),
        "managed": said_of("inputs", sdk["managed"]),
        "continuous": said_of("outputs", [sdk["continuous"]]),
        "a framework": said_of("processor", sdk["framework"]),
        "a step": said_of("steps", sdk["step"]),
        "misspelt": said_of("procesor", sdk["processor"]),
        "elsewhere": said_of("environment", {"A": sdk["network"]}),
    }
    loaded = load(spec).pipeline
    made = {"spec": canonical_json(loaded), "same": second == loaded.step("split"), "refused": refused}
    print(json.dumps(made))


if __name__ == "__main__":
    main()
