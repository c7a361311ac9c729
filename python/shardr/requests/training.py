"""Training steps as the requests that SageMaker takes: ``CreateTrainingJob``."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from shardr.requests.facts import AUGMENTED
from shardr.requests.placed import all_tags, vpc
from shardr.spec.places import CHECKPOINTS, ML, MODEL_PATH, OUTPUT_PATH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardr.requests.placed import Placed
    from shardr.spec.training import TrainingInput, TrainingStep

WITH_HOST = [
    "/bin/sh",
    "-c",
    'export SM_CURRENT_HOST="$(sed -n \'s/.*"current_host" *: *"\\([^"]*\\)".*/\\1/p\' '
    f'{ML}/input/config/resourceconfig.json)"; exec "$@"',
    "sh",
]
"""In front of a script: the one variable that differs between instances, from where the service says it."""
VARIABLES, VALUE_CHARACTERS = 100, 512
"""The service's limits of an environment."""


def training_request(
    step: TrainingStep,
    *,
    job: str,
    image_uri: str,
    role: str,
    inputs: Mapping[str, Placed],
    output: str,
    checkpoints: str | None,
    code: Placed | None,
    tags: Mapping[str, str],
    own_tags: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """The exact request of a step; ``inputs`` gives a place for each channel, ``output`` where the model goes below.

    The script travels as the channel ``code``, and any image that has its interpreter can run it. It finds the
    variables of the service's own containers (``SM_MODEL_DIR``, ``SM_CHANNEL_TRAIN``, ``SM_HP_ETA`` …), which the
    service itself does not set.
    """
    channels = [_channel(channel, inputs[channel.name]) for channel in step.inputs]
    if code is not None:
        channels.append({"ChannelName": "code", "DataSource": _source(code, "FullyReplicated")})
    algorithm: dict[str, Any] = {"TrainingImage": image_uri, "TrainingInputMode": "File"}
    if step.entrypoint:
        algorithm["ContainerEntrypoint"] = [*WITH_HOST, *step.entrypoint] if code is not None else step.entrypoint
    if step.arguments:
        algorithm["ContainerArguments"] = list(step.arguments)
    if step.metric_definitions:
        algorithm["MetricDefinitions"] = [{"Name": n, "Regex": r} for n, r in step.metric_definitions.items()]
    resources: dict[str, Any] = {
        "InstanceCount": step.instance_count,
        "InstanceType": step.instance_type,
        "VolumeSizeInGB": step.volume_size_gb,
    }
    if step.volume_kms_key:
        resources["VolumeKmsKeyId"] = step.volume_kms_key
    if step.keep_alive_seconds:
        resources["KeepAlivePeriodInSeconds"] = step.keep_alive_seconds
    stopping = {"MaxRuntimeInSeconds": step.max_runtime_seconds}
    if step.spot:
        stopping["MaxWaitTimeInSeconds"] = step.max_wait_seconds or step.max_runtime_seconds
    request: dict[str, Any] = {
        "TrainingJobName": job,
        "AlgorithmSpecification": algorithm,
        "RoleArn": role,
        "OutputDataConfig": {"S3OutputPath": output},
        "ResourceConfig": resources,
        "StoppingCondition": stopping,
    }
    if channels:
        request["InputDataConfig"] = channels
    if step.hyperparameters:
        request["HyperParameters"] = dict(step.hyperparameters)
    environment = {**(variables(step) if code is not None else {}), **step.environment}
    if environment:
        request["Environment"] = environment
    if step.output_kms_key:
        request["OutputDataConfig"]["KmsKeyId"] = step.output_kms_key
    if checkpoints is not None:
        request["CheckpointConfig"] = {"S3Uri": checkpoints, "LocalPath": CHECKPOINTS}
    if step.retry_attempts is not None:
        request["RetryStrategy"] = {"MaximumRetryAttempts": step.retry_attempts}
    switches = {
        "EnableManagedSpotTraining": step.spot,
        "EnableNetworkIsolation": step.network_isolation,
        "EnableInterContainerTrafficEncryption": step.encrypt_traffic,
    }
    request |= {name: True for name, on in switches.items() if on} | vpc(step)
    request["Tags"] = all_tags({**tags, **_rules(step)}, own_tags)
    return request


def program(entrypoint: list[str]) -> list[str]:
    """What an entrypoint runs, without what is in front of it."""
    ahead = len(WITH_HOST)
    return entrypoint[ahead:] if entrypoint[:ahead] == WITH_HOST else entrypoint


def variables(step: TrainingStep) -> dict[str, str]:
    """The environment that scripts of the service's own containers know, as far as it is the same on all instances.

    Spelled as there: lists and maps are compact JSON with sorted keys. What the service has no room for, a value of
    more than 512 characters or more than 100 variables, is left out: ``hyperparameters.json`` has it.
    """
    names = [channel.name for channel in step.inputs]
    hosts = sorted(f"algo-{i}" for i in range(1, step.instance_count + 1))
    found = {
        "SM_MODEL_DIR": MODEL_PATH,
        "SM_OUTPUT_DATA_DIR": OUTPUT_PATH,
        "SM_INPUT_DIR": f"{ML}/input",
        "SM_INPUT_CONFIG_DIR": f"{ML}/input/config",
        "SM_CHANNELS": _json(sorted(names)),
        "SM_HOSTS": _json(hosts),
        "SM_HPS": _json(step.hyperparameters),
        **{f"SM_CHANNEL_{_upper(channel.name)}": channel.local_path for channel in step.inputs},
        **{f"SM_HP_{_upper(name)}": value for name, value in step.hyperparameters.items()},
    }
    fitting = {name: value for name, value in found.items() if len(value) <= VALUE_CHARACTERS}
    room = VARIABLES - len(step.environment)
    return dict(list(fitting.items())[:room])


def _upper(name: str) -> str:
    return name.upper().replace("-", "_").replace(".", "_")


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def _channel(channel: TrainingInput, place: Placed) -> dict[str, Any]:
    source = _source(place, channel.distribution)
    if channel.attribute_names:
        source["S3DataSource"] |= {"S3DataType": AUGMENTED, "AttributeNames": list(channel.attribute_names)}
    made: dict[str, Any] = {"ChannelName": channel.name, "DataSource": source}
    if channel.content_type is not None:
        made["ContentType"] = channel.content_type
    if channel.input_mode != "File":
        made["InputMode"] = channel.input_mode
    if channel.compression_type != "None":
        made["CompressionType"] = channel.compression_type
    if channel.record_wrapper_type != "None":
        made["RecordWrapperType"] = channel.record_wrapper_type
    if channel.shuffle_seed is not None:
        made["ShuffleConfig"] = {"Seed": channel.shuffle_seed}
    return made


def _source(place: Placed, distribution: str) -> dict[str, Any]:
    return {
        "S3DataSource": {
            "S3DataType": place.data_type,
            "S3Uri": place.uri,
            "S3DataDistributionType": distribution,
        }
    }


def _rules(step: TrainingStep) -> dict[str, str]:
    """The step's own rules as tags; only those that differ from the default."""
    rules: dict[str, str] = {}
    if step.on_collision != "error":
        rules["on-collision:model"] = rules["on-collision:output"] = step.on_collision
    if step.interruptions:
        rules["interruptions"] = " ".join(f"{seconds:g}" for seconds in step.interruptions)
    return rules
