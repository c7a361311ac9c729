"""What AWS answers to requests that no SDK would send: its codes, its statuses, its words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from shardr.local import wire
from shardr.local.account import Account
from shardr.local.home import Home

if TYPE_CHECKING:
    from pathlib import Path

JSON = {"content-type": "application/x-amz-json-1.1"}
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


@pytest.fixture
def account(home: Path) -> Account:
    return Account(Home(home))


def sent(account: Account, body: bytes | dict[str, Any], target: str | None = None) -> tuple[int, str, str]:
    """Status, code and message of the answer."""
    headers = JSON | ({"x-amz-target": target} if target is not None else {})
    reply = wire.answer(account, headers, body if isinstance(body, bytes) else json.dumps(body).encode())
    assert re.fullmatch(r"[0-9a-f-]{36}", reply.headers["x-amzn-requestid"])
    found = json.loads(reply.body)
    return reply.status, found.get("__type", ""), found.get("message", "")


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'"text"'])
def test_a_body_that_is_no_json_object_cannot_be_read(account: Account, body: bytes) -> None:
    status, code, _ = sent(account, body, "SageMaker.ListProcessingJobs")
    assert (status, code) == (400, "SerializationException")


@pytest.mark.parametrize("target", [None, "", "SageMaker", "SageMaker.", "SageMaker.Nonsense", "DynamoDB.ListTables"])
def test_an_operation_that_is_not_known_is_told(account: Account, target: str | None) -> None:
    status, code, message = sent(account, {}, target)
    assert (status, code) == (400, "UnknownOperationException")
    assert message


def test_a_value_of_another_type_cannot_be_read_and_one_that_is_null_is_not_there(account: Account) -> None:
    status, code, message = sent(account, {"MaxResults": "ten"}, "SageMaker.ListProcessingJobs")
    assert (status, code) == (400, "SerializationException")
    assert "MaxResults" in message.replace("maxResults", "MaxResults")
    assert sent(account, {"MaxResults": None, "NameContains": None}, "SageMaker.ListProcessingJobs")[0] == 200


def test_a_member_that_is_missing_is_named_as_the_service_names_it(account: Account) -> None:
    status, code, message = sent(account, {}, "SageMaker.DescribeProcessingJob")
    assert (status, code) == (400, "ValidationException")
    assert message == (
        "1 validation error detected: Value null at 'processingJobName' failed to satisfy constraint: "
        "Member must not be null"
    )
    status, code, message = sent(account, {}, "Logs_20140328.GetLogEvents")
    assert (status, code) == (400, "InvalidParameterException")
    assert "'logStreamName'" in message


def test_a_huge_body_is_refused(account: Account) -> None:
    status, code, _ = sent(account, b" " * (wire.MOST_BYTES + 1), "SageMaker.ListProcessingJobs")
    assert (status, code) == (413, "RequestEntityTooLargeException")


def test_an_unreadable_store_is_an_internal_failure_and_none_of_its_paths_are_lost(home: Path) -> None:
    home.write_text("a file where a folder should be")
    status, code, message = sent(Account(Home(home)), {}, "SageMaker.ListProcessingJobs")
    assert (status, code) == (500, "InternalFailure")
    assert "SHARDR_HOME" in message


@pytest.mark.parametrize(
    ("form", "status", "found"),
    [
        (b"Action=GetCallerIdentity&Version=2011-06-15", 200, "<Account>000000000000</Account>"),
        (b"Action=GetRole&RoleName=me&Version=2010-05-08", 200, "<Arn>arn:aws:iam::000000000000:role/me</Arn>"),
        (b"Action=GetRole&RoleName=a%20b&Version=2010-05-08", 400, "<Code>ValidationError</Code>"),
        (b"Action=GetRole&Version=2010-05-08", 400, "Value null at &apos;roleName&apos;"),
        (b"Action=AssumeRole&Version=2011-06-15", 400, "<Code>InvalidAction</Code>"),
        (b"\xff=\xff", 400, "<Code>MalformedInput</Code>"),
    ],
)
def test_sts_and_iam_speak_forms_and_xml(account: Account, form: bytes, status: int, found: str) -> None:
    reply = wire.answer(account, FORM, form)
    text = reply.body.decode()
    assert (reply.status, found in text.replace("'", "&apos;")) == (status, True), text
    assert reply.headers["x-amzn-requestid"] in text
