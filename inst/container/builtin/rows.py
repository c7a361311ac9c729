"""The rows of a channel in pieces: CSV without a header, or recordIO of dense or sparse rows."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any

from place import UserError, opt_ml
from recordio import Rows, pieces, streamed
from tables import files, headless, numbers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RECORDIO = "application/x-recordio-protobuf"
CSV = "text/csv"
PIECE_BYTES = 4 << 20
"""Of CSV, cut where a line ends; of recordIO as many rows as have this in double precision, and the product pays."""


def channel(
    name: str, about: dict[str, Any], width: int, algorithm: str, epoch: int = 0
) -> Iterator[Callable[[], Rows]]:
    """What makes the rows of a channel, piece by piece; each may be called in a thread of its own."""
    kind, labels = _kind(about.get("ContentType"), algorithm)
    if about.get("TrainingInputMode", "File") == "Pipe":
        path = opt_ml("input", "data", f"{name}_{epoch}")
        if kind == CSV:
            yield from _csv(path, name, width, labels, algorithm)
        else:
            with path.open("rb", buffering=0) as stream:
                yield from streamed(stream, width, piece_rows(width), name)
        return
    for path in files(opt_ml("input", "data", name)):
        if not path.stat().st_size:
            continue
        if kind == CSV:
            yield from _csv(path, f"{name}/{path.name}", width, labels, algorithm)
        else:
            with path.open("rb") as file:
                content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            yield from pieces(content, width, piece_rows(width), f"{name}/{path.name}")


def piece_rows(width: int) -> int:
    """Rows at a time: enough for the product to be worth the adding up of its results."""
    return max(64, PIECE_BYTES // (8 * width), width // 2)


def _kind(content_type: str | None, algorithm: str) -> tuple[str, int]:
    """Which form it is, recordIO when nobody says, and how many of the first columns are labels."""
    name, *parameters = (part.strip().lower() for part in (content_type or RECORDIO).split(";"))
    if name == RECORDIO:
        return name, 0
    if name != CSV:
        raise UserError(f"the content type {content_type} is none that {algorithm} knows; take {RECORDIO} or text/csv")
    labels = next((word[11:] for word in parameters if word.startswith("label_size=")), "1")
    if labels not in {"0", "1"}:
        raise UserError(
            f"{content_type}: label_size is 0, or 1 where the first column is a label, which it is by default"
        )
    return name, int(labels)


def _csv(path: Path, name: str, width: int, labels: int, algorithm: str) -> Iterator[Callable[[], Rows]]:
    line = 1
    with path.open("rb") as file:
        while content := file.read(PIECE_BYTES):
            content += file.readline()
            if line == 1:
                delimiter = headless(content, name, algorithm)
            if content.strip():
                yield _table(content, delimiter, name, line, width, labels)
            line += content.count(b"\n")


def _table(content: bytes, delimiter: str, name: str, line: int, width: int, labels: int) -> Callable[[], Rows]:
    def read() -> Rows:
        table = numbers_of(content, delimiter, name, line)
        if table.shape[1] != width + labels:
            label = " and a label before them (label_size=0 says that there is none)" if labels else ""
            raise UserError(f"{name}: expected {width} columns{label}, found {table.shape[1]}")
        return Rows(table[:, labels:], where=f"{name}, line", first=line)

    return read
