"""Amazon's registry of images, with moto as AWS: repositories are made, a token is had, refusals say what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

import shardr
from shardr.engines.ecr import Registry, default_registry, registry_of
from shardr.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.fixture(autouse=True)
def signed_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


def names() -> list[str]:
    found = boto3.client("ecr", region_name="eu-west-1").describe_repositories()["repositories"]
    return [repository["repositoryName"] for repository in found]


def test_a_repository_is_made_once(aws: None) -> None:
    registry = Registry("eu-west-1")
    assert registry.repository("team/bank") == f"{HOST}/team/bank"
    assert registry.repository("team/bank") == f"{HOST}/team/bank"
    assert names() == ["team/bank"]


def test_the_token_is_a_login_that_does_not_show_itself(aws: None) -> None:
    login = Registry("eu-west-1").login()
    assert login.user == "AWS"
    assert login.password
    assert login.password not in repr(login)


def test_a_host_of_ecrs_is_recognised_and_no_other() -> None:
    assert registry_of(HOST) == Registry("eu-west-1", "123456789012")
    assert registry_of("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn") == Registry("cn-north-1", "123456789012")
    assert registry_of("registry.example.org") is None


def test_the_region_is_that_of_the_environment_or_of_the_profile(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(ImageError, match="no AWS region is set"):
        default_registry()
    (tmp_path / "config").write_text("[default]\nregion = eu-north-1\n")
    assert default_registry() == Registry("eu-north-1")
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    assert default_registry() == Registry("eu-west-3")


def test_who_is_not_signed_in_is_told_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ImageError, match="cannot be asked for the repository bank") as error:
        Registry("eu-west-1").repository("bank")
    assert "credentials" in str(error.value.why)
    assert "aws sso login" in str(error.value.fix)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ImageError, match="gives no token"):
        Registry("eu-west-1").login()


def test_an_image_goes_to_ecr_in_a_repository_made_for_it(aws: None, docker_host: str) -> None:
    # no registry of that name can be reached from here: what is tried is all before the first layer
    for words in ({"repository": f"{HOST}/one"}, {"repository": "two", "ecr": "eu-west-1"}, {"ecr": "eu-west-1"}):
        with pytest.raises(ImageError) as error:
            shardr.push_image("debian:bookworm-slim", **words)
        assert re.search(rf"^{re.escape(HOST)} takes no ", error.value.what)
    assert sorted(names()) == ["debian", "one", "two"]


def test_an_endpoint_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(ImageError, match="cannot be asked") as error:
        Registry("eu-west-1").repository("bank")
    assert "HTTPS_PROXY" in str(error.value.fix)
