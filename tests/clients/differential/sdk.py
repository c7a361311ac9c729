"""What the SageMaker SDK sends for the steps of specs: python sdk.py < cases.json > requests.json

Runs where either major version of the SDK is and shardr is not. Each step becomes the SDK's own objects, word by word,
and ``run()`` or ``definition()`` of theirs does the rest. What is about to leave as HTTP is kept, and answered here.
"""

import io
import json
import os
import sys

requests, sys.stdout = sys.stdout, sys.stderr  # the SDK prints as soon as it is imported

import boto3  # noqa: E402
from botocore.awsrequest import AWSResponse  # noqa: E402

try:  # version 3
    from sagemaker.core.helper.session_helper import Session
    from sagemaker.core.network import NetworkConfig
    from sagemaker.core.processing import Processor, ScriptProcessor
    from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
    from sagemaker.core.workflow.pipeline_context import PipelineSession
    from sagemaker.mlops.workflow.pipeline import Pipeline
    from sagemaker.mlops.workflow.retry import (
        SageMakerJobExceptionTypeEnum,
        SageMakerJobStepRetryPolicy,
        StepExceptionTypeEnum,
        StepRetryPolicy,
    )
    from sagemaker.mlops.workflow.steps import CacheConfig, ProcessingStep

    THIRD = True
except ImportError:
    from sagemaker import Session
    from sagemaker.network import NetworkConfig
    from sagemaker.processing import ProcessingInput, ProcessingOutput, Processor, ScriptProcessor
    from sagemaker.workflow.pipeline import Pipeline
    from sagemaker.workflow.pipeline_context import PipelineSession
    from sagemaker.workflow.retry import (
        SageMakerJobExceptionTypeEnum,
        SageMakerJobStepRetryPolicy,
        StepExceptionTypeEnum,
        StepRetryPolicy,
    )
    from sagemaker.workflow.steps import CacheConfig, ProcessingStep

    THIRD = False

ROLE = "arn:aws:iam::123456789012:role/jobs"
PROCESSING = "/opt/ml/processing"
COMMANDS = {"R": ["Rscript"], "py": ["python3"], "sh": ["bash"]}
CALLER = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:role/jobs</Arn><UserId>x</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
BUCKETS = """<ListAllMyBucketsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Buckets><Bucket>
<Name>sagemaker-us-east-1-123456789012</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket></Buckets>
</ListAllMyBucketsResult>"""
sent = []


def answer(request, event_name, **_):
    """Keeps requests that make jobs; answers all as AWS does where all is well."""
    service, operation = event_name.split(".")[1:]
    body = ""
    if service == "sts":
        body = CALLER
    elif service == "sagemaker":
        assert operation == "CreateProcessingJob", operation
        sent.append(json.loads(request.body))
        name = sent[-1]["ProcessingJobName"]
        body = json.dumps({"ProcessingJobArn": f"arn:aws:sagemaker:us-east-1:123456789012:processing-job/{name}"})
    elif operation == "ListBuckets":
        body = BUCKETS
    else:
        assert service == "s3", event_name
    return AWSResponse(request.url, 200, {}, Body(body.encode()))


class Body(io.BytesIO):
    """The body of an answer, as botocore reads it."""

    def stream(self, **_):
        yield self.getvalue()


def channel(item, made):
    """An input of a step as the SDK's object; ``made`` has the SDK's steps by name."""
    source, kind = item["source"], "S3Prefix"
    if isinstance(source, dict) and "step" in source:
        outputs = made[source["step"]].properties.ProcessingOutputConfig.Outputs
        source = outputs[source["output"]].S3Output.S3Uri
    elif isinstance(source, dict):
        source, kind = source["manifest"], "ManifestFile"
    elif not source.startswith("s3://"):
        source = source.rstrip("/")
    path = item.get("path", f"{PROCESSING}/input/{item['name']}")
    more = {"s3_data_type": kind}
    if "distribution" in item:
        more["s3_data_distribution_type"] = item["distribution"]
    if "compression_type" in item:
        more["s3_compression_type"] = item["compression_type"]
    mode = item.get("input_mode", "File")
    if THIRD:
        place = ProcessingS3Input(s3_uri=source, local_path=path, s3_input_mode=mode, **more)
        return ProcessingInput(input_name=item["name"], s3_input=place)
    return ProcessingInput(input_name=item["name"], source=source, destination=path, s3_input_mode=mode, **more)


def output(item):
    """An output of a step as the SDK's object."""
    item = {"name": item} if isinstance(item, str) else item
    path, to = item.get("path", f"{PROCESSING}/output/{item['name']}"), item.get("destination")
    if THIRD:
        # This version takes no output without a place; what is no s3:// URI it replaces by one of its own.
        place = ProcessingS3Output(s3_uri=to or "anywhere", local_path=path, s3_upload_mode="EndOfJob")
        return ProcessingOutput(output_name=item["name"], s3_output=place)
    return ProcessingOutput(output_name=item["name"], source=path, destination=to)


def processor(step, session, tags):
    """The SDK's processor of a step: only what the step says is said."""
    settings = {
        "role": ROLE,
        "image_uri": step["image"],
        "instance_count": step.get("instance_count", 1),
        "instance_type": step.get("instance_type", "ml.m5.large"),
        "sagemaker_session": session,
    }
    names = {
        "volume_size_gb": "volume_size_in_gb",
        "volume_kms_key": "volume_kms_key",
        "output_kms_key": "output_kms_key",
        "max_runtime_seconds": "max_runtime_in_seconds",
        "environment": "env",
    }
    settings |= {theirs: step[ours] for ours, theirs in names.items() if ours in step}
    if tags:
        settings["tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    network = {
        "network_isolation": "enable_network_isolation",
        "subnets": "subnets",
        "security_group_ids": "security_group_ids",
        "encrypt_traffic": "encrypt_inter_container_traffic",
    }
    if joined := {theirs: step[ours] for ours, theirs in network.items() if ours in step}:
        settings["network_config"] = NetworkConfig(**joined)
    if "code" not in step:
        return Processor(entrypoint=step.get("command"), **settings)
    return ScriptProcessor(command=step.get("command") or COMMANDS[step["code"].rpartition(".")[2]], **settings)


def run(step, session, tags, made):
    """Runs the step; the arguments of a pipeline's step where the session is one of a pipeline."""
    more = {"code": step["code"]} if "code" in step else {}
    if "arguments" in step:
        more["arguments"] = step["arguments"]
    return processor(step, session, tags).run(
        inputs=[channel(item, made) for item in step.get("inputs", [])],
        outputs=[output(item) for item in step.get("outputs", [])],
        **({} if isinstance(session, PipelineSession) else {"wait": False, "logs": False}),
        **more,
    )


def definition(spec, session):
    """The definition of a pipeline of the SDK's with these steps."""
    made = {}
    for step in spec["steps"]:
        more = {"depends_on": [made[name] for name in step["depends_on"]]} if "depends_on" in step else {}
        if "cache" in step:
            more["cache_config"] = CacheConfig(enable_caching=True, expire_after=step["cache"])
        if "max_attempts" in step:
            times = {"interval_seconds": 30, "backoff_rate": 2.0, "max_attempts": step["max_attempts"] - 1}
            more["retry_policies"] = [
                StepRetryPolicy(exception_types=list(StepExceptionTypeEnum), **times),
                SageMakerJobStepRetryPolicy(exception_types=list(SageMakerJobExceptionTypeEnum), **times),
            ]
        arguments = run(step, session, spec.get("tags"), made)
        made[step["name"]] = ProcessingStep(name=step["name"], step_args=arguments, **more)
    return json.loads(Pipeline(spec["name"], steps=list(made.values()), sagemaker_session=session).definition())


def main():
    cases = json.load(sys.stdin)
    os.chdir(cases["folder"])
    boto = boto3.Session("AKIDEXAMPLE", "secret", region_name="us-east-1")
    boto.events.register("before-send", answer)
    session = Session(boto_session=boto)
    for case in cases["jobs"]:
        before = len(sent)
        run(case["step"], session, case.get("tags"), {})
        assert len(sent) == before + 1, case
    definitions = [definition(spec, PipelineSession(boto_session=boto)) for spec in cases["pipelines"]]
    json.dump({"jobs": sent, "pipelines": definitions, "bucket": session.default_bucket()}, requests)


if __name__ == "__main__":
    main()
