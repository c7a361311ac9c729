"""How a transform job asks its model: by the request, else by the container, else by the service's defaults."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.data.joining import Joining
from shardr.errors import DataError
from shardr.local.hosting import PING_SECONDS, Connection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardr.local.runners.doors import Door

MB = 1_048_576
DEFAULT_PAYLOAD_MB, DEFAULT_CONCURRENT = 6, 1
MOST_IN_FLIGHT_MB = 100
"""Payload times concurrency may not be more, as on the service."""
BY_CONTAINER = {"MULTI_RECORD": "MultiRecord", "SINGLE_RECORD": "SingleRecord"}
TO_CONTAINER = {strategy: name for name, strategy in BY_CONTAINER.items()}


@dataclass(frozen=True)
class Settings:
    """What holds for every request of a job."""

    content_type: str | None
    accept: str | None
    split: str
    assemble: str
    compression: str
    strategy: str
    payload_bytes: int
    concurrent: int
    timeout_seconds: float
    retries: int
    joining: Joining
    csv: bool
    """Beyond the service: a newline in quotes does not end a record."""


def settings(request: Mapping[str, Any], told: Mapping[str, Any], *, csv: bool = False) -> Settings:
    """The settings of a job whose container said ``told``; raises ``DataError`` for what the service refuses."""
    source, target = request["TransformInput"], request["TransformOutput"]
    client = request.get("ModelClientConfig", {})
    payload_mb = request.get("MaxPayloadInMB", told.get("MaxPayloadInMB", DEFAULT_PAYLOAD_MB))
    concurrent = request.get("MaxConcurrentTransforms") or told.get("MaxConcurrentTransforms") or DEFAULT_CONCURRENT
    strategy = request.get("BatchStrategy") or BY_CONTAINER.get(str(told.get("BatchStrategy")), "MultiRecord")
    if payload_mb * concurrent > MOST_IN_FLIGHT_MB:
        product = f"MaxConcurrentTransforms * MaxPayloadInMB is {concurrent} * {payload_mb}"
        raise DataError(f"{product}, at most {MOST_IN_FLIGHT_MB} is allowed")
    return Settings(
        content_type=source.get("ContentType"),
        accept=target.get("Accept"),
        split=source.get("SplitType", "None"),
        assemble=target.get("AssembleWith", "None"),
        compression=source.get("CompressionType", "None"),
        strategy=strategy,
        payload_bytes=int(payload_mb * MB) or MOST_IN_FLIGHT_MB * MB,  # 0 streams on the service: as much as fits here
        concurrent=int(concurrent),
        timeout_seconds=client.get("InvocationsTimeoutInSeconds", 600),
        retries=client.get("InvocationsMaxRetries", 3),
        joining=joining(request),
        csv=csv,
    )


def joining(request: Mapping[str, Any]) -> Joining:
    """What is filtered and joined."""
    source, target, how = request["TransformInput"], request["TransformOutput"], request.get("DataProcessing", {})
    return Joining(
        source.get("ContentType"),
        target.get("Accept"),
        source.get("SplitType", "None"),
        target.get("AssembleWith", "None"),
        how.get("InputFilter", "$"),
        how.get("OutputFilter", "$"),
        how.get("JoinSource", "None"),
    )


def environment(request: Mapping[str, Any]) -> dict[str, str]:
    """What the container is told of the job, beside the job's own variables."""
    known = {
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": request.get("MaxPayloadInMB"),
        "SAGEMAKER_BATCH_STRATEGY": TO_CONTAINER.get(request.get("BatchStrategy", "")),
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": request.get("MaxConcurrentTransforms"),
    }
    given = {name: str(value) for name, value in known.items() if value is not None}
    return {"SAGEMAKER_BATCH": "true", **given, **request.get("Environment", {})}


def execution_parameters(door: Door) -> dict[str, Any]:
    """What the container says of how it wants to be asked; empty when it does not say."""
    connection = Connection(door, PING_SECONDS)
    try:
        connection.request("GET", "/execution-parameters")
        answer = connection.getresponse()
        body = answer.read()
        found = json.loads(body) if answer.status == 200 else {}
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    finally:
        connection.close()
    return found if isinstance(found, dict) else {}
