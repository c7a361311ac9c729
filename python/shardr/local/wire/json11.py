"""JSON 1.1, spoken by SageMaker and CloudWatch Logs: ``X-Amz-Target`` names the operation, the body is JSON."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shardr.local.faults import Fault, WireError, fault
from shardr.local.operations import call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardr.local.account import Account

TYPE = "application/x-amz-json-1.1"
SERVICES = {"SageMaker": "sagemaker", "Logs_20140328": "logs"}
"""As ``X-Amz-Target`` names them, and as botocore does."""
Answer = tuple[int, dict[str, str], bytes]


def answer(account: Account, headers: Mapping[str, str], body: bytes) -> Answer:
    """Status, headers and body of the reply; raises ``WireError`` for what is no request of a service known here."""
    service, operation = _target(headers)
    request = _read(body)
    try:
        found = call(account, service, operation, request)
        return 200, {}, json.dumps(found, default=_plain).encode()
    except Exception as error:  # noqa: BLE001 - every error is an answer
        return failed(fault(error, service, operation, request))


def failed(fault: Fault) -> Answer:
    """The same of a fault."""
    body = json.dumps({"__type": fault.code, "message": fault.message}).encode()
    return fault.status, {"x-amzn-errortype": fault.code}, body


def _target(headers: Mapping[str, str]) -> tuple[str, str]:
    target = headers.get("x-amz-target", "")
    prefix, _, operation = target.partition(".")
    if not operation or prefix not in SERVICES:
        found = f'found X-Amz-Target "{target}"' if target else "there is no X-Amz-Target"
        raise WireError("UnknownOperationException", f"{found}, expected {' or '.join(SERVICES)} and an operation")
    return SERVICES[prefix], operation


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        why = str(error).partition(";")[0]  # the rest would advise whoever wrote this program
        raise WireError("SerializationException", f"the body is no JSON: {why}") from error
    if not isinstance(found, dict):
        raise WireError("SerializationException", "the body is no JSON object")
    given: dict[str, Any] = _given(found)
    return given


def _given(value: Any) -> Any:
    """The same without members that are null: to the service these are not there."""
    if isinstance(value, dict):
        return {key: _given(inner) for key, inner in value.items() if inner is not None}
    return [_given(inner) for inner in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} cannot be answered")
