"""Objects read anywhere: the right bytes to every reader, little fetched after a leap, much where one reads on."""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from s3_door import Cutting, client_of
from worlds import until

from shardr.errors import AwsError, DataError
from shardr.storage.s3 import S3Storage
from shardr.storage.seeking import LEAST_BYTES, NEAR_BYTES, Seekable, Seeking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shardr.local.objects import Objects

    Opening = Callable[..., Seekable]

PAGE = 1 << 17
"""What a system reads at once."""
MEGABYTE = 1 << 20


@pytest.fixture
def come() -> list[int]:
    """How many bytes have come, each time."""
    return []


@pytest.fixture
def opened(client: Any, bucket: str, come: list[int]) -> Iterator[Opening]:
    """Opens an object of this content; what is opened by one client shares a bound."""
    made: dict[str, Seeking] = {}

    def start(content: bytes, by: Any = client, most: int = 64 * MEGABYTE, name: str = "object") -> Seekable:
        uri = f"{bucket}/{name}"
        S3Storage(client).put(uri, content)
        if by.meta.endpoint_url not in made:
            made[by.meta.endpoint_url] = Seeking(S3Storage(by).ranges(), most, come.append)
        found = S3Storage(client).look(uri)
        assert found is not None
        return made[by.meta.endpoint_url].open(found)

    yield start
    for seeking in made.values():
        seeking.close()


@pytest.mark.parametrize("size", [0, 1, LEAST_BYTES, NEAR_BYTES, NEAR_BYTES + 1, 3 * MEGABYTE + 7])
def test_a_read_from_any_place_has_the_bytes_that_are_there(opened: Opening, size: int) -> None:
    content = os.urandom(size)
    found = opened(content)
    places = random.Random(size)
    for _ in range(60):
        start, wanted = places.randint(0, size + 10), places.randint(0, 2 * PAGE)
        assert found.read(wanted, start) == content[start : start + wanted]


def test_reading_on_asks_for_more_ahead_each_time_and_for_nothing_twice(opened: Opening, come: list[int]) -> None:
    content = os.urandom(40 * MEGABYTE)
    found = opened(content)
    got = b"".join(found.read(PAGE, start) for start in range(0, len(content), PAGE))
    assert got == content
    assert sum(come) == len(content)
    assert sorted(come)[0] == LEAST_BYTES
    assert max(come) == 8 * MEGABYTE
    assert len(come) < 20


def test_pages_may_be_asked_for_in_any_order_near_their_turn(opened: Opening, come: list[int]) -> None:
    content = os.urandom(8 * MEGABYTE)
    found = opened(content)
    starts = list(range(0, len(content), PAGE))
    for i in range(0, len(starts), 4):  # as a system does that asks ahead
        starts[i : i + 4] = reversed(starts[i : i + 4])
    with ThreadPoolExecutor(4) as pool:
        got = dict(zip(starts, pool.map(lambda start: found.read(PAGE, start), starts), strict=True))
    assert b"".join(got[start] for start in sorted(got)) == content
    assert sum(come) < 1.2 * len(content)


def test_a_leap_fetches_little(opened: Opening, come: list[int]) -> None:
    content = os.urandom(64 * MEGABYTE)
    found = opened(content)
    for start in (60, 40, 20, 50, 30, 10):
        assert found.read(100, start * MEGABYTE) == content[start * MEGABYTE :][:100]
    assert come == [LEAST_BYTES] * 6


def test_a_few_places_are_read_in_turns_as_columns_are_and_nothing_comes_twice(
    opened: Opening, come: list[int]
) -> None:
    content = os.urandom(64 * MEGABYTE)
    found = opened(content, most=16 * MEGABYTE)
    quarter = len(content) // 4
    parts = [b""] * 4
    for start in range(0, quarter, PAGE):
        for i in range(4):
            parts[i] += found.read(PAGE, i * quarter + start)
    assert b"".join(parts) == content
    assert sum(come) < 1.5 * len(content)  # each also asks ahead into the quarter of the next


def test_many_threads_read_one_object_and_each_gets_its_own_bytes(opened: Opening) -> None:
    content = os.urandom(16 * MEGABYTE)
    found = opened(content, most=4 * MEGABYTE)

    def reads(seed: int) -> bool:
        places = random.Random(seed)
        starts = [places.randint(0, len(content)) for _ in range(40)]
        return all(found.read(PAGE, start) == content[start : start + PAGE] for start in starts)

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(reads, range(12)))


def test_what_is_held_ahead_is_bounded_for_all_together_and_let_go_of(
    opened: Opening, come: list[int], client: Any
) -> None:
    contents = {f"{i}": os.urandom(4 * MEGABYTE) for i in range(4)}
    readers = {name: opened(content, most=2 * MEGABYTE, name=name) for name, content in contents.items()}
    for start in range(0, 2 * MEGABYTE, PAGE):
        for name, found in readers.items():
            assert found.read(PAGE, start) == contents[name][start : start + PAGE]
    assert sum(come) <= 4 * (2 * MEGABYTE + NEAR_BYTES) + 2 * MEGABYTE
    for found in readers.values():
        found.close()
    last = opened(contents["0"], name="last")
    before = len(come)
    for start in range(0, MEGABYTE, PAGE):
        assert last.read(PAGE, start) == contents["0"][start : start + PAGE]
    until(lambda: sum(come[before:]) == 2 * MEGABYTE)  # what is held by nobody is not counted


def test_an_object_that_is_replaced_is_an_error_and_no_mix(opened: Opening, client: Any) -> None:
    found = opened(b"a" * (3 * MEGABYTE))
    assert found.read(PAGE, 0) == b"a" * PAGE
    S3Storage(client).put(found.found.uri, b"b" * (3 * MEGABYTE))
    with pytest.raises(DataError, match=f"{found.found.uri} changed while it was"):
        found.read(PAGE, 2 * MEGABYTE)


def test_an_object_that_vanishes_is_told_by_its_name_and_read_when_it_is_there_again(
    opened: Opening, client: Any, bucket: str
) -> None:
    found = opened(b"whole")
    client.delete_object(Bucket=bucket.removeprefix("s3://"), Key="object")
    with pytest.raises(AwsError, match=f"{bucket}/object cannot be read") as error:
        found.read(PAGE, 0)
    assert "NoSuchKey" in (error.value.why or "")
    S3Storage(client).put(found.found.uri, b"whole")
    assert found.read(PAGE, 0) == b"whole"


def test_a_connection_that_is_lost_is_made_anew_for_what_is_missing(objects: Objects, opened: Opening) -> None:
    content = os.urandom(3 * MEGABYTE)
    with Cutting(objects.url, down=MEGABYTE // 2, cuts=2) as door:
        found = opened(content, by=client_of(door.url))
        assert b"".join(found.read(PAGE, start) for start in range(0, len(content), PAGE)) == content
        assert door.done == 2


def test_a_server_that_stalls_is_given_up_by_the_objects_name(objects: Objects, opened: Opening) -> None:
    with Cutting(objects.url, down=1 << 15, cuts=99, stalls=True) as door:
        found = opened(os.urandom(2 * MEGABYTE), by=client_of(door.url, read_seconds=0.2))
        with pytest.raises(AwsError, match=f"{found.found.uri} cannot be read") as error:
            found.read(PAGE, 0)
    assert "Read timeout" in (error.value.why or "")


def test_who_opens_an_object_again_finds_what_is_still_held_of_it(opened: Opening, come: list[int]) -> None:
    content = os.urandom(3 * MEGABYTE)
    head = opened(content)
    head.read(PAGE, 0)
    head.close()
    whole = opened(content)
    assert b"".join(whole.read(PAGE, start) for start in range(0, len(content), PAGE)) == content
    assert sum(come) == len(content)


def test_an_object_is_begun_as_the_one_before_was_read(opened: Opening, come: list[int]) -> None:
    content = os.urandom(6 * MEGABYTE)
    for name, most in (("first", 20), ("second", 6)):
        before = len(come)
        found = opened(content, name=name)
        assert b"".join(found.read(PAGE, start) for start in range(0, len(content), PAGE)) == content
        found.close()
        assert len(come) - before <= most
    before = len(come)
    for name in ("third", "fourth"):
        found = opened(content, name=name)
        found.read(PAGE, 0)
        found.close()
    until(lambda: sum(come[before:]) <= len(content) + LEAST_BYTES)  # whoever reads heads only gets little more


def test_parts_that_many_threads_read_side_by_side_come_little_more_than_once(opened: Opening, come: list[int]) -> None:
    content = os.urandom(64 * MEGABYTE)
    found = opened(content)
    part = len(content) // 16

    def reads(i: int) -> bytes:
        return b"".join(found.read(PAGE, start) for start in range(i * part, (i + 1) * part, PAGE))

    with ThreadPoolExecutor(8) as pool:
        assert b"".join(pool.map(reads, range(16))) == content
    assert sum(come) < 1.3 * len(content)


def test_a_server_that_takes_no_connection_is_asked_again_for_a_while(objects: Objects, opened: Opening) -> None:
    client = client_of(objects.url)
    asked = []

    def closed_at_first(params: dict[str, Any], **_: Any) -> None:
        asked.append(params["url"])
        if len(asked) <= 3:
            params["url"] = params["url"].replace(objects.url, "http://127.0.0.1:1")

    client.meta.events.register("before-call.s3.GetObject", closed_at_first)
    found = opened(b"content", by=client)
    assert found.read(PAGE, 0) == b"content"
    assert len(asked) == 4
