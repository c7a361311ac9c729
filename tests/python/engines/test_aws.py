"""What AWS refuses, in our words: a server of the test's own answers real clients as AWS would."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import boto3
import pytest
from moto.server import ThreadedMotoServer

from shardr.engines.aws import Aws
from shardr.engines.sagemaker.bucket import ensure_bucket
from shardr.engines.sagemaker.place import Place
from shardr.errors import AwsError, ImageError
from shardr.storage.refused import in_our_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USER = "User: arn:aws:iam::123456789012:user/ana is not authorized to perform: sagemaker:ListPipelines on resource: x"


class Refusing(ThreadingHTTPServer):
    """Answers everything with one error."""

    code, message, status, asked = "", "", 400, 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Refusing)
        server.asked += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"__type": server.code, "message": server.message}).encode()
        self.send_response(server.status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(autouse=True)
def signed_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "SHARDR_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Refusing]:
    with Refusing(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield server
        server.shutdown()
        thread.join()


def refused(denied: str | None = None) -> AwsError:
    with pytest.raises(AwsError) as caught, in_our_words("the pipelines cannot be listed", denied=denied):
        Aws().client("sagemaker").list_pipelines()
    assert caught.value.what == "the pipelines cannot be listed"
    return caught.value


@pytest.mark.parametrize(
    ("code", "message", "fix"),
    [
        ("ExpiredTokenException", "The security token included in the request is expired", "sign in again: `aws sso"),
        ("UnrecognizedClientException", "The security token is invalid", "these credentials are not known there"),
        (
            "InvalidSignatureException",
            "Signature expired: 20260101T000000Z is now earlier",
            "the clock of this machine",
        ),
        ("AccessDeniedException", USER, "arn:aws:iam::123456789012:user/ana needs the permission sagemaker:List"),
        ("ResourceLimitExceeded", "The account-level service limit is 0 Instances", "ask for a higher quota"),
    ],
)
def test_a_refusal_keeps_the_words_of_aws_and_says_what_to_do(aws: Refusing, code: str, message: str, fix: str) -> None:
    aws.code, aws.message = code, message
    error = refused()
    assert error.why == f"{code}: {message}"
    assert error.fix is not None
    assert fix in error.fix
    assert aws.asked == 1


def test_where_aws_does_not_name_the_action_we_do(aws: Refusing) -> None:
    aws.code, aws.message = "AccessDeniedException", "Access denied"
    assert refused(denied="your role needs sagemaker:ListPipelines").fix == "your role needs sagemaker:ListPipelines"


def test_what_is_throttled_is_tried_as_often_as_the_user_says_and_then_told(
    aws: Refusing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    monkeypatch.setenv("AWS_RETRY_MODE", "standard")
    aws.code, aws.message = "ThrottlingException", "Rate exceeded"
    fix = refused().fix
    assert fix is not None
    assert "AWS is asked too often" in fix
    assert aws.asked == 2


def test_an_error_that_is_none_of_aws_stays_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError), in_our_words("this cannot be done"):
        _ = 1 / 0


def test_an_error_in_our_words_gets_the_kind_and_the_beginning_of_where_it_matters() -> None:
    with pytest.raises(ImageError) as caught, in_our_words("the image cannot be pushed", ImageError):
        raise AwsError("no AWS region is set", fix="set AWS_REGION")
    assert (caught.value.what, caught.value.why) == ("the image cannot be pushed", "no AWS region is set")
    assert caught.value.fix == "set AWS_REGION"


def test_without_a_region_there_is_no_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(AwsError, match="no AWS region is set") as caught:
        Aws().client("sagemaker")
    assert "AWS_REGION" in str(caught.value.fix)
    assert Aws(region="eu-west-1").client("sagemaker").meta.region_name == "eu-west-1"


def test_without_credentials_it_is_said_how_to_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert not Aws().signed_in
    error = refused()
    assert error.why == "Unable to locate credentials"
    assert "aws sso login" in str(error.fix)


def test_a_profile_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(AwsError, match="nobody") as caught:
        _ = Aws().region
    assert "list-profiles" in str(caught.value.fix)


def test_where_nothing_answers_the_network_is_suspected(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    error = refused()
    assert "network" in str(error.fix)


def test_the_default_bucket_is_made_once_and_one_of_your_own_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://{}:{}".format(*server.get_host_and_port()))
        aws = Aws()
        client = aws.client("s3")
        for _ in range(2):
            ensure_bucket(client, Place(aws))
        assert [bucket["Name"] for bucket in client.list_buckets()["Buckets"]] == ["sagemaker-eu-west-1-123456789012"]
        blocked = client.get_public_access_block(Bucket="sagemaker-eu-west-1-123456789012")
        assert set(blocked["PublicAccessBlockConfiguration"].values()) == {True}
        with pytest.raises(AwsError, match="there is no bucket mine-alone") as caught:
            ensure_bucket(client, Place(aws, bucket="mine-alone"))
        assert "SHARDR_BUCKET" in str(caught.value.fix)
    finally:
        server.stop()
