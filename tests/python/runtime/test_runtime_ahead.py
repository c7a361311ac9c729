"""A pipe that is read ahead gives the same bytes, holds back who writes, and can be left at any time."""

from __future__ import annotations

import io
import os
import threading
import time
from typing import TYPE_CHECKING

import pytest
import worlds

from shardr.errors import DataError
from shardr.runtime.ahead import ReadAhead
from shardr.runtime.pipes import pipe

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = os.urandom(3 << 20)


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "train_0"
    os.mkfifo(path)
    return path


class Writer(threading.Thread):
    """Writes into a pipe as long as somebody reads, and knows how much has gone."""

    def __init__(self, path: Path, content: bytes) -> None:
        super().__init__(daemon=True)
        self._path, self._content, self.sent = path, content, 0
        self.left = threading.Event()
        self.may_end = threading.Event()
        self.start()

    def run(self) -> None:
        stream = os.open(self._path, os.O_WRONLY)
        try:
            while self.sent < len(self._content):
                self.sent += os.write(stream, self._content[self.sent : self.sent + 65536])
            self.may_end.wait(20)
        except BrokenPipeError:
            self.left.set()
        os.close(stream)


def test_all_bytes_come_in_their_order(fifo: Path) -> None:
    writer = Writer(fifo, CONTENT)
    writer.may_end.set()
    with io.BufferedReader(ReadAhead(fifo, 1 << 20)) as stream:
        head = stream.read(10)
        assert head + stream.read() == CONTENT
        assert stream.read(1) == b""


def test_no_more_is_read_ahead_than_was_said(fifo: Path) -> None:
    writer = Writer(fifo, CONTENT)
    with ReadAhead(fifo, 1 << 16) as stream:
        worlds.until(lambda: writer.sent >= 1 << 16)
        time.sleep(0.2)  # time to go wrong
        # one read may go past it, and the pipe itself holds something
        assert writer.sent < 1 << 20
        assert stream.readinto(bytearray(1)) == 1
        assert writer.sent < 1 << 20
    assert writer.left.wait(20)


@pytest.mark.parametrize("content", [b"", CONTENT[:1000], CONTENT])
def test_whoever_leaves_early_is_gone_at_once_whether_something_comes_or_not(fifo: Path, content: bytes) -> None:
    writer = Writer(fifo, content)
    stream = ReadAhead(fifo, 1 << 16)
    stream.close()
    stream.close()
    assert not [thread for thread in threading.enumerate() if str(fifo) in thread.name]
    writer.may_end.set()
    writer.join(20)
    assert not writer.is_alive()


def test_an_error_of_reading_is_raised_where_it_is_asked_for(tmp_path: Path) -> None:
    with ReadAhead(tmp_path, 1 << 16) as stream, pytest.raises(IsADirectoryError):
        stream.readinto(bytearray(10))


def test_fewer_pieces_than_none_are_refused() -> None:
    with pytest.raises(DataError, match="Reading -1 pieces ahead"):
        pipe("train", ahead=-1)
