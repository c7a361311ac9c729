"""A channel's FIFOs, fed and read in one process."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from worlds import until

from shardr.errors import DataError
from shardr.local.pipes.contents import How
from shardr.local.pipes.feeder import Feeder
from shardr.local.pipes.parts import Part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Given:
    """Parts for every epoch."""

    def __init__(self, *parts: Part) -> None:
        self._parts = parts

    def of(self, epoch: int) -> Iterator[Part]:
        yield from [*self._parts, Part("epoch", text=f"epoch {epoch}".encode())]

    def count(self) -> int:
        return len(self._parts) + 1


@pytest.fixture
def told() -> list[Exception]:
    return []


def test_what_is_opened_and_left_unread_is_told_in_the_services_words(tmp_path: Path, told: list[Exception]) -> None:
    feeder = Feeder(tmp_path / "train", Given(Part("zeros", text=bytes(4_000_000))), How(idle_seconds=0.2), told.append)
    feeder.start()
    reader = os.open(tmp_path / "train_0", os.O_RDONLY)
    try:
        until(lambda: told)
    finally:
        os.close(reader)
    assert isinstance(told[0], DataError)
    assert "SageMaker pipe channel timed out: train_0 was not read for 0.2 seconds" in str(told[0])


def test_a_slow_reader_is_waited_for_as_long_as_it_reads(tmp_path: Path, told: list[Exception]) -> None:
    feeder = Feeder(tmp_path / "train", Given(Part("zeros", text=bytes(4_000_000))), How(idle_seconds=0.3), told.append)
    feeder.start()
    size = 0
    with (tmp_path / "train_0").open("rb", buffering=0) as reader:
        while got := reader.read(1 << 19):
            size += len(got)
            time.sleep(0.1)
    feeder.close()
    assert (size, told) == (4_000_007, [])
    assert feeder.told()["bytes"] == 4_000_007


def test_the_next_epoch_is_there_before_the_end_of_one_can_be_read(tmp_path: Path, told: list[Exception]) -> None:
    feeder = Feeder(tmp_path / "train", Given(), How(), told.append)
    feeder.start()
    for epoch in range(50):
        assert (tmp_path / f"train_{epoch}").read_bytes() == f"epoch {epoch}".encode()
    feeder.close()
    assert not told
    assert feeder.told()["epochs"] == 50


@pytest.mark.parametrize(
    ("how", "size"), [(How(), 12), (How(wrapper="RecordIO"), (8 + 8) + (8 + 8)), (How(compression="Gzip"), None)]
)
def test_how_many_bytes_an_epoch_has_is_told_where_it_is_known(
    tmp_path: Path, told: list[Exception], how: How, size: int | None
) -> None:
    (tmp_path / "five").write_bytes(b"12345")
    feeder = Feeder(tmp_path / "train", Given(Part("five", tmp_path / "five")), how, told.append)
    assert feeder.told().get("epoch_size") == size
    if size is None:
        return
    feeder.start()
    for epoch in (0, 1):
        assert len((tmp_path / f"train_{epoch}").read_bytes()) == size
        about = feeder.told()
        assert (about["epoch_bytes"], about["epoch_size"], about["bytes"]) == (size, size, (epoch + 1) * size)
    feeder.close()
    assert not told


def test_an_object_too_long_for_a_record_is_refused_before_a_byte_of_it_is_sent(
    tmp_path: Path, told: list[Exception]
) -> None:
    with (tmp_path / "long").open("wb") as file:
        file.truncate(1 << 29)
    feeder = Feeder(tmp_path / "train", Given(Part("long", tmp_path / "long")), How(wrapper="RecordIO"), told.append)
    feeder.start()
    assert (tmp_path / "train_0").read_bytes() == b""
    until(lambda: told)
    assert "long: has 536870912 bytes, and a record of RecordIO at most 536870911" in str(told[0])


@pytest.mark.alone
def test_it_ends_at_once_though_nobody_has_come(tmp_path: Path, told: list[Exception]) -> None:
    feeder = Feeder(tmp_path / "train", Given(), How(), told.append)
    feeder.start()
    start = time.monotonic()
    feeder.close()
    assert time.monotonic() - start < 0.5
    assert not told
