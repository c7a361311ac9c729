"""Whether SageMaker would take a request: the one check in front of both places to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.errors import Problem, RequestError
from shardr.requests.found import nearest
from shardr.requests.service_model import service_model
from shardr.requests.shapes import check_shape

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_request(operation: str, request: Mapping[str, Any], service: str = "sagemaker") -> list[Problem]:
    """Everything the service would refuse in a request, all at once; an empty list when it would take it.

    Checks required and unknown members, types, patterns, lengths, ranges, enums and unions, as the service
    model of the installed botocore states them. Rules that the model does not state (a quota, a role that
    does not exist, members that exclude each other) are not checked.

    >>> [problem.path for problem in check_request("DescribeProcessingJob", {"ProcessingJobName": "a_b"})]
    ['ProcessingJobName']
    """
    return _check(operation, "input", request, service)


def require_request(operation: str, request: Mapping[str, Any], service: str = "sagemaker") -> None:
    """Returns when the service would take the request; raises RequestError with all problems when not."""
    problems = check_request(operation, request, service)
    if problems:
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise RequestError(f"The {operation} request has {count}: SageMaker would refuse it.", problems=problems)


def check_response(operation: str, response: Mapping[str, Any], service: str = "sagemaker") -> list[Problem]:
    """Everything in an answer that the service model does not allow; an empty list when it fits.

    ``ResponseMetadata``, which boto3 adds to each answer, is not looked at.
    """
    return _check(operation, "output", {k: v for k, v in response.items() if k != "ResponseMetadata"}, service)


def _check(operation: str, direction: str, value: Mapping[str, Any], service: str) -> list[Problem]:
    model = service_model(service)
    if operation not in model.operations:
        close = nearest(operation, model.operations, 1)
        hint = f'; did you mean "{close[0]}"?' if close else ""
        return [Problem("", f'"{operation}" is not an operation of {service}{hint}')]
    shape = model.shape_of(operation, direction)
    if shape is None:
        return [Problem(key, f"is not a member: {operation} has no {direction}") for key in value]
    return list(check_shape(model, shape, value))
