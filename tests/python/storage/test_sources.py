"""Where data comes from: this machine's store, else the S3 of the AWS settings; one of the two for each prefix."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from shardr.errors import AwsError, DataError
from shardr.storage.elsewhere import NO_SETTINGS, OURSELVES, Elsewhere
from shardr.storage.local import Listing, LocalStorage
from shardr.storage.objects import Remote
from shardr.storage.sources import Sources

if TYPE_CHECKING:
    from pathlib import Path

    from shardr.local.objects import Objects


@pytest.fixture
def here(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "store")


@pytest.fixture
def there(objects: Objects, served_folder: Path, monkeypatch: pytest.MonkeyPatch) -> LocalStorage:
    """What lies at the S3 of the settings, through its folder."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", objects.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return LocalStorage(served_folder)


def test_a_prefix_is_taken_from_the_store_if_that_has_it_else_from_s3(here: LocalStorage, there: LocalStorage) -> None:
    for key in ("in/a", "in/b", "out/old", "empty/old"):
        there.put(f"s3://both/{key}", b"far")
    here.put("s3://both/out/new", b"near")
    here.path("s3://both/empty").mkdir()
    sources = Sources(here, Elsewhere())
    far = sources.list("s3://both/in/")
    assert isinstance(far, Remote)
    assert far.sizes() == [("a", 3), ("b", 3)]
    assert sources.list("s3://both/out/").keys == ["new"]
    assert sources.list("s3://both/empty/").keys == []
    assert sources.list("s3://both/in").name("in/a") == "a"


def test_what_is_nowhere_is_no_error_of_a_listing(here: LocalStorage, there: LocalStorage) -> None:
    there.put("s3://bucket/a", b"a")
    assert Sources(here, Elsewhere()).list("s3://bucket/none/").keys == []
    nowhere = Sources(here, Elsewhere()).list("s3://no-such-bucket/")
    assert (nowhere.keys, nowhere.lacking) == ([], "the S3 of the AWS settings has no bucket no-such-bucket")


def test_buckets_of_this_machine_are_never_looked_for_elsewhere(here: LocalStorage, there: LocalStorage) -> None:
    for bucket in ("shardr-local", "sagemaker-us-east-1-000000000000"):
        there.put(f"s3://{bucket}/data/a", b"a")
        sources = Sources(here, Elsewhere(), lambda bucket: bucket.endswith("000000000000"))
        assert isinstance(sources.list(f"s3://{bucket}/data/"), Listing)
        assert not sources.asks(f"s3://{bucket}/data/a")


@pytest.mark.parametrize("near", [True, False])
def test_a_manifest_of_either_place_names_objects_of_the_other(
    here: LocalStorage, there: LocalStorage, *, near: bool
) -> None:
    there.put("s3://far/part-1", b"1")
    there.put("s3://far/part-2", b"22")
    (here if near else there).put("s3://lists/list", json.dumps([{"prefix": "s3://far/part-"}, "2", "1"]).encode())
    found = Sources(here, Elsewhere()).manifest("s3://lists/list")
    assert found.sizes() == [("part-1", 1), ("part-2", 2)]
    (here if near else there).put("s3://lists/list", json.dumps([{"prefix": "s3://far/part-"}, "2", "3"]).encode())
    assert Sources(here, Elsewhere()).manifest("s3://lists/list").unreadable() == ("s3://far/part-3", False)
    with pytest.raises(DataError, match="s3://lists/none: is not a readable manifest"):
        Sources(here, Elsewhere()).manifest("s3://lists/none")


def test_without_settings_nothing_is_asked_and_what_is_lacking_is_told(here: LocalStorage) -> None:
    found = Sources(here, Elsewhere()).list("s3://far/data/")
    assert (found.keys, found.lacking) == ([], NO_SETTINGS)
    with pytest.raises(DataError) as error:
        Sources(here, Elsewhere()).manifest("s3://far/list")
    assert error.value.fix == NO_SETTINGS


def test_an_endpoint_needs_no_credentials_for_what_is_public(
    here: LocalStorage, there: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    there.put("s3://far/a", b"a")
    with pytest.raises(AwsError, match="s3://far/ is not on this machine, and S3 does not list it"):
        Sources(here, Elsewhere()).list("s3://far/")  # ours is not public: it was asked, unsigned


def test_where_the_settings_name_this_machines_own_server_nobody_is_asked(
    here: LocalStorage, there: LocalStorage
) -> None:
    there.put("s3://far/a", b"a")
    found = Sources(here, Elsewhere(lambda: "AKIATEST")).list("s3://far/")
    assert (found.keys, found.lacking) == ([], OURSELVES)


def test_settings_that_cannot_be_read_are_told_and_stand_in_no_way(
    here: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    found = Sources(here, Elsewhere()).list("s3://far/")
    assert found.keys == []
    assert "the AWS settings cannot be read: The config profile (no-such-profile)" in (found.lacking or "")
