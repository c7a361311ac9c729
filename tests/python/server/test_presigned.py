"""URLs that were signed ahead, as boto3 makes them: tokens of EKS are one of STS, which somebody else then asks."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import boto3
import pytest
from server_world import find, serving

from shardr.local.objects import Keys
from shardr.server.signatures import Signatures

KEYS = Keys("AKIAEXAMPLEEXAMPLE12", "s" * 40)
HERE = "http://127.0.0.1:1"
JSON = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "SageMaker.ListProcessingJobs"}


def ahead(**how: object) -> str:
    client = boto3.Session(KEYS.id, KEYS.secret, region_name="us-east-1").client("sts", endpoint_url=HERE)
    url: str = client.generate_presigned_url("get_caller_identity", HttpMethod="GET", **how)
    return url


def code(url: str, method: str = "GET", later: timedelta = timedelta(), **headers: str) -> str | None:
    parts = urlsplit(url)
    signatures = Signatures(KEYS, lambda: datetime.now(timezone.utc) + later)
    sent = {"host": parts.netloc, **{name.replace("_", "-"): value for name, value in headers.items()}}
    fault = signatures.fault(method, parts.path or "/", parts.query, sent, b"")
    return None if fault is None else fault.code


def fetched(url: str, method: str = "GET", headers: dict[str, str] | None = None) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, None, headers or {}, method=method), timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.parametrize("checked", [True, False])
def test_whoever_has_the_url_is_answered_as_whoever_signed_it(checked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(check_signatures=checked) as served:
        find(monkeypatch, served)
        sts, iam, sagemaker = (boto3.client(name) for name in ("sts", "iam", "sagemaker"))
        for method in ("GET", "POST"):  # boto3 takes POST unless it is told otherwise
            url = sts.generate_presigned_url("get_caller_identity", HttpMethod=method)
            status, text = fetched(url, method)
            assert (status, "<Account>000000000000</Account>" in text) == (200, True), text
        status, text = fetched(iam.generate_presigned_url("get_role", {"RoleName": "me"}), "POST")
        assert (status, "role/me</Arn>" in text) == (200, True), text
        status, text = fetched(sagemaker.generate_presigned_url("list_processing_jobs"), "POST", JSON)
        assert (status, json.loads(text)) == (200, {"ProcessingJobSummaries": []})
        other = boto3.client("sts", aws_secret_access_key=KEYS.secret, aws_access_key_id=KEYS.id)
        status, text = fetched(other.generate_presigned_url("get_caller_identity"), "POST")
        assert (status, "<Code>InvalidClientTokenId</Code>" in text) == ((403, True) if checked else (200, False)), text


def test_a_url_that_was_changed_is_not_believed() -> None:
    url = ahead()
    assert code(url) is None
    assert code(url, "POST") == "SignatureDoesNotMatch"
    assert code(f"{url}&RoleName=x") == "SignatureDoesNotMatch"
    assert code(url.replace("X-Amz-Expires=3600", "X-Amz-Expires=9999")) == "SignatureDoesNotMatch"
    assert code(url, host="127.0.0.1:2") == "SignatureDoesNotMatch"


def test_a_target_that_was_not_signed_makes_no_other_request_of_a_url() -> None:
    assert code(ahead(), x_amz_target=JSON["X-Amz-Target"]) == "InvalidSignatureException"


@pytest.mark.parametrize("seconds", [60, 3600])
def test_it_is_good_for_fifteen_minutes_whatever_it_says_as_with_sts(seconds: int) -> None:
    url = ahead(ExpiresIn=seconds)
    assert code(url, later=timedelta(minutes=14)) is None
    assert code(url, later=timedelta(minutes=16)) == "SignatureDoesNotMatch"
    assert code(url, later=timedelta(minutes=-6)) == "SignatureDoesNotMatch"


@pytest.mark.parametrize("name", ["Algorithm", "Credential", "Date", "SignedHeaders", "Signature"])
def test_what_is_missing_in_the_url_is_named(name: str) -> None:
    parts = urlsplit(ahead())
    query = "&".join(part for part in parts.query.split("&") if not part.startswith(f"X-Amz-{name}="))
    fault = Signatures(KEYS).fault("GET", "/", query, {"host": parts.netloc}, b"")
    assert fault is not None
    assert (fault.code, fault.status) == ("IncompleteSignature", 403)
    assert f"AWS query-string parameters must include 'X-Amz-{name}'." in fault.message


def test_a_form_in_a_url_that_nobody_signed_is_told_so() -> None:
    assert code(f"{HERE}/?Action=GetCallerIdentity&Version=2011-06-15") == "MissingAuthenticationToken"
