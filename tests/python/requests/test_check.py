"""The check in front of both places to run, against the contract cases and botocore's own validator."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import botocore.loaders
import botocore.model
import pytest
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from shardr.errors import RequestError
from shardr.requests.check import check_request, check_response, require_request

CASES = sorted((Path(__file__).parents[2] / "contract" / "requests").glob("*.json"))
OPERATIONS = (
    "CreateProcessingJob",
    "ListProcessingJobs",
    "CreateTrainingJob",
    "CreateTransformJob",
    "CreateModel",
    "CreateEndpointConfig",
    "CreatePipeline",
    "CreateAutoMLJobV2",  # has a union
    "Search",  # has a shape within itself
    "PutModelPackageGroupPolicy",
)


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_a_contract_request_has_exactly_the_problems_its_file_lists(file: Path) -> None:
    case = json.loads(file.read_text(encoding="utf-8"))
    found = check_request(case["operation"], case["request"])
    assert [problem.path for problem in found] == case["problems"]


def test_the_contract_has_invalid_and_valid_requests() -> None:
    broken = [bool(json.loads(file.read_text(encoding="utf-8"))["problems"]) for file in CASES]
    assert broken.count(True) >= 25
    assert broken.count(False) >= 5


def botocore_model() -> botocore.model.ServiceModel:
    raw = botocore.loaders.Loader().load_service_model("sagemaker", "service-2")
    return botocore.model.ServiceModel(raw, "sagemaker")


BOTOCORE = botocore_model()
JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)


@st.composite
def near_values(draw: st.DrawFn, shape: Any, depth: int = 0) -> Any:
    """A value that mostly fits a shape of botocore's, with a mistake here and there."""
    if draw(st.integers(0, 60)) == 60:
        return draw(JUNK)
    kind = shape.type_name
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 100)
    if draw(st.integers(0, 60)) == 60:
        least = max(0, least - 1)
    if kind == "structure":
        value = {}
        for name, member in shape.members.items():
            required = name in shape.required_members
            if draw(st.integers(0, 60)) < 60 if required else depth < 5 and draw(st.integers(0, 4)) == 0:
                value[name] = draw(near_values(member, depth + 1))
        if draw(st.integers(0, 60)) == 60:
            value[draw(st.text(max_size=5))] = draw(JUNK)
        return value
    if kind == "list":
        more = 0 if depth >= 8 else 1
        return draw(st.lists(near_values(shape.member, depth + 1), min_size=least, max_size=least + more))
    if kind == "map":
        return draw(st.dictionaries(st.text(max_size=3), near_values(shape.value, depth + 1), max_size=2))
    scalars: dict[str, st.SearchStrategy[Any]] = {
        "string": st.sampled_from(shape.enum)
        if getattr(shape, "enum", None)
        else st.text(min_size=least, max_size=least + 4),
        "integer": st.integers(least, most + 1),
        "long": st.integers(least, most + 1),
        "float": st.floats(),
        "double": st.floats(),
        "boolean": st.booleans(),
        "timestamp": st.one_of(st.datetimes(), st.floats(), st.integers(), st.text(max_size=4)),
    }
    return draw(scalars[kind])


def botocore_refuses(operation: str, request: Any) -> bool:
    shape = BOTOCORE.operation_model(operation).input_shape
    try:
        refused: bool = ParamValidator().validate(request, shape).has_errors()
    except RuntimeError:  # of a number of seconds that is no time
        return True
    return refused


@given(st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_whatever_botocore_refuses_is_refused(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(OPERATIONS))
    request = data.draw(near_values(BOTOCORE.operation_model(operation).input_shape))
    if botocore_refuses(operation, request):
        assert check_request(operation, request)


def test_the_generator_reaches_requests_that_botocore_takes_and_requests_it_refuses() -> None:
    requests = near_values(BOTOCORE.operation_model("CreateProcessingJob").input_shape)
    quiet = settings(max_examples=500, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    find(requests, lambda r: isinstance(r, dict) and not botocore_refuses("CreateProcessingJob", r), settings=quiet)
    find(requests, lambda r: isinstance(r, dict) and botocore_refuses("CreateProcessingJob", r), settings=quiet)


def test_a_request_with_problems_is_refused_by_one_error_that_names_each() -> None:
    with pytest.raises(RequestError, match="The StopProcessingJob request has 2 problems") as caught:
        require_request("StopProcessingJob", {"Name": "a"})
    assert [problem.path for problem in caught.value.problems] == ["ProcessingJobName", "Name"]
    assert "ProcessingJobName: is required" in str(caught.value)
    require_request("StopProcessingJob", {"ProcessingJobName": "a"})


def test_an_unknown_operation_is_a_problem_with_the_nearest_name() -> None:
    (problem,) = check_request("CreateProcesingJob", {})
    assert problem.message == (
        '"CreateProcesingJob" is not an operation of sagemaker; did you mean "CreateProcessingJob"?'
    )


def test_an_answer_is_checked_against_the_output_shape() -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:processing-job/a"
    assert check_response("CreateProcessingJob", {"ProcessingJobArn": arn}) == []
    assert check_response("CreateProcessingJob", {"ProcessingJobArn": arn, "ResponseMetadata": {}}) == []
    assert [p.path for p in check_response("CreateProcessingJob", {})] == ["ProcessingJobArn"]
    summary = {
        "ProcessingJobName": "a",
        "ProcessingJobArn": arn,
        "CreationTime": datetime.now(timezone.utc),
        "ProcessingJobStatus": "Done",
    }
    (problem,) = check_response("ListProcessingJobs", {"ProcessingJobSummaries": [summary]})
    assert problem.path == "ProcessingJobSummaries[0].ProcessingJobStatus"
    assert problem.message.startswith('found "Done", expected one of ')


def test_an_operation_without_an_answer_gives_none() -> None:
    assert check_response("StopProcessingJob", {}) == []
    (problem,) = check_response("StopProcessingJob", {"ProcessingJobArn": "a"})
    assert problem.message == "is not a member: StopProcessingJob has no output"
