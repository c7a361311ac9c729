"""Keys and rows are shared out completely, evenly and the same way every time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardr.data.keys import assign, balance, sort_keys

CONTRACT = Path(__file__).parents[2] / "contract"
KEYS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=40)


def _cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((CONTRACT / name).read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("case", _cases("shard-maps.json"), ids=lambda case: case["name"])
def test_assign_agrees_with_the_contract(case: dict[str, Any]) -> None:
    assert assign(case["keys"], case["instances"], case["permute"]) == case["expected"]


@given(KEYS)
def test_keys_sort_as_their_utf8_bytes_do(keys: list[str]) -> None:
    assert sort_keys(keys) == sorted(keys, key=lambda key: key.encode())


@given(KEYS, st.integers(1, 9), st.none() | st.integers(-(2**40), 2**40))
def test_every_key_lands_on_exactly_one_instance(keys: list[str], instances: int, permute: int | None) -> None:
    shards = assign(keys, instances, permute)
    assert sort_keys(key for shard in shards for key in shard) == sort_keys(keys)
    assert len(shards) == instances
    counts = [len(shard) for shard in shards]
    assert max(counts) - min(counts) <= 1
    assert counts == sorted(counts, reverse=True)


@given(KEYS, st.integers(1, 9), st.randoms())
def test_the_order_in_which_keys_are_listed_does_not_matter(keys: list[str], instances: int, random: Any) -> None:
    shuffled = list(keys)
    random.shuffle(shuffled)
    assert assign(shuffled, instances, 3) == assign(keys, instances, 3)


@given(st.integers(0, 60), st.integers(1, 9), st.integers(-(2**40), 2**40))
def test_permute_shuffles_as_documented(count: int, instances: int, permute: int) -> None:
    """Written down step by step, without the short cut."""
    positions = list(range(count))
    x = 1 + permute % 2147483646
    for i in range(count - 1, 0, -1):
        x = 48271 * x % 2147483647
        j = x % (i + 1)
        positions[i], positions[j] = positions[j], positions[i]
    expected = [sorted(positions[k::instances]) for k in range(instances)]
    found = assign([f"{k:02d}" for k in range(count)], instances, permute)
    assert [[int(key) for key in keys] for keys in found] == expected


def test_permute_changes_the_assignment() -> None:
    keys = [f"{i:03d}" for i in range(100)]
    assert len({json.dumps(assign(keys, 4, seed)) for seed in range(20)}) == 20


@given(st.lists(st.tuples(st.text(max_size=4), st.integers(0, 100)), max_size=40), st.integers(1, 9))
def test_balance_places_every_key_once_and_no_move_of_one_key_helps(sizes: list[tuple[str, int]], shards: int) -> None:
    sizes = list(dict(sizes).items())
    found = balance(sizes, shards)
    size_of = dict(sizes)
    assert sort_keys(key for shard in found for key in shard) == sort_keys(size_of)
    assert [shard for shard in found if shard] == found[: min(shards, len(sizes))]
    loads = [sum(size_of[key] for key in shard) for shard in found]
    for shard, load in zip(found, loads, strict=True):
        assert all(load - size_of[key] <= min(loads) for key in shard)


def test_balance_spreads_empty_files_too() -> None:
    assert balance([("a", 0), ("b", 0), ("c", 0)], 2) == [["a", "c"], ["b"]]


@pytest.mark.parametrize("call", [lambda: assign([], 0), lambda: balance([], 0)])
def test_nothing_can_be_shared_among_nobody(call: Any) -> None:
    with pytest.raises(ValueError, match="must be at least 1, not 0"):
        call()
