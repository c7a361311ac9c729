"""Rows and groups are shared out completely and as in R: tests/contract/rows.json and shard-groups.json."""

from __future__ import annotations

import datetime
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from instances import names, training

from shardr.errors import DataError
from shardr.runtime import shard_groups, shard_rows
from shardr.runtime.shares import row_range

CONTRACT = Path(__file__).parents[2] / "contract"


def _cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((CONTRACT / name).read_text(encoding="utf-8"))
    return found


def _ranks(base: Path, key: Any, size: int) -> list[int]:
    """The rank of the one instance that has each row."""
    masks = []
    for host in sorted(names(size)):
        training(base, host=host, hosts=size)
        masks.append(shard_groups(key))
    assert all(sum(row) == 1 for row in zip(*masks, strict=True))
    return [row.index(True) for row in zip(*masks, strict=True)]


@pytest.mark.parametrize("case", _cases("rows.json"), ids=lambda case: f"{case['rank']}/{case['size']}")
def test_row_range_agrees_with_the_contract(case: dict[str, Any]) -> None:
    assert row_range(case["rank"], case["size"], case["rows"]) == (case["start"], case["end"])


@given(st.integers(1, 50), st.integers(0, 2**60))
def test_row_ranges_follow_each_other_without_gap_or_overlap(size: int, rows: int) -> None:
    ranges = [row_range(rank, size, rows) for rank in range(size)]
    assert ranges[0][0] == 0
    assert ranges[-1][1] == rows
    assert all(before[1] == after[0] for before, after in pairwise(ranges))


def test_rows_cannot_be_shared_among_nobody_or_outside_the_group() -> None:
    with pytest.raises(ValueError, match="must be at least 1, not 0"):
        row_range(0, 0, 5)
    for rank in (-1, 3):
        with pytest.raises(ValueError, match="is not between 0 and 2"):
            row_range(rank, 3, 10)


def test_the_rows_of_an_instance_are_a_range_that_passes_2_to_the_31(base: Path) -> None:
    training(base, host="algo-2", hosts=2)
    assert shard_rows(2**40) == range(2**39, 2**40)
    assert list(shard_rows(3)) == [1, 2]


@pytest.mark.parametrize("n", [-1, 1.5, None, "3", True])
def test_what_is_no_number_of_rows_is_refused(n: Any, base: Path) -> None:
    training(base)
    with pytest.raises(DataError, match="whole number of rows"):
        shard_rows(n)


@pytest.mark.parametrize("case", _cases("shard-groups.json"), ids=lambda case: case["name"])
def test_groups_agree_with_the_contract(case: dict[str, Any], base: Path) -> None:
    assert _ranks(base, case["key"], case["size"]) == case["ranks"]


@pytest.mark.parametrize(
    "key",
    [
        np.array([10, 9, 2, 10]),
        np.array([10.0, 9.0, 2.0, 10.0]),
        pd.Series([10, 9, 2, 10]),
        pd.Series(["10", "9", "2", "10"], dtype="string"),
        [10, 9.0, "2", "10"],
        iter([10, 9, 2, 10]),
    ],
    ids=["int64", "float64", "series", "strings", "mixed", "iterator"],
)
def test_columns_of_any_make_are_keys(key: Any, base: Path) -> None:
    training(base, host="algo-2", hosts=2)  # "10" "2" "9"
    assert shard_groups(key) == [False, False, True, False]


def test_logicals_and_ones_are_different_groups_and_missing_values_one(base: Path) -> None:
    assert _ranks(base, [True, 1, False, 0], 4) == [3, 1, 2, 0]
    missing = [None, float("nan"), float("nan"), pd.NA, pd.NaT, "a"]
    assert _ranks(base, missing, 2) == [1, 1, 1, 1, 1, 0]


def test_dates_are_keys_and_times_are_not(base: Path) -> None:
    days = [datetime.date(2024, 2, 1), datetime.date(2024, 1, 31)]
    assert _ranks(base, days, 2) == [1, 0]
    with pytest.raises(DataError, match="key must be"):
        shard_groups(pd.Series(pd.to_datetime(days)))
