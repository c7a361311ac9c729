"""A channel's FIFOs, fed from an S3 that stalls: the job hears which object it was, unless nobody wants it any more."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from s3_door import Cutting, client_of
from worlds import s3_over, until

from shardr.errors import AwsError
from shardr.local.pipes.contents import How
from shardr.local.pipes.feeder import Feeder
from shardr.local.pipes.parts import Part
from shardr.storage.s3 import S3Storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shardr.storage.objects import Found

MEGABYTE = 1 << 20


class Listed:
    """Objects of S3 as the parts of every epoch."""

    def __init__(self, found: list[Found]) -> None:
        self._found = found

    def of(self, epoch: int) -> Iterator[Part]:
        return (Part(item.uri, found=item) for item in self._found)

    def count(self) -> int:
        return len(self._found)


@pytest.fixture
def stalling(tmp_path: Path) -> Iterator[tuple[str, list[Found]]]:
    """An S3 that stops in the midst of each answer, and an object that takes more than one."""
    (tmp_path / "far" / "bucket").mkdir(parents=True)
    (tmp_path / "far" / "bucket" / "large").write_bytes(bytes(20 * MEGABYTE))
    with s3_over(tmp_path / "far") as served, Cutting(served.url, down=MEGABYTE // 2, cuts=10**6, stalls=True) as door:
        yield door.url, list(S3Storage(client_of(served.url)).found("s3://bucket/"))


def test_a_stall_is_told_by_the_objects_name(tmp_path: Path, stalling: tuple[str, list[Found]]) -> None:
    told: list[Exception] = []
    remote = S3Storage(client_of(stalling[0], read_seconds=0.1))
    feeder = Feeder(tmp_path / "train", Listed(stalling[1]), How(), told.append, remote)
    feeder.start()
    got = (tmp_path / "train_0").read_bytes()
    assert len(told) == 1  # before the reader can take an end for that of the data
    assert isinstance(told[0], AwsError)
    assert "s3://bucket/large cannot be streamed" in str(told[0])
    assert 0 < len(got) < 20 * MEGABYTE
    feeder.close()


def test_a_reader_that_has_gone_waits_for_no_stall_and_fails_nothing(
    tmp_path: Path, stalling: tuple[str, list[Found]]
) -> None:
    told: list[Exception] = []
    remote = S3Storage(client_of(stalling[0], read_seconds=60))
    feeder = Feeder(tmp_path / "train", Listed(stalling[1]), How(), told.append, remote)
    feeder.start()
    reader = os.open(tmp_path / "train_0", os.O_RDONLY)
    assert os.read(reader, 1) == b"\0"
    os.close(reader)
    second = os.open(tmp_path / "train_1", os.O_RDONLY)  # opens when the feeder has come to it
    until(lambda: feeder.told()["epochs"] == 2)
    os.close(second)
    feeder.close()
    assert told == []
