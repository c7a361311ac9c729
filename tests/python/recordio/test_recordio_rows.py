"""What is written is read again, whatever the rows are and however the file is cut into pieces."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from shardr.errors import DataError
from shardr.recordio.blocks import Sparse, joined
from shardr.recordio.encoding import encode
from shardr.recordio.framing import MAGIC_WORD, content, frame
from shardr.recordio.reading import blocks
from shardr.recordio.varints import packed, unpacked

FLOATS = st.floats(width=32) | st.just(float(np.array(MAGIC_WORD, np.uint32).view(np.float32)))
TEXTS = st.none() | st.text(max_size=5)


@st.composite
def tables(draw: st.DrawFn) -> Any:
    dtype = draw(st.sampled_from(["float32", "float64", "int32"]))
    shape = draw(st.tuples(st.integers(1, 12), st.integers(1, 6)))
    values = st.integers(-(2**31), 2**31 - 1) if dtype == "int32" else FLOATS
    return draw(arrays.arrays(dtype, shape, elements=values))


def sparse(table: Any, seed: int) -> Sparse:
    there = np.random.default_rng(seed).random(table.shape) < 0.4
    return Sparse(table[there], np.nonzero(there)[1] * 150, there.sum(axis=1), table.shape[1] * 150)


def same(found: Any, wanted: Any) -> bool:
    """Also of numbers that are none, and of their bits."""
    return found.dtype == wanted.dtype and found.shape == wanted.shape and found.tobytes() == wanted.tobytes()


@settings(max_examples=150, deadline=None)
@given(
    tables(), st.booleans(), st.sampled_from([None, "float32", "int32"]), st.data(), st.sampled_from([1, 64, 1 << 20])
)
def test_rows_are_read_as_they_were_written(
    table: Any, split: bool, label: str | None, data: st.DataObject, piece_bytes: int
) -> None:
    rows = len(table)
    seed = data.draw(st.none() | st.integers(0, 100), label="of sparse rows")
    held = table if seed is None else sparse(table, seed)
    labels = {} if label is None else {"values": np.arange(rows).astype(label)}
    uids, metadata = (data.draw(st.none() | st.lists(TEXTS, min_size=rows, max_size=rows)) for _ in range(2))
    encoded = encode(held, labels, uids, metadata, split_magic=split)
    assert encoded.ends[-1] == len(encoded.content)
    parts = list(blocks(io.BytesIO(encoded.content.tobytes()), "x", piece_bytes=piece_bytes))
    assert [part.first for part in parts] == [1 + sum(map(len, parts[:i])) for i in range(len(parts))]
    found = joined(parts)
    assert same(found.table(), held.dense() if isinstance(held, Sparse) else held)
    assert found.sparse == (seed is not None)
    assert {name: values.tolist() for name, values in found.labels.items()} == {
        name: values.tolist() for name, values in labels.items()
    }
    nothing = [None] * rows
    assert (found.uids or nothing, found.metadata or nothing) == (uids or nothing, metadata or nothing)


def test_what_the_length_of_a_frame_cannot_say_is_refused() -> None:
    with pytest.raises(DataError, match=r"record of 536,870,912 bytes cannot be written"):
        frame(bytes(1 << 29))  # as all records are that differ in size


@pytest.mark.parametrize("rows", [0, -1])
def test_a_block_of_no_rows_is_refused(rows: int) -> None:
    with pytest.raises(DataError, match="at least one row"):
        blocks(io.BytesIO(b""), "x", rows=rows)


def test_texts_that_are_the_same_in_all_records_are_read_too() -> None:
    table = np.arange(12, dtype=np.float32).reshape(6, 2)
    for text in ("", "the same"):
        [found] = blocks(io.BytesIO(encode(table, None, [text] * 6, [text] * 6).content.tobytes()), "x")
        assert (found.uids, found.metadata) == ([text] * 6, [text] * 6)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=30), st.data())
def test_whole_numbers_of_any_size_are_unpacked_as_they_were_packed(numbers: list[int], data: st.DataObject) -> None:
    held, ends = packed(numbers)
    cut = data.draw(st.integers(0, len(numbers)))
    first = int(ends[cut - 1]) if cut else 0
    found, counts = unpacked(held, np.array([first, len(held) - first]))
    assert found.view(np.int64).tolist() == numbers
    assert counts.tolist() == [cut, len(numbers) - cut]


@given(st.lists(st.sampled_from([b"\x0a\x23\xd7\xce", b"abcd", b"\x0a", b"x"]), max_size=8).map(b"".join))
def test_a_record_is_whole_again_after_it_was_cut_at_what_looks_like_a_frame(record: bytes) -> None:
    framed = frame(record, split_magic=True)
    words = np.frombuffer(framed, "<u4")
    heads = 1 + sum(record[at : at + 4] == b"\x0a\x23\xd7\xce" for at in range(0, len(record), 4))
    assert np.count_nonzero(words == MAGIC_WORD) == heads
    assert content(framed) == record == content(frame(record))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 200), st.integers(0, 255))
def test_bytes_that_are_damaged_are_an_error_of_the_data_or_other_rows(noise: bytes, place: int, byte: int) -> None:
    table = np.arange(12, dtype=np.float32).reshape(4, 3)
    held = bytearray(encode(sparse(table, 1), {"values": table[:, 0]}).content.tobytes() + noise)
    held[place % len(held)] = byte
    with suppress(DataError):
        found = list(blocks(io.BytesIO(bytes(held)), "x", piece_bytes=64))
        assert all(block.features.shape == (len(block), found[0].width) for block in found)


def test_blocks_have_as_many_rows_as_asked_for() -> None:
    held = encode(np.arange(23, dtype=np.float32)[:, None]).content.tobytes()
    found = list(blocks(io.BytesIO(held), "x", rows=5, piece_bytes=100))
    assert [len(block) for block in found] == [5, 5, 5, 5, 3]
    assert [block.first for block in found] == [1, 6, 11, 16, 21]
    assert np.concatenate([block.features for block in found]).ravel().tolist() == list(range(23))


def test_rows_before_a_wrong_one_are_given() -> None:
    held = encode(np.arange(1000, dtype=np.float32).reshape(-1, 2)).content.tobytes()
    found = blocks(io.BytesIO(held[:-1]), "x", piece_bytes=4000)
    assert len(next(found)) > 0
    with pytest.raises(DataError, match="x, record 500: the file ends within the record"):
        list(found)


def test_what_was_asked_for_is_held_against_each_record() -> None:
    held = encode(np.ones((3, 2), np.float32)).content.tobytes()
    with pytest.raises(DataError, match="x, record 1: expected float64, found float32"):
        list(blocks(io.BytesIO(held), "x", dtype="float64"))
    with pytest.raises(DataError, match="x, record 1: expected 4 columns, found 2"):
        list(blocks(io.BytesIO(held), "x", width=4))


@pytest.mark.parametrize(
    ("features", "labels", "said"),
    [
        (np.ones((2, 2), np.int64), {}, "Features of int64 cannot be written"),
        (np.ones((2, 2), np.float32), {"values": np.ones(2, bool)}, "Labels of bool cannot be written"),
        (np.ones((2, 2), np.float32), {"values": np.ones(3, np.float32)}, "features values 2, label values 3"),
        (np.ones((2, 0), np.float32), {}, "features values: no columns"),
        (None, {}, "neither features nor labels"),
    ],
)
def test_what_cannot_be_written_is_told(features: Any, labels: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError) as wrong:
        encode(features, labels)
    assert said in str(wrong.value)


def test_sparse_rows_become_a_matrix_of_scipy_and_count_what_is_no_number() -> None:
    table = np.array([[0, np.nan, 2], [0, 0, 0]], np.float32)
    (block,) = blocks(
        io.BytesIO(encode(Sparse(table[:1, 1:].ravel(), np.array([1, 2]), np.array([2, 0]), 3)).content.tobytes()), "x"
    )
    assert np.array_equal(block.features.csr().toarray(), table, equal_nan=True)
    assert block.missing() == 1
