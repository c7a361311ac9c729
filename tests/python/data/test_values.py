"""Arguments become a tree with packed leaves; what R has no counterpart for is refused with its place, all at once."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from shardr.data.values import pack_arguments, unpack_value
from shardr.errors import FrameError


def there_and_back(value):
    text, buffers = pack_arguments([value], {})
    return unpack_value(json.loads(text)["items"][0], buffers)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        1.5,
        "é",
        dt.date(2020, 1, 1),
        [1, None],
        ["a", None],
        [1, "a", [True, 2]],
        {"a": {"b": [1, 2]}},
        [],
    ],
    ids=repr,
)
def test_a_plain_value_comes_back_as_it_was(value):
    assert there_and_back(value) == value


def test_whole_and_broken_numbers_are_one_vector_and_truth_values_are_not_numbers():
    assert json.loads(pack_arguments([[1, 2.5]], {})[0])["items"][0]["kind"] == "vector"
    assert json.loads(pack_arguments([[1, True]], {})[0])["items"][0]["kind"] == "list"
    assert json.loads(pack_arguments([["1", 1]], {})[0])["items"][0]["kind"] == "list"


def test_numpy_and_pandas_vectors_are_vectors():
    assert there_and_back(np.array([1.5, 2.5])) == [1.5, 2.5]
    assert there_and_back(np.int16(4)) == 4
    assert there_and_back(pd.Series([1, None], dtype="Int64")) == [1, None]
    assert there_and_back(pd.Series(["a", "b"], index=["x", "y"])) == ["a", "b"]


def test_names_of_arguments_travel_with_them():
    tree = json.loads(pack_arguments([1], {"na.rm": True})[0])
    assert tree["names"] == ["", "na.rm"]


def test_everything_that_cannot_cross_is_listed_with_its_place():
    frame = pd.DataFrame({"fine": [1], "lists": [[1]]})
    with pytest.raises(FrameError) as caught:
        pack_arguments(
            [pd.NA, [None], {"a": [1, object()], "b": {2: 3}}], {"data": frame, "big": 2**60, "m": np.eye(2)}
        )
    assert [problem.path for problem in caught.value.problems] == [
        "argument 1",
        "argument 2",
        "argument 3['a'][1]",
        "argument 3['b']",
        'argument data, column 2 "lists"',
        "argument big",
        "argument m",
    ]
    assert all(problem.fix for problem in caught.value.problems)


def test_a_list_of_r_with_names_that_repeat_stays_a_list():
    text, buffers = pack_arguments([1, 2], {})
    tree = {**json.loads(text), "names": ["a", "a"]}
    assert unpack_value(tree, buffers) == [1, 2]
    assert unpack_value({**tree, "names": ["a", "b"]}, buffers) == {"a": 1, "b": 2}
