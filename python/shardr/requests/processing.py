"""Processing steps as the requests that SageMaker takes: ``CreateProcessingJob``."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from shardr.requests.placed import all_tags, vpc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardr.requests.placed import Placed
    from shardr.spec.parts import Input
    from shardr.spec.processing import ProcessingStep


def processing_request(
    step: ProcessingStep,
    *,
    job: str,
    image_uri: str,
    role: str,
    inputs: Mapping[str, Placed],
    outputs: Mapping[str, str],
    code: Placed | None,
    tags: Mapping[str, str],
    own_tags: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """The exact request of a step; ``inputs`` and ``outputs`` give a place for each of its channels.

    The script travels as the channel ``code``, as the SageMaker SDK's ScriptProcessor has it. Settings that the service
    has no field for travel as tags: the service keeps them, the local engine reads them;
    ``own_tags`` are the user's, as they are.
    """
    channels = [_input(channel.name, channel.local_path, inputs[channel.name], channel) for channel in step.inputs]
    if code is not None:
        channels.append(_input("code", step.code_path, code))
    app: dict[str, Any] = {"ImageUri": image_uri}
    if step.entrypoint:
        app["ContainerEntrypoint"] = step.entrypoint
    if step.arguments:
        app["ContainerArguments"] = list(step.arguments)
    balanced = any(channel.distribution == "balanced" for channel in step.inputs)
    request: dict[str, Any] = {
        "ProcessingJobName": job,
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1 if balanced else step.instance_count,  # each balanced shard is a job of its own
                "InstanceType": step.instance_type,
                "VolumeSizeInGB": step.volume_size_gb,
            }
        },
        "AppSpecification": app,
        "RoleArn": role,
        "StoppingCondition": {"MaxRuntimeInSeconds": step.max_runtime_seconds},
    }
    if step.volume_kms_key:
        request["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] = step.volume_kms_key
    if channels:
        request["ProcessingInputs"] = channels
    if step.outputs:
        request["ProcessingOutputConfig"] = {
            "Outputs": [
                {
                    "OutputName": output.name,
                    "S3Output": {
                        "S3Uri": outputs[output.name],
                        "LocalPath": output.local_path,
                        "S3UploadMode": "EndOfJob",
                    },
                }
                for output in step.outputs
            ]
        }
        if step.output_kms_key:
            request["ProcessingOutputConfig"]["KmsKeyId"] = step.output_kms_key
    if step.environment:
        request["Environment"] = dict(step.environment)
    if network := _network(step):
        request["NetworkConfig"] = network
    request["Tags"] = all_tags({**tags, **_rules(step, balanced)}, own_tags)
    return request


def _input(name: str, path: str, place: Placed, channel: Input | None = None) -> dict[str, Any]:
    sharded = channel is not None and channel.distribution == "ShardedByS3Key"
    compressed = channel is not None and channel.compression_type != "None"
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": place.uri,
            "LocalPath": path.rstrip("/"),
            "S3DataType": place.data_type,
            "S3InputMode": "File" if channel is None else channel.input_mode,
            "S3DataDistributionType": "ShardedByS3Key" if sharded else "FullyReplicated",
            **({"S3CompressionType": "Gzip"} if compressed else {}),
        },
    }


def _network(step: ProcessingStep) -> dict[str, Any]:
    """The step's network as the service words it; only what differs from the default."""
    network: dict[str, Any] = {}
    if step.encrypt_traffic:
        network["EnableInterContainerTrafficEncryption"] = True
    if step.network_isolation:
        network["EnableNetworkIsolation"] = True
    return network | vpc(step)


def _rules(step: ProcessingStep, balanced: bool) -> dict[str, str]:
    """The step's own rules as tags; only those that differ from the default."""
    rules: dict[str, str] = {
        f"on-collision:{o.name}": o.on_collision for o in step.outputs if o.on_collision != "error"
    }
    # a balanced shard sees its own rows only, so a claim about sums is checked job by job and still holds for the whole
    if step.expect is not None:
        rules["expect-rows"] = step.expect.rows
        if step.expect.inputs is not None:
            rules["expect-inputs"] = " ".join(step.expect.inputs)
        if step.expect.outputs is not None:
            rules["expect-outputs"] = " ".join(step.expect.outputs)
    if balanced:
        rules["distribution"] = "balanced"
    return rules
