"""Transform steps as the requests that SageMaker takes: ``CreateModel``, then ``CreateTransformJob``."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from shardr.requests.placed import all_tags, vpc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardr.requests.placed import Placed
    from shardr.spec.transform import TransformStep


def model_request(
    step: TransformStep,
    *,
    model: str,
    image_uri: str,
    role: str,
    data: str,
    tags: Mapping[str, str],
    own_tags: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """The request of the model that a step asks; ``data`` is its archive, or its folder when it ends with a slash."""
    container: dict[str, Any] = {"Image": image_uri}
    if data.endswith("/"):
        source = {"S3Uri": data, "S3DataType": "S3Prefix", "CompressionType": "None"}
        container["ModelDataSource"] = {"S3DataSource": source}
    else:
        container["ModelDataUrl"] = data
    request: dict[str, Any] = {"ModelName": model, "PrimaryContainer": container, "ExecutionRoleArn": role}
    if step.network_isolation:
        request["EnableNetworkIsolation"] = True
    return request | vpc(step) | {"Tags": all_tags(tags, own_tags)}


def transform_request(
    step: TransformStep,
    *,
    job: str,
    model: str,
    source: Placed,
    output: str,
    tags: Mapping[str, str],
    own_tags: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """The exact request of a step; only what differs from the service's defaults.

    ``csv_lines``, which the service has no field for, travels as a tag: the service keeps it, this machine reads it.
    """
    place = {"S3DataType": source.data_type, "S3Uri": source.uri}
    given: dict[str, Any] = {"DataSource": {"S3DataSource": place}}
    given |= _set(ContentType=step.content_type, CompressionType=step.compression, SplitType=step.split_type)
    made = {"S3OutputPath": output}
    made |= _set(Accept=step.accept, AssembleWith=step.assemble_with, KmsKeyId=step.output_kms_key)
    resources: dict[str, Any] = {"InstanceType": step.instance_type, "InstanceCount": step.instance_count}
    client = _set(
        InvocationsTimeoutInSeconds=step.invocations_timeout_seconds,
        InvocationsMaxRetries=step.invocations_max_retries,
    )
    processing = _set(
        InputFilter=step.input_filter, OutputFilter=step.output_filter, JoinSource=step.join_source
    )  # fmt: skip
    rules = {"csv-lines": "true"} if step.csv_lines else {}
    return {
        "TransformJobName": job,
        "ModelName": model,
        "TransformInput": given,
        "TransformOutput": made,
        "TransformResources": resources | _set(VolumeKmsKeyId=step.volume_kms_key),
        **_set(
            MaxConcurrentTransforms=step.max_concurrent_transforms,
            MaxPayloadInMB=step.max_payload_mb,
            BatchStrategy=step.strategy,
        ),
        **({"Environment": dict(step.environment)} if step.environment else {}),
        **({"ModelClientConfig": client} if client else {}),
        **({"DataProcessing": processing} if processing else {}),
        "Tags": all_tags({**tags, **rules}, own_tags),
    }


def _set(**fields: Any) -> dict[str, Any]:
    """The fields that say something; a None, of Python or of the service, says nothing."""
    return {name: value for name, value in fields.items() if value not in {None, "None"}}
