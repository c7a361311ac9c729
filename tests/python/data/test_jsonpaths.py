"""Paths of filters: what they find, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardr.data.jsonpaths import NotThereError, parsed

ROW = [10, 11, 12, 13, 14]
TREE = {"id": 7, "a b": 1, "features": [1, 2, 3], "rows": [{"x": 1, "y": 2}, {"x": 3, "y": 4}], "o": {"x": 5}}


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("$", ROW, ROW),
        ("$[0]", ROW, 10),
        ("$[-1]", ROW, 14),
        ("$[1,3]", ROW, [11, 13]),
        ("$[ 3 , 1,1 ]", ROW, [13, 11, 11]),
        ("$[1:]", ROW, [11, 12, 13, 14]),
        ("$[:2]", ROW, [10, 11]),
        ("$[1:4]", ROW, [11, 12, 13]),
        ("$[-2:]", ROW, [13, 14]),
        ("$[:-1]", ROW, [10, 11, 12, 13]),
        ("$[0,3:]", ROW, [10, 13, 14]),
        ("$[*]", ROW, ROW),
        ("$.*", ROW, ROW),
        ("$.id", TREE, 7),
        ("$['a b']", TREE, 1),
        ('$["a b"]', TREE, 1),
        ("$['id','features']", TREE, {"id": 7, "features": [1, 2, 3]}),
        ("$.features", TREE, [1, 2, 3]),
        ("$.features[0]", TREE, 1),
        ("$.features[1:]", TREE, [2, 3]),
        ("$.rows[*].x", TREE, [1, 3]),
        ("$.rows[0]['x','y']", TREE, {"x": 1, "y": 2}),
        ("$.rows[*]['x']", TREE, [1, 3]),
        ("$['o','o'].x", {"o": {"x": 5}}, [5]),
        ("$.o.*", TREE, [5]),
        ("$.größe", {"größe": 1}, 1),
        ("$.a-b", {"a-b": 1}, 1),
    ],
)
def test_a_path_finds_one_value_or_the_list_of_several(path: str, value: Any, found: Any) -> None:
    assert parsed(path).found(value) == found


@given(st.lists(st.integers(), min_size=1, max_size=6), st.data())
def test_slices_and_indexes_are_those_of_python(row: list[int], data: st.DataObject) -> None:
    start = data.draw(st.integers(-len(row), len(row) - 1))
    stop = data.draw(st.integers(-len(row), len(row)))
    assert parsed(f"$[{start}]").found(row) == row[start]
    assert parsed(f"$[{start}:]").found(row) == row[start:]
    if row[start:stop]:
        assert parsed(f"$[{start}:{stop}]").found(row) == row[start:stop]
    else:
        with pytest.raises(NotThereError, match="holds nothing"):
            parsed(f"$[{start}:{stop}]").found(row)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("$[5]", "the index 5 is out of range: there are 5 items"),
        ("$[0,9]", "the index 9 is out of range"),
        ("$[-6]", "the index -6 is out of range"),
        ("$[5:]", "the index 5 is out of range"),
        ("$[1:6]", "the index 6 is out of range"),
        ("$.id", "there is no 'id' in what is no object"),
    ],
)
def test_what_a_row_does_not_have_is_an_error_and_not_nothing(path: str, words: str) -> None:
    with pytest.raises(NotThereError, match=re.escape(words)):
        parsed(path).found(ROW)


def test_names_that_are_not_there_are_named_beside_those_that_are() -> None:
    with pytest.raises(NotThereError, match="there is no 'nope' among 'x'"):
        parsed("$.o['x','nope']").found(TREE)
    with pytest.raises(NotThereError, match="there are no items in what is no array"):
        parsed("$.id[0]").found(TREE)


@pytest.mark.parametrize(
    "path",
    [
        "", "id", "@.id", "$..id", "$.", "$[", "$[]", "$[:]", "$[1:2:3]", "$['a]", "$[a]", "$[?(@.x > 1)]",
        "$[(@.length-1)]", "$.features.length()", "$[0][", "$['a',0]", "$[$.id]", "$[1.5]", "$ .id", "$.id ",
    ],
)  # fmt: skip
def test_what_the_service_does_not_know_is_refused_with_its_place(path: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(path))):
        parsed(path)
