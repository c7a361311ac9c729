"""S3 over a folder: an ETag is the MD5 of what lies there now, and an object is read for it once."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import worlds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.local.objects import Objects

SIZE = 20 << 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / 'it\'s: {a}, "odd" = name' / "s3"
    (found / "data").mkdir(parents=True)
    return found


@pytest.fixture
def objects(folder: Path) -> Iterator[Objects]:
    with worlds.s3_over(folder) as served:
        yield served


@pytest.fixture
def client(objects: Objects) -> Any:
    return boto3.Session("AKIATEST", "secret", region_name="us-east-1").client("s3", endpoint_url=objects.url)


def etag(client: Any) -> str:
    [item] = client.list_objects_v2(Bucket="data")["Contents"]
    told = {item["ETag"].strip('"'), client.head_object(Bucket="data", Key="a")["ETag"].strip('"')}
    assert len(told) == 1
    return str(told.pop())


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def test_an_etag_is_the_md5_of_what_is_there_whoever_wrote_it(folder: Path, client: Any) -> None:
    client.put_object(Bucket="data", Key="a", Body=b"put")
    assert etag(client) == md5(b"put")
    for content in (b"tup", b"longer"):
        (folder / "data" / "a").write_bytes(content)
        time.sleep(0.05)  # what rclone saw of the folder holds for 20 ms
        assert etag(client) == md5(content)


@pytest.mark.skipif(sys.platform != "linux", reason="what a process read is told in /proc")
def test_an_object_is_read_for_its_etag_once_and_not_for_each_listing_and_range(
    folder: Path, objects: Objects, client: Any
) -> None:
    content = os.urandom(SIZE)
    (folder / "data" / "a").write_bytes(content)

    def read() -> int:
        return int(Path(f"/proc/{objects.pid}/io").read_text().partition("rchar: ")[2].split()[0])

    before = read()
    assert etag(client) == md5(content)
    once = read()
    assert once - before > SIZE
    for start in range(0, 1000, 100):
        answer = client.get_object(Bucket="data", Key="a", Range=f"bytes={start}-{start + 99}")
        assert answer["Body"].read() == content[start : start + 100]
        assert etag(client) == md5(content)
    assert read() - once < SIZE


def test_what_a_server_keeps_of_etags_goes_with_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = folder.parent / "memory"
    place.mkdir()
    monkeypatch.setattr("shardr.local.objects.MEMORY", str(place))
    (folder / "data" / "a").write_bytes(b"x")
    with worlds.s3_over(folder) as served:
        session = boto3.Session("AKIATEST", "secret", region_name="us-east-1")
        assert etag(session.client("s3", endpoint_url=served.url)) == md5(b"x")
        assert [path for path in place.rglob("*") if path.is_file()]
    assert list(place.iterdir()) == []
