"""REST with JSON errors, spoken by SageMaker's runtime: path and headers say what is asked, the body is the data."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from shardr.local.faults import Fault, fault
from shardr.local.operations import HOMES, call
from shardr.requests.service_model import service_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardr.local.account import Account

TYPE = "application/json"
SERVICE = "sagemaker-runtime"
PREFIX = "/endpoints/"
Answer = tuple[int, dict[str, str], bytes]


def spoken(path: str) -> bool:
    """Whether a request is one of the runtime: the others all go to ``/``."""
    return path.startswith(PREFIX)


def answer(account: Account, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Status, headers and body of the reply."""
    for operation in HOMES[SERVICE]:
        match = _path(operation).fullmatch(path)
        if match:
            return _answer(account, operation, match.groupdict(), headers, body)
    known = ", ".join(HOMES[SERVICE])
    return failed(Fault("UnknownOperationException", 404, f"{path} is not answered here: answered are {known}"))


def failed(fault: Fault) -> Answer:
    """The same of a fault."""
    body = json.dumps({"Message": fault.message, **fault.more}).encode()
    return fault.status, {"x-amzn-errortype": fault.code}, body


def _answer(
    account: Account, operation: str, named: Mapping[str, str], headers: Mapping[str, str], body: bytes
) -> Answer:
    given, payload = _members(operation, "input")
    request: dict[str, Any] = {name: unquote(value) for name, value in named.items()}
    request |= {name: headers[header.lower()] for name, header in given.items() if headers.get(header.lower())}
    request[payload] = body
    try:
        found = call(account, SERVICE, operation, request)
    except Exception as error:  # noqa: BLE001 - every error is an answer
        return failed(fault(error, SERVICE, operation, request))
    told, payload = _members(operation, "output")
    return 200, {header.lower(): found[name] for name, header in told.items() if name in found}, found[payload]


@cache
def _path(operation: str) -> re.Pattern[str]:
    uri = service_model(SERVICE).operations[operation]["http"]["requestUri"]
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", uri))


@cache
def _members(operation: str, direction: str) -> tuple[dict[str, str], str]:
    """What goes by headers, with their names, and what by the body."""
    model = service_model(SERVICE)
    shape = model.shapes[model.shape_of(operation, direction) or ""]
    headers = {
        name: about["locationName"] for name, about in shape["members"].items() if about.get("location") == "header"
    }
    return headers, shape["payload"]
