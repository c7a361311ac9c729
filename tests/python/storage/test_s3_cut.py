"""Connections to S3 that are cut, and parts that it refuses: nothing half is taken for whole or stays behind."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from s3_door import PART, Cutting, client_of
from worlds import until

from shardr.storage.s3 import S3Storage

if TYPE_CHECKING:
    from pathlib import Path

    from shardr.local.objects import Objects


def left_behind(client: Any, folder: Path, bucket: str) -> list[str]:
    """What an upload left: objects, parts that wait for others, and files of the server's."""
    name = bucket.removeprefix("s3://")
    waiting = []
    with suppress(client.exceptions.NoSuchUpload):  # rclone's word for none at all
        waiting = client.list_multipart_uploads(Bucket=name).get("Uploads", [])
    files = [os.fspath(path) for path in (folder / name).rglob("*") if path.is_file()]
    return [item.uri for item in S3Storage(client).found(f"{bucket}/")] + [item["Key"] for item in waiting] + files


@pytest.mark.parametrize("size", [PART // 2, 3 * PART])
def test_an_upload_that_is_cut_leaves_nothing_and_can_be_done_again(
    objects: Objects, served_folder: Path, client: Any, bucket: str, tmp_path: Path, size: int
) -> None:
    (tmp_path / "large").write_bytes(os.urandom(size))
    wanted = [(tmp_path / "large", f"{bucket}/large")]
    with Cutting(objects.url, up=1 << 20, cuts=99) as door:
        with pytest.raises(BotoCoreError):
            S3Storage(client_of(door.url)).upload(wanted)
        assert door.done
    until(lambda: not left_behind(client, served_folder, bucket))  # the server hears a little later
    assert S3Storage(client).upload(wanted) == 1
    assert (served_folder / bucket.removeprefix("s3://") / "large").read_bytes() == (tmp_path / "large").read_bytes()


def test_content_that_is_put_through_a_connection_that_is_cut_leaves_what_was_there(
    objects: Objects, client: Any, bucket: str
) -> None:
    S3Storage(client).put(f"{bucket}/data", b"before")
    with Cutting(objects.url, up=1 << 20, cuts=99) as door, pytest.raises(BotoCoreError):
        S3Storage(client_of(door.url)).put(f"{bucket}/data", os.urandom(2 * PART))
    assert S3Storage(client).get(f"{bucket}/data") == b"before"


def test_an_upload_goes_through_cuts_and_slow_downs_that_pass(
    objects: Objects, client: Any, bucket: str, tmp_path: Path
) -> None:
    content = os.urandom(3 * PART + 1)
    (tmp_path / "large").write_bytes(content)
    with (
        Cutting(objects.url, up=1 << 20, cuts=2) as cutting,
        Cutting(cutting.url, slow=b"partNumber=2", cuts=3) as door,
    ):
        assert S3Storage(client_of(door.url, tries=8)).upload([(tmp_path / "large", f"{bucket}/large")]) == 1
        assert (cutting.done, door.done) == (2, 3)
    assert S3Storage(client).get(f"{bucket}/large") == content


@pytest.mark.parametrize("word", [b"?uploads", b"partNumber=2", b"POST /b"])
def test_an_upload_that_s3_slows_down_for_good_leaves_nothing(
    objects: Objects, served_folder: Path, client: Any, bucket: str, tmp_path: Path, word: bytes
) -> None:
    (tmp_path / "large").write_bytes(os.urandom(3 * PART))
    with Cutting(objects.url, slow=word, cuts=99) as door, pytest.raises(ClientError, match="SlowDown"):
        S3Storage(client_of(door.url)).upload([(tmp_path / "large", f"{bucket}/large")])
    assert left_behind(client, served_folder, bucket) == []


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
