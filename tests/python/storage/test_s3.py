"""Objects over S3, served from a folder: sent once, never half, and fetched byte for byte."""

from __future__ import annotations

import json
import os
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from shardr.errors import DataError
from shardr.local.objects import Keys, Objects, wait_until_there
from shardr.storage import s3
from shardr.storage.s3 import S3Storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PART = 5 << 20  # the least that S3 takes for a part


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Objects]:
    served = Objects(tmp_path_factory.mktemp("s3"), Keys("AKIATEST", "secret"))
    served.start()
    try:
        assert wait_until_there(served.url)
        yield served
    finally:
        served.close()


def client_of(url: str) -> Any:
    session = boto3.Session("AKIATEST", "secret", region_name="us-east-1")
    once = Config(retries={"total_max_attempts": 1}, proxies={}, read_timeout=5)
    return session.client("s3", endpoint_url=url, config=once)


@pytest.fixture
def client(objects: Objects, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(s3, "PART_BYTES", PART)
    return client_of(objects.url)


@pytest.fixture
def bucket(client: Any, request: pytest.FixtureRequest) -> str:
    """A bucket of the test's own."""
    name = f"b{abs(hash(request.node.name))}"
    client.create_bucket(Bucket=name)
    return f"s3://{name}"


class Cutting:
    """A door to S3 that lets so many bytes of one connection through, then cuts it, at most ``cuts`` times."""

    def __init__(self, url: str, *, up: int | None = None, down: int | None = None, cuts: int = 1) -> None:
        self._to = int(url.rpartition(":")[2])
        self._left = {"up": up, "down": down}
        self._cuts = cuts
        self.done = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Cutting:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._socket.accept()
            except OSError:
                return
            there = socket.create_connection(("127.0.0.1", self._to))
            for way, source, target in (("up", here, there), ("down", there, here)):
                threading.Thread(target=self._pass, args=(way, source, target), daemon=True).start()

    def _pass(self, way: str, source: socket.socket, target: socket.socket) -> None:
        most, seen = self._left[way], 0
        try:
            while block := source.recv(65536):
                seen += len(block)
                if most is not None and seen > most and self.done < self._cuts:
                    self.done += 1
                    break
                target.sendall(block)
        except OSError:
            pass
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


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


@pytest.mark.parametrize("size", [PART // 2, 2 * PART])
def test_an_upload_that_is_cut_leaves_nothing_in_sight(
    objects: Objects, client: Any, bucket: str, tmp_path: Path, size: int
) -> None:
    (tmp_path / "large").write_bytes(os.urandom(size))
    wanted = [(tmp_path / "large", f"{bucket}/large")]
    with Cutting(objects.url, up=1 << 20, cuts=99) as door:
        with pytest.raises(BotoCoreError):
            S3Storage(client_of(door.url)).upload(wanted)
        assert door.done
    assert list(S3Storage(client).found(f"{bucket}/")) == []
    assert S3Storage(client).upload(wanted) == 1


def test_a_fetch_that_is_cut_goes_on_where_it_was(objects: Objects, client: Any, bucket: str, tmp_path: Path) -> None:
    content = os.urandom(PART + PART // 2)
    storage = S3Storage(client)
    storage.put(f"{bucket}/large", content)
    [found] = storage.found(f"{bucket}/")
    with Cutting(objects.url, down=2 << 20, cuts=2) as door:
        S3Storage(client_of(door.url)).fetch([(found, tmp_path / "large")])
        assert door.done == 2
    assert (tmp_path / "large").read_bytes() == content


def test_a_fetch_that_fails_leaves_no_file(objects: Objects, client: Any, bucket: str, tmp_path: Path) -> None:
    storage = S3Storage(client)
    storage.put(f"{bucket}/large", os.urandom(PART + PART // 2))
    [found] = storage.found(f"{bucket}/")
    to = tmp_path / "to"
    with Cutting(objects.url, down=1 << 18, cuts=999) as door, pytest.raises(BotoCoreError):
        S3Storage(client_of(door.url)).fetch([(found, to / "large")])
    assert list(to.iterdir()) == []


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
