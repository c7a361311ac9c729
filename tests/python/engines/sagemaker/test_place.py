"""Account, region, role and bucket, with moto as AWS; and what AWS refuses, as people read it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

import shardr
from shardr.engines.aws import Aws
from shardr.engines.sagemaker.bucket import ensure_bucket
from shardr.engines.sagemaker.place import Place
from shardr.errors import AwsError, ImageError, NotFoundError
from shardr.storage.refused import in_our_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCOUNT = "123456789012"
TRUST = '{"Version": "2012-10-17", "Statement": []}'
SPEC = {"name": "tiny", "steps": [{"name": "copy", "code": "copy.sh", "inputs": [{"name": "raw", "source": "data/"}]}]}


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("AWS_", "SHARDR_", "SAGEMAKER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("SHARDR_HOME", str(tmp_path / "home"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("x\n1\n")
    (tmp_path / "copy.sh").write_text("true\n")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, nobody: None) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    with mock_aws():
        yield


def refused(code: str, message: str = "no") -> AwsError:
    with pytest.raises(AwsError) as error, in_our_words("it cannot be"):
        raise ClientError({"Error": {"Code": code, "Message": message}}, "DoIt")
    return error.value


def test_a_plan_without_credentials_has_placeholders_and_says_so(tmp_path: Path) -> None:
    planned = shardr.plan(SPEC, base=tmp_path, engine="sagemaker", name="one")
    assert any("placeholders" in notice for notice in planned.notices)
    assert "000000000000" in planned.steps[0].jobs[0].request["RoleArn"]
    with pytest.raises(AwsError, match="no AWS region is set"):
        shardr.submit(SPEC, base=tmp_path, engine="sagemaker")


def test_two_plans_of_one_name_are_the_same(aws: None, tmp_path: Path) -> None:
    first, second = (shardr.plan(SPEC, base=tmp_path, engine="sagemaker", name="one") for _ in range(2))
    assert first.calls == second.calls
    assert list(first.calls[0]) == ["CreateProcessingJob"]
    assert boto3.client("s3").list_buckets()["Buckets"] == []


def test_changed_data_goes_to_another_place(aws: None, tmp_path: Path) -> None:
    def place() -> str:
        request = shardr.plan(SPEC, base=tmp_path, engine="sagemaker").steps[0].jobs[0].request
        return str(request["ProcessingInputs"][0]["S3Input"]["S3Uri"])

    before = place()
    assert before.startswith(f"s3://sagemaker-eu-west-1-{ACCOUNT}/shardr/inputs/")
    assert place() == before
    (tmp_path / "data" / "a.csv").write_text("x\n1\n2\n")
    assert place() != before


def test_the_role_is_the_calls_then_the_specs_then_the_environments_then_ones_own(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    iam = boto3.client("iam", region_name="us-east-1")
    arn = iam.create_role(RoleName="notebook", Path="/service-role/", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    held = boto3.client("sts", region_name="us-east-1").assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]
    session = boto3.Session(held["AccessKeyId"], held["SecretAccessKey"], held["SessionToken"], "eu-west-1")
    given = f"arn:aws:iam::{ACCOUNT}:role/given"
    assert Place(Aws(session)).role_of(None) == arn == f"arn:aws:iam::{ACCOUNT}:role/service-role/notebook"
    assert Place(Aws(session)).role_of(given) == given
    monkeypatch.setenv("SAGEMAKER_ROLE", "notebook")
    assert Place(Aws(session)).role_of(None) == arn
    assert Place(Aws(session), role="arn:aws:iam::1:role/x").role_of(given) == "arn:aws:iam::1:role/x"
    with pytest.raises(AwsError, match="the role nobody cannot be looked up"):
        Place(Aws(session)).role_of("nobody")


def test_without_a_role_nothing_is_sent(aws: None, tmp_path: Path) -> None:
    with pytest.raises(AwsError, match="no role is given") as error:
        shardr.submit(SPEC, base=tmp_path, engine="sagemaker")
    assert "SAGEMAKER_ROLE" in str(error.value.fix)
    assert shardr.jobs() == []


def test_an_image_that_was_not_pushed_is_told_before_anything_is_uploaded(aws: None, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="processing is not in ECR of eu-west-1") as error:
        shardr.submit(SPEC, base=tmp_path, engine="sagemaker", role=f"arn:aws:iam::{ACCOUNT}:role/r")
    assert error.value.fix == "`shardr images push processing --ecr`"
    assert boto3.client("s3").list_buckets()["Buckets"] == []


def test_the_default_bucket_is_made_once_and_closed_and_one_that_is_named_is_not(aws: None) -> None:
    s3 = boto3.client("s3", region_name="eu-west-1")
    for _ in range(2):
        ensure_bucket(s3, Place(Aws()))
    name = f"sagemaker-eu-west-1-{ACCOUNT}"
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
    with pytest.raises(AwsError, match="there is no bucket mine"):
        ensure_bucket(s3, Place(Aws(), bucket="mine"))


def test_a_job_on_aws_is_sent_found_again_and_its_outputs_fetched(aws: None, tmp_path: Path) -> None:
    boto3.client("ecr", region_name="eu-west-1").create_repository(repositoryName="other")
    step = {**SPEC["steps"][0], "image": "busybox:1", "outputs": ["kept"]}  # type: ignore[index]
    run = shardr.run(
        {"name": "tiny", "steps": [step]}, base=tmp_path, engine="sagemaker", role=f"arn:aws:iam::{ACCOUNT}:role/r"
    )
    assert (run.status, shardr.Run(run.id).status, shardr.jobs()[0]["status"]) == ("Completed",) * 3
    uri = run.step("copy").outputs["kept"].uri
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    boto3.client("s3").put_object(Bucket=bucket, Key=f"{key}a.csv", Body=b"x\n1\n2\n")
    assert shardr.collect(run.id, "copy", "kept")["x"].tolist() == [1, 2]
    with pytest.raises(shardr.NameInUseError):
        shardr.submit(
            {"name": "tiny", "steps": [step]}, base=tmp_path, engine="sagemaker", name=run.id,
            role=f"arn:aws:iam::{ACCOUNT}:role/r",
        )  # fmt: skip
    with pytest.raises(NotFoundError):
        shardr.Run("nothing")


@pytest.mark.parametrize(
    ("code", "message", "fix"),
    [
        ("ExpiredTokenException", "expired", "sign in again"),
        ("UnrecognizedClientException", "invalid token", "not known there"),
        ("RequestTimeTooSkewed", "skewed", "clock"),
        ("SignatureDoesNotMatch", "Signature expired: 1 is now earlier than 2", "clock"),
        ("ThrottlingException", "Rate exceeded", "wait a minute"),
        ("SlowDown", "reduce", "wait a minute"),
        ("NoSuchBucket", "gone", "SHARDR_BUCKET"),
        ("PermanentRedirect", "elsewhere", "another region"),
        ("ResourceLimitExceeded", "ml.m5.large", "quota"),
        (
            "AccessDeniedException",
            "User: arn:aws:iam::1:user/me is not authorized to perform: sagemaker:CreateProcessingJob on resource: x",
            "arn:aws:iam::1:user/me needs the permission sagemaker:CreateProcessingJob",
        ),
    ],
)
def test_what_aws_refuses_says_what_to_do(code: str, message: str, fix: str) -> None:
    error = refused(code, message)
    assert error.why == f"{code}: {message}"
    assert fix in str(error.fix)


def test_this_machine_takes_no_bucket_and_no_session(tmp_path: Path) -> None:
    with pytest.raises(shardr.RunnerError, match="bucket is nothing to this machine"):
        shardr.plan(SPEC, base=tmp_path, bucket="mine")
    with pytest.raises(shardr.RunnerError, match='there is no engine "moon"'):
        shardr.plan(SPEC, base=tmp_path, engine="moon")  # type: ignore[arg-type]


def test_a_session_of_the_sagemaker_sdk_brings_its_bucket(aws: None) -> None:
    class Session:  # as version 2 and 3 have it
        boto_session: Any = boto3.Session(region_name="eu-north-1")
        _default_bucket_name_override = "ours"

    place = Place(Aws(Session()), session=Session())
    assert (place.region, place.bucket, place.own_bucket) == ("eu-north-1", "ours", False)
