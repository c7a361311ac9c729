"""Numbers are rounded as R prints them, exactly."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardr.data.cells import cell_hashes, fifteen_digits

TIES = [0.5, 2.5, 1.0000000000000005, 1000000.00000000045, 0.00012345678901234550, 4503599627370495.5]


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_rounding_is_that_of_printing_fifteen_digits(numbers: list[float]) -> None:
    expected = [x if x == np.rint(x) else float(f"{x:.15g}") for x in numbers]
    assert fifteen_digits(np.array(numbers)).tolist() == expected


@pytest.mark.parametrize("low", [-8, -3, 0, 3, 9, 14])
def test_rounding_holds_for_many_numbers_of_each_size(low: int) -> None:
    numbers = np.random.default_rng(low + 8).uniform(10.0**low, 10.0 ** (low + 1), 50_000)
    numbers = numbers[numbers != np.rint(numbers)]
    assert fifteen_digits(numbers).tolist() == [float(f"{x:.15g}") for x in numbers]


def test_rounding_holds_next_to_ties_and_powers_of_ten() -> None:
    near = [
        y for x in [*TIES, *(10.0**k for k in range(-10, 16))] for y in (np.nextafter(x, 0), x, np.nextafter(x, 1e300))
    ]
    numbers = np.array([x for x in near if x != np.rint(x)])
    assert fifteen_digits(numbers).tolist() == [float(f"{x:.15g}") for x in numbers]


@given(st.lists(st.text(max_size=40), max_size=20))
def test_a_text_is_hashed_by_its_bytes_and_not_by_its_place(texts: list[str]) -> None:
    together, there = cell_hashes(pa.array(texts, pa.string()))
    for k, text in enumerate(texts):
        alone, alone_there = cell_hashes(pa.array([text], pa.string()))
        assert there[k] == alone_there[0]
        assert not there[k] or (together[:, k] == alone[:, 0]).all()
