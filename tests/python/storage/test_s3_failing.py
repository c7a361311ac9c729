"""An S3 that slows down, fails and hangs up: tried again where that helps, else told, and nothing half is left."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from s3_world import failing_s3

from shardr.engines.aws import Aws
from shardr.errors import AwsError, DataError
from shardr.storage.objects import Found
from shardr.storage.refused import in_our_words
from shardr.storage.s3 import S3Storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from s3_world import World


@pytest.fixture(autouse=True)
def signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with failing_s3() as world:
        monkeypatch.setenv("AWS_ENDPOINT_URL", world.url)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "4")
        monkeypatch.setenv("AWS_RETRY_MODE", "standard")
        yield world


def files_of(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_slow_downs_server_errors_and_lost_connections_are_tried_again(failing: World, tmp_path: Path) -> None:
    storage = S3Storage(Aws().client("s3"))
    failing.faults = {"PUT": ["503 SlowDown", "500 InternalError", "hang up"], "HEAD": ["503 SlowDown"]}
    (tmp_path / "a").write_bytes(b"0123456789" * 1000)
    assert storage.upload([(tmp_path / "a", "s3://data/a")]) == 1
    assert failing.objects["/data/a"][0] == b"0123456789" * 1000
    assert failing.seen.count("PUT") == 4


def test_a_download_that_is_cut_goes_on_where_it_was(failing: World, tmp_path: Path) -> None:
    storage, content = S3Storage(Aws().client("s3")), os.urandom(3_000_000)
    failing.objects["/data/a"] = (content, {})
    failing.faults = {"GET": ["cut", "cut", "503 SlowDown"]}
    storage.fetch([(Found("s3://data/a", len(content), "e"), tmp_path / "a")])
    assert (tmp_path / "a").read_bytes() == content


def test_a_server_that_answers_a_range_with_all_of_it_is_not_believed(failing: World, tmp_path: Path) -> None:
    content = os.urandom(20 << 20)
    failing.objects["/data/a"] = (content, {})
    failing.ranges = False
    with pytest.raises(DataError, match="of the bytes 0 to"):
        S3Storage(Aws().client("s3")).fetch([(Found("s3://data/a", len(content), "e"), tmp_path / "to" / "a")])
    assert files_of(tmp_path) == []


def test_what_fails_for_good_leaves_nothing_and_says_what_to_do(failing: World, tmp_path: Path) -> None:
    storage, content = S3Storage(Aws().client("s3")), os.urandom(1_000_000)
    failing.objects["/data/a"] = (content, {})
    failing.faults = {"GET": ["cut"] * 20, "PUT": ["hang up"] * 20}
    with pytest.raises(AwsError) as lost, in_our_words("no way"):
        storage.fetch([(Found("s3://data/a", len(content), "e"), tmp_path / "to" / "a")])
    assert "network" in str(lost.value.fix)
    assert files_of(tmp_path) == []
    (tmp_path / "b").write_bytes(content)
    with pytest.raises(AwsError), in_our_words("no way"):
        storage.upload([(tmp_path / "b", "s3://data/b")])
    assert "/data/b" not in failing.objects
