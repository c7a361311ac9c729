"""Signatures as boto3 makes them: believed when they are right, and refused with the codes of AWS when not."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from server_world import find, serving, status

import shardr
from shardr.local.objects import Keys
from shardr.server.signatures import Signatures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shardr.local.serving import Served

KEYS = Keys("AKIAEXAMPLEEXAMPLE12", "s" * 40)
TARGET = {"x-amz-target": "SageMaker.ListProcessingJobs", "content-type": "application/x-amz-json-1.1"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with serving(check_signatures=True) as found:
        find(monkeypatch, found)
        yield found


def test_what_boto3_signs_with_the_keys_is_answered_and_nothing_else(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert served.signed
    assert boto3.client("sagemaker").list_processing_jobs()["ProcessingJobSummaries"] == []
    assert boto3.client("sts").get_caller_identity()["Account"] == "000000000000"
    assert boto3.client("iam").get_role(RoleName="any")["Role"]["RoleName"] == "any"
    right = served.environment["AWS_ACCESS_KEY_ID"]
    for id, secret, code, of_form in (
        (right, "wrong", "InvalidSignatureException", "SignatureDoesNotMatch"),
        ("AKIASOMEBODYELSE1234", "wrong", "UnrecognizedClientException", "InvalidClientTokenId"),
    ):
        keys = {"aws_access_key_id": id, "aws_secret_access_key": secret}
        with pytest.raises(ClientError) as refused:
            boto3.client("sagemaker", **keys).list_processing_jobs()
        assert refused.value.response["Error"]["Code"] == code
        with pytest.raises(ClientError) as refused:
            boto3.client("sts", **keys).get_caller_identity()
        assert refused.value.response["Error"]["Code"] == of_form
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    with pytest.raises(ClientError, match=r"InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied"):
        boto3.client("s3", aws_access_key_id=right, aws_secret_access_key="wrong").list_buckets()


def signed(body: bytes = b"{}", path: str = "/", **headers: str) -> tuple[str, str, str, dict[str, str], bytes]:
    request = AWSRequest("POST", f"http://127.0.0.1:1{path}", headers | {"Host": "127.0.0.1:1"}, body)
    SigV4Auth(Credentials(KEYS.id, KEYS.secret), "sagemaker", "us-east-1").add_auth(request)
    found = {name.lower(): value for name, value in request.headers.items()}
    route, _, query = path.partition("?")
    return "POST", route, query, found, body


def code(given: tuple[str, str, str, dict[str, str], bytes], later: timedelta = timedelta()) -> str | None:
    fault = Signatures(KEYS, lambda: datetime.now(timezone.utc) + later).fault(*given)
    return None if fault is None else fault.code


@pytest.mark.parametrize("path", ["/", "/a%20b/c?x=1&a=%2F&empty", "/?b=2&a=1"])
def test_paths_and_queries_are_signed_with_the_rest(path: str) -> None:
    method, route, query, headers, body = signed(path=path, **TARGET)
    assert code((method, route, query, headers, body)) is None
    assert code((method, route, f"{query}&more=1", headers, body)) == "InvalidSignatureException"
    assert code((method, f"{route}x", query, headers, body)) == "InvalidSignatureException"
    assert code((method, route, query, headers, b"{ }")) == "InvalidSignatureException"
    assert code(("PUT", route, query, headers, body)) == "InvalidSignatureException"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_that_is_wrong_is_told_so(minutes: int) -> None:
    given = signed(**TARGET)
    assert code(given, timedelta(minutes=minutes // 2)) is None
    fault = Signatures(KEYS, lambda: datetime.now(timezone.utc) + timedelta(minutes=minutes)).fault(*given)
    assert fault is not None
    assert (fault.code, fault.status) == ("InvalidSignatureException", 400)
    assert ("Signature expired" if minutes > 0 else "Signature not yet current") in fault.message


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"authorization": None}, "MissingAuthenticationTokenException"),
        ({"authorization": "AWS4-HMAC-SHA256 Credential=x"}, "IncompleteSignatureException"),
        ({"authorization": "Bearer token"}, "IncompleteSignatureException"),
        ({"x-amz-date": None}, "IncompleteSignatureException"),
        ({"x-amz-date": "yesterday"}, "IncompleteSignatureException"),
        ({"host": None}, "InvalidSignatureException"),
        ({"x-amz-target": "SageMaker.StopProcessingJob"}, "InvalidSignatureException"),
    ],
)
def test_a_signature_that_lacks_something_is_refused(change: dict[str, Any], found: str) -> None:
    method, route, query, headers, body = signed(**TARGET)
    headers = {name: value for name, value in (headers | change).items() if value is not None}
    assert code((method, route, query, headers, body)) == found


def test_a_form_is_refused_with_the_codes_of_sts() -> None:
    method, route, query, headers, body = signed(b"Action=GetCallerIdentity", **FORM)
    assert code((method, route, query, headers, body)) is None
    assert code((method, route, query, headers, b"Action=Other")) == "SignatureDoesNotMatch"


def test_a_server_for_other_machines_asks_for_signatures_unasked() -> None:
    with serving(host="0.0.0.0") as found:
        assert found.signed
        assert "0.0.0.0" not in found.url + found.s3_url
    assert shardr.served() is None


def test_a_refusal_neither_logs_nor_repeats_what_may_be_a_secret(served: Served, home: Path) -> None:
    secret = served.environment["AWS_SECRET_ACCESS_KEY"]
    scope = f"{secret}/20260131/us-east-1/sagemaker/aws4_request"
    for given in (
        secret,
        f"Basic {secret}",
        f"AWS4-HMAC-SHA256 Credential={secret}, SignedHeaders=host, Signature={'0' * 64}",
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}",
    ):
        found, answer = status(served, b"{}", **{"Authorization": given, "X-Amz-Date": "20260131T120000Z"})
        assert found == 400
        assert secret not in str(answer)
    assert secret not in (home / "serve/server.log").read_text()
