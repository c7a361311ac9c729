"""Images are pushed to a real registry and come back by their digest; a refusal says what to do."""

from __future__ import annotations

import base64
import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from registry import PASSWORD, USER, registry

import shardr
from shardr.errors import RunnerError
from shardr.local.docker.daemon import connect, in_our_words
from shardr.local.docker.images import found
from shardr.local.docker.names import Name
from shardr.local.docker.push import Layer, Login, _refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def image(docker_host: str) -> Iterator[str]:
    """A small image of its own, so that a push takes no time and nothing of others is untagged."""
    client = connect()
    client.import_image_from_data(bytes(10240), repository="shardr-tests/small", tag="1.0")
    yield "shardr-tests/small:1.0"
    for name in [tag for one in client.images() for tag in one["RepoTags"] or []]:
        if re.match(r"(shardr-tests|127\.0\.0\.1:\d+|127\.0\.0\.1:\d+/team)/small:", name):
            with suppress(RunnerError), in_our_words("it is gone"):
                client.remove_image(name, force=True)


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an empty ``config.json``."""
    folder = tmp_path / "docker config"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    for name in ("SHARDR_REGISTRY_USER", "SHARDR_REGISTRY_PASSWORD", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    return folder


def tags(address: str) -> list[str]:
    return [tag for one in connect().images() for tag in one["RepoTags"] or [] if tag.startswith(address)]


def test_what_was_pushed_comes_back_by_its_digest(image: str, tmp_path: Path) -> None:
    layers: list[Layer] = []
    with registry(tmp_path / "registry") as address:
        pushed = shardr.push_image(image, f"{address}/team/small", progress=layers.append)
        assert pushed.uri == f"{address}/team/small@{pushed.digest}"
        assert (pushed.repository, pushed.tag) == (f"{address}/team/small", "1.0")
        assert layers[-1].status == "Pushed"
        client = connect()
        before = found(client, image)
        client.remove_image(f"{address}/team/small:1.0", force=True)
        assert found(client, pushed.uri) is None
        client.pull(f"{address}/team/small", tag=pushed.digest)
        after = found(client, pushed.uri)
        assert before is not None
        assert after is not None
        assert after.id == before.id
        client.remove_image(pushed.uri, force=True)
        again = shardr.push_image(image, f"{address}/team/small", tag="2", progress=layers.append)
        assert (again.digest, layers[-1].status) == (pushed.digest, "Layer already exists")


def test_a_login_from_the_environment_is_used_and_kept_nowhere(
    image: str, tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHARDR_REGISTRY_USER", USER)
    monkeypatch.setenv("SHARDR_REGISTRY_PASSWORD", PASSWORD)
    with registry(tmp_path / "registry", guarded=True) as address:
        assert shardr.push_image(image, f"{address}/small").digest.startswith("sha256:")
    assert (config / "config.json").read_text() == "{}"
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()]
    assert kept == []


def test_what_docker_login_keeps_is_used_also_when_it_is_newer_than_the_connection(
    image: str, tmp_path: Path, config: Path
) -> None:
    with registry(tmp_path / "registry", guarded=True) as address:
        with pytest.raises(shardr.ImageError, match="it asks who you are") as error:
            shardr.push_image(image, f"{address}/small")
        assert f"docker login {address}" in str(error.value.fix)
        assert tags(address) == []  # the name for the push is taken back
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        (config / "config.json").write_text(json.dumps({"auths": {address: {"auth": login}}}))
        assert shardr.push_image(image, f"{address}/small").tag == "1.0"


def test_a_credential_helper_that_is_not_there_is_told(image: str, config: Path) -> None:
    (config / "config.json").write_text(json.dumps({"credHelpers": {"127.0.0.1:1": "no-such-helper"}}))
    with pytest.raises(shardr.ImageError) as error:
        shardr.push_image(image, "127.0.0.1:1/small")
    assert "credential helper of your config.json" in error.value.what
    assert "docker-credential-no-such-helper" in str(error.value.why)


def test_a_wrong_password_is_told_without_it(image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARDR_REGISTRY_USER", USER)
    monkeypatch.setenv("SHARDR_REGISTRY_PASSWORD", "not the secret")
    with (
        registry(tmp_path / "registry", guarded=True) as address,
        pytest.raises(shardr.ImageError, match="does not know the user ann with this password") as error,
    ):
        shardr.push_image(image, f"{address}/small")
    assert "not the secret" not in str(error.value)
    assert "not the secret" not in repr(Login(USER, "not the secret"))


def test_a_registry_that_does_not_answer_is_told(image: str) -> None:
    with pytest.raises(shardr.ImageError, match="cannot be reached from the Docker daemon"):
        shardr.push_image(image, "127.0.0.1:1/small")
    assert tags("127.0.0.1:1/") == []


def test_a_tag_that_was_there_before_a_push_that_fails_is_there_after_it(image: str) -> None:
    client = connect()
    client.tag("debian:bookworm-slim", "127.0.0.1:1/small", "1.0")
    before = found(client, "127.0.0.1:1/small:1.0")
    with pytest.raises(shardr.ImageError):
        shardr.push_image(image, "127.0.0.1:1/small")
    assert found(client, "127.0.0.1:1/small:1.0") == before


def test_an_image_that_is_not_here_says_how_to_get_it(docker_host: str) -> None:
    with pytest.raises(shardr.ImageError, match="no/such:1 is not on this machine") as error:
        shardr.push_image("no/such:1", "127.0.0.1:1/small")
    assert "docker pull no/such:1" in str(error.value.fix)


def test_all_that_is_wrong_with_the_words_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARDR_REGISTRY_USER", "ann")
    with pytest.raises(shardr.ImageError, match="was not pushed") as error:
        shardr.push_image("processing", "https://x.org/Y", tag="a b", ecr="Europe")
    assert [problem.path for problem in error.value.problems] == ["repository", "tag", "ecr", "SHARDR_REGISTRY_USER"]
    with pytest.raises(shardr.ImageError, match="was not pushed") as error:
        shardr.push_image("processing")
    assert [problem.path for problem in error.value.problems] == ["repository", "SHARDR_REGISTRY_USER"]


@pytest.mark.parametrize(
    ("told", "meaning"),
    [
        ("denied: requested access to the resource is denied", "does not let you push there"),
        ('Get "https://r/v2/": http: server gave HTTP response to HTTPS client', "speaks no HTTPS"),
        ("x509: certificate signed by unknown authority", "its certificate is not trusted"),
        ("The image tag '1' already exists and cannot be overwritten because the repository is immutable.", "this tag"),
        ("name unknown: The repository with name 'x' does not exist in the registry", "has no such repository"),
        ("proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused", "cannot be reached"),
        ("something new", "r takes no small\n  why: something new"),
    ],
)
def test_refusals_are_told_by_what_they_mean(told: str, meaning: str) -> None:
    assert meaning in str(_refused(Name("r", "small", ""), told, None))


def test_a_password_in_the_registrys_own_words_is_blotted_out() -> None:
    text = str(_refused(Name("r", "small", ""), "unauthorized: bad s3cret", Login("ann", "s3cret")))
    assert "s3cret" not in text
    assert re.search(r"bad \*\*\*", text)
