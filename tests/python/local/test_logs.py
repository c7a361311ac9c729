"""Logs as timed events: every byte once, in any order of reading, with times that do not change."""

from __future__ import annotations

import os
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from shardr.local.logs import ANSWER_BYTES, EVENT_BYTES, Log
from shardr.local.operations.patterns import pattern

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "algo-1.log"


def printed(path: Path, text: str, at: float) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write(text)
    os.utime(path, (at, at))


def test_a_line_keeps_the_time_at_which_it_was_seen_first(path: Path) -> None:
    printed(path, "one\ntwo", at=100.5)
    assert [(e.message, e.milliseconds) for e in Log(path, since=0, over=False).forwards(0)] == [("one", 100_500)]
    printed(path, " goes on\nthree", at=200)
    first = [(e.message, e.milliseconds) for e in Log(path, since=0, over=True).forwards(0)]
    assert first == [("one", 100_500), ("two goes on", 100_500), ("three", 200_000)]
    os.utime(path, (50, 50))  # a clock that goes back
    printed(path, "\nfour\n", at=60)
    later = [(e.message, e.milliseconds) for e in Log(path, since=0, over=True).forwards(0)]
    assert later == [*first, ("four", 200_000)]


def test_times_find_their_lines_and_nothing_is_older_than_the_job(path: Path) -> None:
    printed(path, "old\n", at=1)
    log = Log(path, since=10, over=True)
    assert [e.milliseconds for e in log.forwards(0)] == [10_000]
    printed(path, "new\nnewer\n", at=20)
    log = Log(path, since=10, over=True)
    assert [e.message for e in log.forwards(log.since(20_000))] == ["new", "newer"]
    assert [e.message for e in log.forwards(log.since(0))] == ["old", "new", "newer"]
    assert list(log.forwards(log.since(20_001))) == []


def test_a_line_that_is_too_long_for_an_event_comes_in_pieces_that_split_no_character(path: Path) -> None:
    text = "aä€𐍈" * (EVENT_BYTES // 4)
    printed(path, f"{text}\nafter\n", at=1)
    log = Log(path, since=0, over=True)
    events = list(log.forwards(0))
    assert "".join(e.message for e in events) == f"{text}after"
    assert max(e.end - e.start for e in events) <= EVENT_BYTES
    assert [e.start for e in events[1:]] == [e.end for e in events[:-1]]
    for event in events:  # from wherever it is continued
        assert next(log.forwards(event.start)) == event


@pytest.mark.parametrize("count", [1, 97, 1000])
def test_going_backwards_page_by_page_meets_every_event_once(path: Path, count: int) -> None:
    lines = [f"line {i} {'x' * (i * 37 % 9000)}" for i in range(1000)]
    printed(path, "\n".join(lines) + "\n", at=1)
    log = Log(path, since=0, over=True)
    if count == 1:
        assert [e.message for e in log.backwards(log.size, 1)] == lines[-1:]
        return
    found: list[str] = []
    at = log.size
    while events := log.backwards(at, count):
        found[:0] = [e.message for e in events]
        at = events[0].start
    assert found == lines


def test_the_memory_it_takes_does_not_grow_with_the_log(path: Path) -> None:
    printed(path, "x" * 999 + "\n", at=1)
    line = path.read_bytes()
    path.write_bytes(line * 60_000)
    log = Log(path, since=0, over=True)
    tracemalloc.start()
    count = sum(1 for _ in log.forwards(0))
    tail = log.backwards(log.size, 10_000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (count, len(tail)) == (60_000, 1049)
    assert most < 12 * ANSWER_BYTES


def test_what_is_not_there_yet_is_an_empty_log(path: Path) -> None:
    assert list(Log(path, since=0, over=False).forwards(0)) == []
    assert Log(path.parent / "nowhere" / "x.log", since=0, over=False).size == 0


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ["ERROR a b", "error a", "ok a"]),
        ("ERROR", ["ERROR a b"]),
        ("a -ok", ["ERROR a b", "error a"]),
        ('"a b"', ["ERROR a b"]),
        ("?ERROR ?ok", ["ERROR a b", "ok a"]),
    ],
)
def test_filter_patterns_mean_what_they_mean_in_cloudwatch(text: str, lines: list[str]) -> None:
    assert [line for line in ("ERROR a b", "error a", "ok a") if pattern(text)(line)] == lines
