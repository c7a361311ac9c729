"""Errors as AWS answers them: a code, an HTTP status, and a message that names the field."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shardr.errors import (
    ConflictError,
    InvocationError,
    NameInUseError,
    NotFoundError,
    OperationError,
    RequestError,
    ShardrError,
)
from shardr.local.refusals import refusal
from shardr.requests.service_model import service_model

if TYPE_CHECKING:
    from collections.abc import Mapping

REFUSED = {"sagemaker": "ValidationException", "logs": "InvalidParameterException"}
"""How services call a request that breaks their model; those of the query protocol say ``ValidationError``."""
INTERNAL = "InternalFailure"


class WireError(Exception):
    """What cannot be understood before it is known what is asked for; it is its own fault."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.fault = Fault(code, status, message)


@dataclass(frozen=True)
class Fault:
    """An error of AWS."""

    code: str
    status: int
    message: str
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further members that it has."""


def fault(error: Exception, service: str, operation: str, request: Mapping[str, Any]) -> Fault:
    """The fault that an error of an operation is; what shardr did not foresee is the server's own, and told there."""
    if isinstance(error, WireError):
        return error.fault
    if isinstance(error, OperationError):
        return Fault("UnknownOperationException", 400, one_line(error))
    if isinstance(error, RequestError):
        unread, words = refusal(service, operation, request) or (False, one_line(error))
        return Fault("SerializationException" if unread else REFUSED.get(service, "ValidationError"), 400, words)
    if isinstance(error, NotFoundError):
        return Fault(*_listed(service, operation, ("NotFound", "NoSuchEntity"), "ResourceNotFound"), error.what)
    if isinstance(error, NameInUseError):
        code = ("ResourceInUse", "AlreadyExists", "Conflict")
        return Fault(*_listed(service, operation, code, "ResourceInUse"), error.what)
    if isinstance(error, ConflictError):
        return Fault(*_listed(service, operation, ("Conflict",), "ConflictException"), error.what)
    if isinstance(error, InvocationError) and not error.reached:
        return Fault("ServiceUnavailable", 503, error.what)
    if isinstance(error, InvocationError):
        return Fault("ModelError", 424, error.what, {"OriginalStatusCode": error.status, "OriginalMessage": error.said})
    if isinstance(error, ShardrError) and error.code in {"image", "runner_unavailable"}:
        return Fault(REFUSED.get(service, "ValidationError"), 400, one_line(error))
    if isinstance(error, ShardrError):
        return Fault(INTERNAL, 500, one_line(error))
    print(f"{service} {operation}: {type(error).__name__}: {error}", file=sys.stderr)
    return Fault(INTERNAL, 500, f"{type(error).__name__} in {operation}")


def one_line(error: ShardrError) -> str:
    """What, why and fix of an error in a line, with all its problems."""
    told = [error.what]
    if error.problems:
        told.append("; ".join(map(str, error.problems)))
    return " ".join([*told, *(f"({word})" for word in (error.why, error.fix) if word)])


def _listed(service: str, operation: str, wanted: tuple[str, ...], default: str) -> tuple[str, int]:
    """Code and status of the first error that the model lists for an operation under one of these names."""
    model = service_model(service)
    names = [error["shape"] for error in model.operations.get(operation, {}).get("errors", [])]
    for word in wanted:
        for name in names:
            if word in name:
                about = model.shapes[name].get("error", {})
                return about.get("code", name), about.get("httpStatusCode", 400)
    return default, 400
