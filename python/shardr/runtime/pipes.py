"""Channels in mode Pipe: an epoch as a stream, as lines, or as blocks of rows; R: ``container-pipes.R``."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, BinaryIO, cast

from shardr.errors import DataError, NotFoundError
from shardr.runtime.ahead import ReadAhead
from shardr.runtime.instance import channel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.recordio.blocks import Block

WAIT_SECONDS = 60.0
POLL_SECONDS = 0.01
BUFFER_BYTES = 1 << 20
AHEAD_BYTES = 4 << 20
"""About what a block of rows has."""


def pipe(name: str, epoch: int = 0, *, ahead: int = 0) -> BinaryIO:
    """An epoch of a streamed channel, to be read once, from its beginning.

    Epochs are counted from 0 and read one after the other; closing one early is allowed, opening one that is not read
    is not: the service fails a job for it after an hour. All objects come behind one another, with nothing between
    them. ``ahead`` is how many pieces of 4 MB a thread reads before they are asked for: what comes is then on its way
    while the last of it is worked on. Raises ``NotFoundError`` for a channel that there is not, and for an epoch that
    does not come.

    >>> with pipe("train") as stream:                                  # doctest: +SKIP
    ...     head = stream.read(8)
    """
    if ahead < 0:
        raise DataError(f"Reading {ahead} pieces ahead cannot be done", fix="take 0, which reads none, or more")
    path = channel(name)
    path = path.with_name(f"{path.name}_{epoch}")
    until = time.monotonic() + WAIT_SECONDS
    while not path.exists():
        if time.monotonic() > until or path.with_name(path.name.removesuffix(f"_{epoch}")).is_dir():
            raise NotFoundError(
                f"{path} is not there",
                why="a channel in mode Pipe has one epoch after the other, and each can be opened once",
                fix="set input_mode: Pipe, and read epoch 0 first, then 1",
            )
        time.sleep(POLL_SECONDS)
    if ahead:
        return cast("BinaryIO", io.BufferedReader(ReadAhead(path, ahead * AHEAD_BYTES), BUFFER_BYTES))
    return path.open("rb", buffering=BUFFER_BYTES)


def pipe_lines(name: str, epoch: int = 0, *, ahead: int = 1) -> Iterator[str]:
    """The lines of an epoch of a streamed channel, UTF-8, without what ends them; ``ahead`` and errors as of ``pipe``.

    >>> for line in pipe_lines("train"):                               # doctest: +SKIP
    ...     first, *others = line.split(",")
    """
    with pipe(name, epoch, ahead=ahead) as stream:
        for line in stream:
            yield line.decode("utf-8").rstrip("\r\n")


def pipe_blocks(name: str, epoch: int = 0, rows: int | None = None, *, ahead: int = 1) -> Iterator[Block]:
    """The rows of an epoch of a streamed channel of recordIO-protobuf, some thousand at a time; needs numpy.

    ``rows`` says how many each block has but the last. ``block.features`` is a table, or rows that name their columns
    (``block.sparse``, ``block.table()``), ``block.label`` has a value for each row. ``ahead`` is as of ``pipe``, about
    a block each: it pays where the data come slower than they are decoded, as from S3, and costs a part of the speed
    where they come faster. Raises ``DataError`` for a record that is none, with its number, and as ``pipe``.

    >>> for block in pipe_blocks("train"):                             # doctest: +SKIP
    ...     total += block.table().sum(axis=0)
    """
    from shardr.recordio.reading import blocks  # other scripts need no numpy

    with pipe(name, epoch, ahead=ahead) as stream:
        yield from blocks(stream, name, rows=rows)
