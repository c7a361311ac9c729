"""Objects over S3, served from a folder: sent once, never half, and fetched byte for byte."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from s3_door import PART, client_of

from shardr.errors import DataError
from shardr.storage.s3 import S3Storage

if TYPE_CHECKING:
    from pathlib import Path

    from shardr.local.objects import Objects


def test_what_is_there_is_not_sent_again_and_what_changed_is(client: Any, bucket: str, tmp_path: Path) -> None:
    storage, told = S3Storage(client), list[int]()
    files = [(tmp_path / name, f"{bucket}/data/{name}") for name in ("a.csv", "b.csv")]
    for path, _ in files:
        path.write_text("x\n1\n")
    assert storage.upload(files) == 2
    assert storage.upload(files, told.append) == 0
    assert told == [4, 4]
    files[1][0].write_text("x\n2\n")  # of the same size
    assert storage.upload(files) == 1
    assert storage.get(files[1][1]) == b"x\n2\n"
    assert storage.put(f"{bucket}/data/c", b"x")
    assert not storage.put(f"{bucket}/data/c", b"x")
    assert storage.put(f"{bucket}/data/c", b"y")


def test_a_large_file_goes_and_comes_in_parts_and_is_the_same(client: Any, bucket: str, tmp_path: Path) -> None:
    content = os.urandom(2 * PART + 12345)
    (tmp_path / "large").write_bytes(content)
    asked: list[str] = []
    client.meta.events.register(
        "before-call.s3", lambda model, params, **_: asked.append(model.name + params["headers"].get("Range", ""))
    )
    storage = S3Storage(client)
    assert storage.upload([(tmp_path / "large", f"{bucket}/large")]) == 1
    assert asked.count("UploadPart") == 3
    assert storage.upload([(tmp_path / "large", f"{bucket}/large")]) == 0
    [found] = storage.found(f"{bucket}/")
    assert found.size == len(content)
    told: list[int] = []
    storage.fetch([(found, tmp_path / "new/folder/large")], told.append)
    assert (tmp_path / "new/folder/large").read_bytes() == content
    assert sum(told) == len(content)
    ranges = {word for word in asked if word.startswith("GetObject")}
    ends = [(0, PART - 1), (PART, 2 * PART - 1), (2 * PART, len(content) - 1)]
    assert ranges == {f"GetObjectbytes={first}-{last}" for first, last in ends}


def test_an_object_that_was_put_at_once_comes_in_parts(client: Any, bucket: str, tmp_path: Path) -> None:
    content = os.urandom(2 * PART + 12345)
    S3Storage(client).put(f"{bucket}/large", content)
    [found] = S3Storage(client).found(f"{bucket}/")
    S3Storage(client).fetch([(found, tmp_path / "large")])
    assert (tmp_path / "large").read_bytes() == content


def test_small_objects_come_the_quick_way_and_what_does_not_come_so_comes_by_boto3(
    objects: Objects, bucket: str, tmp_path: Path
) -> None:
    client, asked = client_of(objects.url), list[str]()
    session = boto3.Session("AKIATEST", "secret")
    client.meta.events.register("before-call.s3.GetObject", lambda params, **_: asked.append(params["url"]))
    contents = {f"folder/ä ?&{i}": os.urandom(i * 1000) for i in range(20)}
    for key, content in contents.items():
        client.put_object(Bucket=bucket.removeprefix("s3://"), Key=key, Body=content)
    storage = S3Storage(client, session=session)
    found = list(storage.found(f"{bucket}/"))
    told: list[int] = []
    storage.fetch([(item, tmp_path / "quick" / item.uri.removeprefix(f"{bucket}/")) for item in found], told.append)
    assert sum(told) == sum(map(len, contents.values()))
    assert asked == []
    S3Storage(client, session=boto3.Session("AKIATEST", "wrong")).fetch([(found[9], tmp_path / "refused")])
    S3Storage(client, session=session).fetch([(replace(found[9], etag=""), tmp_path / "untold")])
    assert len(asked) == 2
    assert {path: (tmp_path / "quick" / path).read_bytes() for path in contents} == contents
    for name in ("refused", "untold"):
        assert (tmp_path / name).read_bytes() == contents[found[9].uri.removeprefix(f"{bucket}/")]
    with pytest.raises(DataError, match="changed"):
        S3Storage(client, session=session).fetch([(replace(found[9], etag="0" * 32), tmp_path / "other")])


@pytest.mark.parametrize("size", [100, 2 * PART])
@pytest.mark.parametrize("more", [0, 1])
def test_an_object_that_changed_since_it_was_found_is_not_fetched(
    client: Any, bucket: str, tmp_path: Path, size: int, more: int
) -> None:
    storage = S3Storage(client)
    storage.put(f"{bucket}/data", os.urandom(size))
    [found] = storage.found(f"{bucket}/")
    storage.put(f"{bucket}/data", os.urandom(size + more))
    with pytest.raises(DataError, match="changed while it was fetched"):
        storage.fetch([(found, tmp_path / "to" / "data")])
    assert not (tmp_path / "to").exists()


def test_an_empty_object_is_fetched(client: Any, bucket: str, tmp_path: Path) -> None:
    storage = S3Storage(client)
    storage.put(f"{bucket}/empty", b"")
    [found] = storage.found(f"{bucket}/")
    storage.fetch([(found, tmp_path / "empty")])
    assert (tmp_path / "empty").read_bytes() == b""


def test_a_prefix_is_a_string_and_keys_come_bytewise(client: Any, bucket: str) -> None:
    storage = S3Storage(client)
    for key in ("data/train/a.csv", "data/train-old/b.csv", "data/test/c.csv", "data/train/B.csv"):
        storage.put(f"{bucket}/{key}", b"xy")
    found = storage.list(f"{bucket}/data/train")
    assert found.base == f"{bucket}/data/"
    assert found.sizes() == [("train-old/b.csv", 2), ("train/B.csv", 2), ("train/a.csv", 2)]
    assert storage.list(f"{bucket}/data/train/").keys == ["B.csv", "a.csv"]
    assert storage.list(f"{bucket}/nothing/").keys == []


def test_a_manifest_names_what_is_there_and_what_is_not(client: Any, bucket: str) -> None:
    storage = S3Storage(client)
    storage.put(f"{bucket}/d/a", b"1")
    storage.put(f"{bucket}/d/b", b"22")
    storage.put(f"{bucket}/whole", json.dumps([{"prefix": f"{bucket}/d/"}, "b", "a"]).encode())
    storage.put(f"{bucket}/lacking", json.dumps([{"prefix": f"{bucket}/d/"}, "b", "z"]).encode())
    storage.put(f"{bucket}/none", b"{}")
    assert storage.manifest(f"{bucket}/whole").sizes() == [("a", 1), ("b", 2)]
    assert storage.manifest(f"{bucket}/whole").unreadable() is None
    assert storage.manifest(f"{bucket}/lacking").unreadable() == (f"{bucket}/d/z", False)
    with pytest.raises(DataError, match="is not a readable manifest"):
        storage.manifest(f"{bucket}/none")
