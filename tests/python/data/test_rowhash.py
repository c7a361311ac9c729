"""The digest of rows: blind to order, shards, columns' order, quotes and format; not to a single row."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from random_tables import as_csv, tables

from shardr.data.merge import merge
from shardr.data.rowhash import RowDigest, combine, row_digest, row_hashes
from shardr.errors import DataError


def digest(content: bytes, name: str = "x.csv") -> RowDigest:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return row_digest(path)


def column(*cells: str) -> RowDigest:
    """The digest of a table with these cells in one of its columns, each in a row that does not differ otherwise."""
    return digest(b"k,a\n" + b"".join(f"1,{cell}\n".encode() for cell in cells))


@given(tables(), st.randoms())
def test_the_order_of_rows_does_not_matter(table, random: Any) -> None:
    names, rows = table
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert digest(as_csv(names, shuffled)) == digest(as_csv(names, rows))


@given(tables(), st.randoms())
def test_the_order_of_columns_does_not_matter(table, random: Any) -> None:
    names, rows = table
    order = list(range(len(names)))
    random.shuffle(order)
    turned = as_csv([names[k] for k in order], [[row[k] for k in order] for row in rows])
    assert digest(turned) == digest(as_csv(names, rows))


@given(tables(), st.lists(st.integers(0, 30), max_size=3))
def test_how_rows_are_spread_over_files_does_not_matter(table, cuts: list[int]) -> None:
    names, rows = table
    bounds = [0, *sorted(cuts), len(rows)]
    parts = [rows[a:b] for a, b in pairwise(bounds)]
    assert combine(digest(as_csv(names, part)) for part in parts) == digest(as_csv(names, rows))


@given(tables(), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_quotes_and_line_ends_do_not_matter(table, end: str, last: bool) -> None:
    assert digest(as_csv(*table, quoting=csv.QUOTE_ALL, end=end, last=last)) == digest(as_csv(*table))


@given(tables(), st.data())
def test_a_lost_row_shows(table, data: Any) -> None:
    names, rows = table
    assume(rows)
    lost = data.draw(st.integers(0, len(rows) - 1))
    assert digest(as_csv(names, rows[:lost] + rows[lost + 1 :])) != digest(as_csv(names, rows))


@given(tables(), st.data())
def test_a_row_in_place_of_another_shows(table, data: Any) -> None:
    names, rows = table
    assume(len(rows) > 1)
    lost, repeated = data.draw(st.permutations(range(len(rows))))[:2]
    other = [rows[repeated] if k == lost else row for k, row in enumerate(rows)]
    one = [digest(as_csv(names, [rows[k]])) for k in (lost, repeated)]
    assert (digest(as_csv(names, other)) == digest(as_csv(names, rows))) == (one[0] == one[1])


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), min_size=2, max_size=2))
def test_different_texts_differ(texts: list[str]) -> None:
    assume(len(set(texts)) == 2)
    one, other = (digest(as_csv(["k", "a"], [["1", f"text {text}"]])) for text in texts)
    assert one != other


def test_cells_that_change_places_within_a_row_or_a_column_show() -> None:
    assert digest(b"a,b\n1,2\n") != digest(b"a,b\n2,1\n")
    assert digest(b"a,b\n1,2\n3,4\n") != digest(b"a,b\n1,4\n3,2\n")


@pytest.mark.parametrize(
    "same",
    [
        ["1.5", "1.50", '"1.5"', "+1.5", "15e-1", "1.5E0", "0.15e+1"],
        ["999", "999.0", '"999"', "9.99e2", "999.", "+999"],
        ["100000", "1e+05", "1e5"],
        ["0", "0.0", "-0", "0e5"],
        ["0.5", ".5"],
        ["0.30000000000000004", "0.3", "0.3000000000000000000"],
        ["", "NA", '""', '"NA"', "NaN", "nan"],
        ["TRUE", "true", "True"],
        ["Inf", "inf", "+Inf"],
        ["2024-02-29", "2024-02-29 00:00:00", "2024-02-29T00:00:00Z"],
        ["2024-02-29T12:30:00Z", "2024-02-29 12:30:00.000000", "2024-02-29T13:30:00+01:00"],
        ["9007199254740993", "+9007199254740993"],
    ],
    ids=lambda same: same[0] or "missing",
)
def test_cells_that_mean_the_same_are_the_same(same: list[str]) -> None:
    """Also when they stand beside words, which takes another way through the code."""
    assert len({column(cell) for cell in same}) == 1
    assert len({column(cell, "word") for cell in same}) == 1
    assert combine([column("word"), column(same[0])]) == column("word", same[-1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("007", "7"),
        ("-01", "-1"),
        ("0x10", "16"),
        ("00", "0"),
        ("1", "TRUE"),
        ("0", ""),
        ("0", "FALSE"),
        ("9007199254740993", "9007199254740992"),
        ("123456789012345678901", "123456789012345678902"),
        ("1.23456789012345", "1.23456789012346"),
        ("2024-02-29", "2024-03-01"),
        ("2024-02-30", "2024-03-01"),
        ("2024-02-29 12:30:00", "2024-02-29 12:30:01"),
        ("unknown", "Unknown"),
        ("x", "x "),
        ("1", "1 "),
        ("x" * 300, "x" * 299 + "y"),
        ("x" * 256, "x" * 257),
    ],
)
def test_cells_that_mean_something_else_differ(one: str, other: str) -> None:
    assert column(one) != column(other)


@pytest.mark.parametrize("rows", [1, 3, 5000])
def test_a_cell_is_the_same_whatever_stands_beside_it(rows: int) -> None:
    """Columns are read in blocks and by the kind of all their cells: neither may show in the hash of one."""
    cells = ["1", "2.5", "007", "x", "9223372036854775807", "9223372036854775808", "1e300", "TRUE", "2024-02-30", "Inf"]
    cells += ["2024-02-29", "18446744073709551616", "-3", "0.1", "-", ".", "12e", "+5", "NaN", "nan1", "1e5", "5 "]
    for cell in cells:
        beside = [str(k) for k in range(rows)] + cells[: rows - 1]
        assert combine([column(cell), column(*beside)]) == column(cell, *beside), cell


def test_an_empty_column_is_like_none() -> None:
    assert digest(b"a,b\n1,\n2,NA\n") == digest(b"a\n1\n2\n")


def test_an_empty_line_is_a_missing_value_in_one_column() -> None:
    assert digest(b"a\n1\n\n3\n").rows == 3
    assert digest(b"a,b\n1,2\n\n3,4\n").rows == 2


TYPED = pa.table(
    {
        "i": pa.array([1, None, -(2**60)], pa.int64()),
        "d": pa.array([1.5, 999.0, None]),
        "computed": pa.array([0.1 + 0.2, 1 / 3, 1e-7 / 3]),
        "small": pa.array([0.1, 0.25, None], pa.float32()),
        "b": pa.array([True, False, None]),
        "s": pa.array(["007", 'say "x",\nthen', "é" * 200]),
        "f": pa.array(["u", "v", "u"]).dictionary_encode(),
        "day": pa.array(["2024-02-29", None, "1969-12-31"]).cast(pa.date32()),
        "at": pa.array(["2024-02-29 01:02:03.000004", None, "1900-01-01"]).cast(pa.timestamp("us")),
        "zoned": pa.array(["2024-02-29 01:02:03Z"] * 3).cast(pa.timestamp("ms", "Europe/Berlin")),
        "none": pa.nulls(3),
    }
)


@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.jsonl", "x.csv.gz", "x.jsonl.gz"])
def test_the_same_table_in_another_format_has_the_same_digest(tmp_path: Path, name: str) -> None:
    pq.write_table(TYPED, tmp_path / "x.parquet")
    merge([tmp_path / "x.parquet"], tmp_path / name)
    assert row_digest(tmp_path / name) == row_digest(tmp_path / "x.parquet")


def test_json_lines_of_mixed_types_and_missing_keys_are_read_line_by_line() -> None:
    mixed = digest(b'{"a": 1, "b": "x"}\n{"a": "y"}\n{"b": true, "a": null}\n', "x.jsonl")
    assert mixed == digest(b"a,b\n1,x\ny,\n,TRUE\n")


def test_nested_json_is_text() -> None:
    one = digest(b'{"a": {"x": 1, "y": [1, 2]}}\n', "x.jsonl")
    assert one == digest(b'{"a": {"y": [1, 2], "x": 1}}\n', "x.jsonl")
    assert one != digest(b'{"a": {"y": [2, 1], "x": 1}}\n', "x.jsonl")


def test_columns_that_only_parquet_has_are_hashed_too(tmp_path: Path) -> None:
    import decimal

    columns = {
        "raw": pa.array([b"\xff\x00", None]),
        "decimal": pa.array([decimal.Decimal("1.50"), None]),
        "time": pa.array([1, None], pa.time32("s")),
        "unsigned": pa.array([2**64 - 1, None], pa.uint64()),
        "list": pa.array([[1, 2], None]),
        "struct": pa.array([{"x": 1}, None]),
    }
    whole = pa.table(columns)
    pq.write_table(whole, tmp_path / "x.parquet")
    digests = {row_digest(tmp_path / "x.parquet")}
    for name in columns:
        changed = whole.set_column(whole.schema.get_field_index(name), name, columns[name].take(pa.array([1, 0])))
        pq.write_table(changed, tmp_path / "y.parquet")
        digests.add(row_digest(tmp_path / "y.parquet"))
    assert len(digests) == 1 + len(columns)


def test_empty_files_have_no_rows(tmp_path: Path) -> None:
    pq.write_table(TYPED.slice(0, 0), tmp_path / "x.parquet")
    assert row_digest(tmp_path / "x.parquet") == RowDigest(0, 0)
    assert {digest(b"", name) for name in ("x.csv", "x.tsv", "x.jsonl")} == {RowDigest(0, 0)}
    for content in (b"a,b", b"a,b\n", b"a,b\r\n", b"a,b\n\n\n", b"a", b"a\n", b"\n\na,b\n\n"):
        assert digest(content) == RowDigest(0, 0)


def test_hashes_come_in_the_order_of_the_rows() -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(b"a,b\n1,2\n3,4\n1,2\n")
        first, second, third = (tuple(row) for block in row_hashes(path) for row in block.T)
    assert first == third != second


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", b"a,b\n1,2\n3\n", "as csv"),
        ("x.csv", b"a,a\n1,2\n", "two columns of the same name: a"),
        ("x.csv", b"a,b\n1,gr\xf6\n", "as csv"),
        ("x.jsonl", b'{"a": 1}\n{"a": \n', "line 2 is not JSON"),
        ("x.jsonl", b"[1, 2]\n", "line 1 is not a JSON object"),
        ("x.parquet", b"nothing", "as parquet"),
        ("x.rds", b"nothing", "is not a table"),
    ],
)
def test_a_file_that_is_not_what_its_name_promises_is_named(name: str, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        digest(content, name)
    assert name in str(caught.value)


def test_the_digest_never_changes_between_versions() -> None:
    """Digests are kept in run records; a changed rule must be a decision."""
    assert digest(b"a,b\n1,x\n2.5,\n").digest == 28044896075980718122523147829264109129
