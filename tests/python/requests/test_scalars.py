"""Plain values: what is taken, what is refused, and in which words."""

from __future__ import annotations

import io
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from shardr.requests.check import check_request
from shardr.requests.scalars import check_scalar

STRING = {"type": "string"}
INTEGER = {"type": "integer"}
LONG = {"type": "long"}
FLOAT = {"type": "float", "min": 0, "max": 1}
TIME = {"type": "timestamp"}
BLOB = {"type": "blob", "max": 3}


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        (STRING, ""),
        ({"type": "string", "min": 2, "max": 2}, "é😀"),  # characters, not bytes
        (INTEGER, 2**31 - 1),
        (INTEGER, -(2**31)),
        (LONG, 2**63 - 1),
        (FLOAT, 0),
        (FLOAT, 0.5),
        (FLOAT, Decimal("1")),
        ({"type": "boolean"}, False),
        (TIME, datetime(2026, 1, 31, tzinfo=timezone.utc)),
        (TIME, 1795219200),
        (TIME, 0.5),
        (TIME, "2026-01-31T12:00:00Z"),
        (TIME, "2026-01-31 12:00:00.1234+05:30"),
        (BLOB, b"abc"),
        (BLOB, bytearray(b"abc")),
        (BLOB, "abc"),
        (BLOB, io.BytesIO(b"abcdef")),
    ],
)
def test_a_value_of_its_type_within_its_bounds_is_taken(shape: dict[str, Any], value: Any) -> None:
    assert check_scalar(shape, value, "At") is None


@pytest.mark.parametrize(
    ("shape", "value", "message"),
    [
        (STRING, 1, 'found 1 (int), expected a string (write it as text, "1")'),
        (STRING, True, 'found true, expected a string (write it as text, "true")'),
        (STRING, None, "found nothing, expected a string (leave it out instead of setting it to nothing)"),
        (STRING, "\ud800", 'found "?", which is not text that UTF-8 can carry'),
        (INTEGER, 2.0, "found 2.0 (float), expected a whole number (write 2)"),
        (INTEGER, 2.5, "found 2.5 (float), expected a whole number"),
        (INTEGER, True, "found true, expected a whole number"),
        (INTEGER, "2", 'found "2", expected a whole number'),
        (INTEGER, 2**31, "found 2147483648, expected at most 2147483647"),
        (LONG, -(2**63) - 1, "found -9223372036854775809, expected at least -9223372036854775808"),
        ({"type": "integer", "min": 1}, 0, "found 0, expected at least 1"),
        (FLOAT, 1.5, "found 1.5, expected at most 1"),
        (FLOAT, float("inf"), "found inf, expected a finite number"),
        (FLOAT, Decimal("NaN"), "found NaN, expected a finite number"),
        (FLOAT, False, "found false, expected a number"),
        ({"type": "boolean"}, 1, "found 1 (int), expected true or false"),
        ({"type": "boolean"}, "true", 'found "true", expected true or false'),
        (BLOB, b"abcd", "found 4 bytes, expected at most 3 bytes"),
        (BLOB, "éé", "found 4 bytes, expected at most 3 bytes"),
        (BLOB, 1, "found 1 (int), expected bytes or an open file"),
    ],
)
def test_a_value_that_does_not_fit_is_told_in_one_line(shape: dict[str, Any], value: Any, message: str) -> None:
    assert str(check_scalar(shape, value, "")) == message


@pytest.mark.parametrize(
    "value",
    [
        True,
        "",
        "yesterday",
        "2026-02-30T00:00:00Z",
        "2026-01-31",
        "2026-01-31T12:00:00+24:00",
        float("nan"),
        1e300,
        date(2026, 1, 31),
    ],
)
def test_what_is_no_time_is_refused(value: Any) -> None:
    problem = check_scalar(TIME, value, "At")
    assert problem is not None
    assert "expected a time" in problem.message


def test_a_text_that_breaks_length_and_pattern_is_one_problem_that_says_both() -> None:
    shape = {"type": "string", "max": 4, "pattern": "[a-z]*"}
    assert str(check_scalar(shape, "abc_de", "Name")) == (
        'Name: found "abc_de", expected at most 4 characters (it has 6) and a match of the pattern [a-z]*; '
        'it fits up to "abc"'
    )


def test_a_long_text_is_cut_in_the_message() -> None:
    problem = check_scalar({"type": "string", "max": 3}, "x" * 1_000_000, "")
    assert problem is not None
    assert len(problem.message) < 200
    assert "(it has 1000000)" in problem.message


def test_a_short_list_of_allowed_values_is_told_whole() -> None:
    shape = {"type": "string", "enum": ["File", "Pipe"]}
    assert check_scalar(shape, "Pipe", "") is None
    assert str(check_scalar(shape, "pipe", "")) == 'found "pipe", expected one of File, Pipe'


def test_a_long_list_of_allowed_values_is_told_by_the_nearest_three() -> None:
    found = check_request("CreateProcessingJob", processing_job("ml.m5.larg"))
    (problem,) = found
    assert problem.path == "ProcessingResources.ClusterConfig.InstanceType"
    assert 'found "ml.m5.larg", expected one of ' in problem.message
    near = problem.message.partition("the nearest are ")[2].split(", ")
    assert near[0] == "ml.m5.large"
    assert len(near) == 3
    assert problem.fix == "if the service has it by now, upgrade boto3"


def processing_job(instance_type: str) -> dict[str, Any]:
    return {
        "ProcessingJobName": "a",
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": instance_type, "VolumeSizeInGB": 1}
        },
        "AppSpecification": {"ImageUri": "a"},
        "RoleArn": "arn:aws:iam::123456789012:role/a",
    }


@pytest.mark.parametrize("value", ["secret-word!", 424242, "x" * 200])
def test_a_sensitive_value_is_never_shown(value: Any) -> None:
    shape = {"type": "string", "sensitive": True, "max": 100, "pattern": "[a-z-]*"}
    text = str(check_scalar(shape, value, "ClientSecret"))
    assert "found a value that is not shown, expected" in text
    assert str(value)[:6] not in text
