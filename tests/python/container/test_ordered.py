"""Work on pieces by several threads, in order."""

from __future__ import annotations

import threading
import time

import pytest
from rows_world import artifact  # noqa: F401 - which puts the folder of these modules on the path

from ordered import ordered  # isort: skip


def test_results_come_in_the_order_of_the_pieces_however_long_each_takes() -> None:
    def work(number: int, piece: str) -> tuple[int, str]:
        time.sleep(0.01 if number % 3 == 0 else 0)
        return number, piece

    assert list(ordered(work, "abcdefghij")) == list(enumerate("abcdefghij"))


def test_no_more_pieces_are_made_than_are_soon_worked_on() -> None:
    made: list[int] = []
    pieces = (made.append(i) for i in range(10_000))
    for done, _ in enumerate(ordered(lambda *_: None, pieces), 1):
        assert len(made) - done <= 1000  # it depends on the cores, not on the pieces


def test_work_that_fails_ends_it_and_what_nobody_wants_is_not_begun() -> None:
    begun, free = [], threading.Event()

    def work(number: int, _: int) -> None:
        begun.append(number)
        if number == 0:
            raise ValueError("no luck")
        free.wait(5)

    with pytest.raises(ValueError, match="no luck"):
        list(ordered(work, range(10_000)))
    free.set()
    assert len(begun) <= 1000


def test_work_may_be_divided_by_the_one_who_wants_it_while_other_work_is_under_way() -> None:
    def times(factor: int) -> int:
        return sum(ordered(lambda _, part: part * factor, range(5)))

    assert [times(piece) for piece in ordered(lambda _, piece: piece, range(50))] == [10 * i for i in range(50)]
