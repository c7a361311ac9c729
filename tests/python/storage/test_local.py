"""S3 on this machine: prefixes, manifests, links, and nothing half-written in sight."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from shardr.errors import DataError
from shardr.storage.local import LocalStorage, linked_uri, list_files
from shardr.storage.uris import split_uri

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "s3")


def test_a_prefix_is_a_string_and_a_folder_that_it_spells_out_is_not_part_of_names(storage: LocalStorage) -> None:
    for key in ("data/train/a.csv", "data/train-old/b.csv", "data/train-data.csv", "data/test/c.csv"):
        storage.put(f"s3://b/{key}", b"x")
    found = storage.list("s3://b/data/train")
    assert found.keys == ["train-data.csv", "train-old/b.csv", "train/a.csv"]
    assert [found.name(key) for key in found.keys] == ["train-data.csv", "train-old/b.csv", "a.csv"]
    assert storage.list("s3://b/data/train/").keys == ["a.csv"]
    assert storage.list("s3://b/data/train/a.csv").keys == ["a.csv"]
    assert storage.list("s3://b/nothing/").keys == []


def test_keys_are_sorted_bytewise(storage: LocalStorage) -> None:
    for key in ("ä", "a", "B", "a-1", "a/1", "10", "9"):
        storage.put(f"s3://b/{key}/x", b"")
    assert storage.list("s3://b/").keys == sorted(storage.list("s3://b/").keys, key=str.encode)


def test_keys_that_are_named_and_those_of_a_manifest_join_a_prefix_as_text(storage: LocalStorage) -> None:
    for key in ("d/part-1", "d/part-2", "d/part-/1"):
        storage.put(f"s3://b/{key}", b"x")
    storage.put("s3://b/list", json.dumps([{"prefix": "s3://b/d/part-"}, "2", "1"]).encode())
    assert storage.named("s3://b/d/part-", ["2", "1"]) == storage.manifest("s3://b/list")
    assert storage.named("s3://b/d/part-", ["2", "1"]).sizes() == [("part-1", 1), ("part-2", 1)]


def test_dot_names_do_not_exist(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text("")
    (tmp_path / ".hidden").write_text("")
    (tmp_path / "seen").write_text("")
    assert list_files(tmp_path) == ["seen"]


def test_a_linked_folder_is_listed_without_a_copy_and_a_loop_of_links_ends(
    storage: LocalStorage, tmp_path: Path
) -> None:
    data = tmp_path / "my data"
    (data / "deep").mkdir(parents=True)
    (data / "deep/a.csv").write_text("x")
    (data / "deep/loop").symlink_to(data)
    uri = linked_uri(data)
    storage.link(uri, data)
    storage.link(uri, data)
    assert "deep/a.csv" in storage.list(uri).keys
    assert (storage.list(uri).base / "deep/a.csv").samefile(data / "deep/a.csv")


def test_a_manifest_lists_its_keys_below_its_prefix(storage: LocalStorage) -> None:
    storage.put("s3://b/m.json", json.dumps([{"prefix": "s3://b/data/par"}, "t-2.csv", "t-1.csv"]).encode())
    found = storage.manifest("s3://b/m.json")
    assert (found.base, found.keys) == (storage.root / "b/data", ["part-1.csv", "part-2.csv"])


@pytest.mark.parametrize(
    "text",
    ["not json", "[]", "{}", '[{"prefix": "x"}]', '[{"prefix": "s3://b/"}, "../x"]', '[{"prefix": "s3://b/"}, 3]'],
)
def test_what_is_no_manifest_is_refused(storage: LocalStorage, text: str) -> None:
    storage.put("s3://b/m.json", text.encode())
    with pytest.raises(DataError):
        storage.manifest("s3://b/m.json")


@pytest.mark.parametrize("uri", ["b/k", "s3://", "s3:///k", "s3://b/../k", "s3://../k", "file:///k"])
def test_a_uri_that_would_leave_its_bucket_is_refused(uri: str) -> None:
    with pytest.raises(DataError):
        split_uri(uri)
