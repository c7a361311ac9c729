"""Objects as one stream: whole and in order, never more held than allowed, and every failure by its object's name."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
from s3_door import Cutting, client_of
from worlds import until

from shardr.errors import AwsError, DataError
from shardr.storage import ahead
from shardr.storage.ahead import Ahead, ClosedError
from shardr.storage.s3 import S3Storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shardr.local.objects import Objects
    from shardr.storage.objects import Found

    Streaming = Callable[..., Ahead[str]]

MEGABYTE = 1 << 20


@pytest.fixture(autouse=True)
def short_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "SPAN_BYTES", MEGABYTE)


def filled(client: Any, bucket: str, *contents: bytes) -> list[Found]:
    storage = S3Storage(client)
    for i, content in enumerate(contents):
        storage.put(f"{bucket}/{i:03}", content)
    return list(storage.found(f"{bucket}/"))


@pytest.fixture
def stream() -> Iterator[Streaming]:
    """Makes streams, and closes them."""
    made: list[Ahead[str]] = []

    def start(
        client: Any, found: list[Found], wanted: Callable[[], None] = lambda: None, most: int = 4 * MEGABYTE
    ) -> Ahead[str]:
        made.append(Ahead(S3Storage(client).ranges(), [(item.uri, item) for item in found], wanted, most))
        return made[-1]

    yield start
    for coming in made:
        coming.close()


def taken(blocks: Iterator[memoryview], size: int) -> bytes:
    """The next so many bytes, which end with a block."""
    got = b""
    while len(got) < size:
        got += next(blocks)
    assert len(got) == size
    return got


def asked_of(client: Any) -> list[str]:
    """The requests for content that the client sends from now on."""
    asked: list[str] = []
    client.meta.events.register("before-call.s3.GetObject", lambda params, **_: asked.append(params["url"]))
    return asked


def test_objects_come_whole_and_in_order_be_they_empty_small_or_of_many_ranges(
    client: Any, bucket: str, stream: Streaming
) -> None:
    contents = [os.urandom(size) for size in (0, 1, 3 * MEGABYTE + 7, MEGABYTE, 0, *range(1, 60))]
    got = {uri: b"".join(map(bytes, blocks)) for uri, blocks in stream(client, filled(client, bucket, *contents))}
    assert list(got) == [f"{bucket}/{i:03}" for i in range(len(contents))]
    assert list(got.values()) == contents


def test_what_has_no_object_keeps_its_place(client: Any, bucket: str) -> None:
    [found] = filled(client, bucket, b"object")
    items = [("text", None), ("object", found), ("end", None)]
    got = [(name, b"".join(blocks)) for name, blocks in Ahead(S3Storage(client).ranges(), items)]
    assert got == [("text", b""), ("object", b"object"), ("end", b"")]
    assert [name for name, _ in Ahead(S3Storage(client).ranges(), items)] == ["text", "object", "end"]


def test_no_more_is_asked_for_than_may_be_held_until_some_of_it_is_taken(
    client: Any, bucket: str, stream: Streaming
) -> None:
    found = filled(client, bucket, os.urandom(6 * MEGABYTE), os.urandom(6 * MEGABYTE))
    asked = asked_of(client)
    coming = stream(client, found)
    coming.begin()
    until(lambda: len(asked) == 4)
    _, blocks = next(iter(coming))
    taken(blocks, MEGABYTE)
    assert len(asked) == 4
    first = len(next(blocks))  # of the second range: the first one is done with
    until(lambda: len(asked) == 5)
    assert sum(map(len, blocks)) == 5 * MEGABYTE - first
    until(lambda: len(asked) == 10)  # over the end of the object
    coming.close()


def test_an_object_that_is_replaced_in_the_midst_is_an_error_and_no_mix(
    client: Any, bucket: str, stream: Streaming
) -> None:
    [found] = filled(client, bucket, b"a" * (6 * MEGABYTE))
    [(_, blocks)] = [next(iter(stream(client, [found], most=MEGABYTE)))]
    assert taken(blocks, MEGABYTE) == b"a" * MEGABYTE
    S3Storage(client).put(found.uri, b"b" * (6 * MEGABYTE))
    with pytest.raises(DataError, match=f"{found.uri} changed while it was"):
        list(blocks)


def test_an_object_that_vanishes_is_told_by_its_name_when_its_turn_comes(
    client: Any, bucket: str, stream: Streaming
) -> None:
    found = filled(client, bucket, b"first", b"second")
    client.delete_object(Bucket=bucket.removeprefix("s3://"), Key="001")
    got = []
    with pytest.raises(AwsError, match=f"{bucket}/001 cannot be streamed") as error:
        got += [b"".join(blocks) for _, blocks in stream(client, found)]
    assert got == []
    assert "NoSuchKey" in (error.value.why or "")


def test_a_connection_that_is_lost_is_made_anew_for_what_is_missing(
    objects: Objects, client: Any, bucket: str, stream: Streaming
) -> None:
    content = os.urandom(3 * MEGABYTE)
    [found] = filled(client, bucket, content)
    with Cutting(objects.url, down=MEGABYTE // 2, cuts=2) as door:
        [got] = [b"".join(map(bytes, blocks)) for _, blocks in stream(client_of(door.url), [found])]
        assert door.done == 2
    assert got == content


def test_a_server_that_stalls_is_given_up_by_the_objects_name(
    objects: Objects, client: Any, bucket: str, stream: Streaming
) -> None:
    [found] = filled(client, bucket, os.urandom(2 * MEGABYTE))
    with (
        Cutting(objects.url, down=1 << 15, cuts=99, stalls=True) as door,
        pytest.raises(AwsError, match=f"{found.uri} cannot be streamed") as error,
    ):
        [list(blocks) for _, blocks in stream(client_of(door.url, read_seconds=0.2), [found])]
    assert "Read timeout" in (error.value.why or "")


def test_who_waits_for_a_stalled_server_ends_as_soon_as_nobody_wants_it(
    objects: Objects, client: Any, bucket: str, stream: Streaming
) -> None:
    [found] = filled(client, bucket, os.urandom(2 * MEGABYTE))

    def gone() -> None:
        raise BrokenPipeError

    with Cutting(objects.url, down=MEGABYTE // 2, cuts=99, stalls=True) as door, pytest.raises(BrokenPipeError):
        [list(blocks) for _, blocks in stream(client_of(door.url, read_seconds=60), [found], gone)]


def test_closing_gives_up_what_is_under_way(objects: Objects, client: Any, bucket: str, stream: Streaming) -> None:
    found = filled(client, bucket, *[os.urandom(MEGABYTE)] * 20)
    with Cutting(objects.url) as door:
        slow = client_of(door.url)
        asked = asked_of(slow)
        coming = stream(slow, found)
        _, blocks = next(iter(coming))
        next(blocks)
        coming.close()
        with pytest.raises(ClosedError):
            [list(rest) for _, rest in coming]
        until(lambda: not [one for one in threading.enumerate() if one.name.startswith("ahead")])
        assert len(asked) <= 5
