"""Requests and answers kept, as ``DataCaptureConfig`` asks: JSON lines below its prefix, a file an hour and process."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import random
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from shardr.errors import StoreError
from shardr.local.endpoints.store import Endpoints

if TYPE_CHECKING:
    from pathlib import Path

    from shardr.local.endpoints.store import EndpointRow
    from shardr.local.home import Home

FORMS = {"JSON": "JsonContentTypes", "CSV": "CsvContentTypes"}
"""What is kept as text, and the field of ``CaptureContentTypeHeader`` that lists the content types."""
_files: dict[tuple[int, str, float, str, str], str] = {}
"""The file that this process adds to, by endpoint, variant and hour."""
_untold: dict[tuple[str, float], str] = {}
"""Why not all is kept, by endpoint, until it is noted: on a disk that is full, the store cannot be written either."""


def capture(home: Home, row: EndpointRow, variant: str, request: dict[str, Any], answer: dict[str, Any]) -> None:
    """Keeps a request and its answer, or what of them is asked for, of as many as are asked for.

    What cannot be kept fails no request: it is told once, with the endpoint.
    """
    config = row.plan.capture
    if config is None or not config.get("EnableCapture", True):
        return
    if random.random() * 100 >= config["InitialSamplingPercentage"]:  # noqa: S311 - no secret
        return
    modes = {option["CaptureMode"] for option in config["CaptureOptions"]}
    now = datetime.now(timezone.utc)
    data = {}
    if modes & {"Input", "InputAndOutput"}:
        data["endpointInput"] = _part(config, "INPUT", request)
    if modes & {"Output", "InputAndOutput"}:
        data["endpointOutput"] = _part(config, "OUTPUT", answer)
    about = {"eventId": str(uuid.uuid4()), "inferenceTime": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
    known = {"inferenceId": "InferenceId", "customAttributes": "CustomAttributes"}
    about |= {name: request[field] for name, field in known.items() if field in request}
    line = json.dumps({"captureData": data, "eventMetadata": about, "eventVersion": "0"}, separators=(",", ":"))
    hour, below = f"{now:%Y/%m/%d/%H}", config["DestinationS3Uri"].rstrip("/")
    name = _files.setdefault(
        (os.getpid(), row.name, row.created, variant, hour), f"{now:%M-%S}-{now.microsecond // 1000:03}-{uuid.uuid4()}"
    )
    try:
        _add(home.storage.path(f"{below}/{row.name}/{variant}/{hour}/{name}.jsonl"), line.encode() + b"\n")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        _untold[row.name, row.created] = f"DataCaptureConfig: not all of it is kept below {below}: {reason}"
    if (row.name, row.created) in _untold:
        _tell(home, row)


def _add(path: Path, line: bytes) -> None:
    """Adds a line, whole or not at all; threads may do so at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        size = stream.seek(0, os.SEEK_END)
        try:
            while line:
                line = line[stream.write(line) :]
        except OSError:
            stream.truncate(size)
            raise


def _tell(home: Home, row: EndpointRow) -> None:
    """Notes why not all is kept where ``DescribeEndpoint`` finds it; if that cannot be done, the next request will."""
    what = _untold[row.name, row.created]
    if what not in (row.failure_reason or ""):
        try:
            Endpoints(home.store, patience_seconds=0).note(row.name, row.created, what)
        except StoreError:
            return
    _untold.pop((row.name, row.created), None)


def _part(config: dict[str, Any], mode: str, told: dict[str, Any]) -> dict[str, Any]:
    kind = told.get("ContentType", "")
    known = config.get("CaptureContentTypeHeader", {})
    plain = kind.partition(";")[0].strip().lower()
    encoding = "BASE64"  # as the service keeps whatever it is not told of
    for form, field in FORMS.items():
        if plain in map(str.lower, known.get(field, ())):
            encoding = form
    body = told["Body"]
    data = base64.b64encode(body).decode() if encoding == "BASE64" else body.decode("utf-8", "replace")
    return {"observedContentType": kind, "mode": mode, "data": data, "encoding": encoding}
