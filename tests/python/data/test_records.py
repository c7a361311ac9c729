"""Counting records: quotes, line ends, empty lines, and files that are broken."""

from __future__ import annotations

import csv
import gzip
import io
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_tables import as_csv, tables

from shardr.data.records import GivenUpError, count
from shardr.errors import DataError


@pytest.mark.parametrize(
    ("content", "records"),
    [
        ("", 0),
        ("\n\n", 0),
        ("a,b", 0),
        ("a,b\n", 0),
        ("a,b\n1,2\n", 1),
        ("a,b\n1,2", 1),
        ("a,b\r\n1,2\r\n3,4\r\n", 2),
        ("a,b\r1,2\r3,4", 2),
        ('a,b\n1,"x\ny"\n', 1),
        ('a,b\n1,"x\r\n\r\ny"\r\n', 1),
        ('a,b\n1,"x ""quoted"" \n y"\n2,z\n', 2),
        ('"a\nb",c\n1,2\n', 1),
        ('a,b\n1,"x\ry"\n', 1),
        ('a,b\n"",""\n', 1),
        ("a,b\n\n1,2\n\n\n3,4\n\n", 2),
        ("\n\na,b\n1,2\n", 1),
        ("a,b\n,\n", 1),
        ('a,b\n5" pipe,1\n6,2\n', 2),
        ("a;b\n1,5;2\n", 1),
        ("\ufeffa,b\n1,2\n", 1),
    ],
)
def test_csv_records_are_counted_as_readers_read_them(make, content: str, records: int) -> None:
    assert count(make("x.csv", content)) == records


def test_an_empty_line_is_a_missing_value_in_a_file_of_one_column(make) -> None:
    """R's fwrite writes NA in a single column as an empty line, and fread reads it back."""
    assert count(make("x.csv", "a\n1\n\n3\n")) == 3
    assert count(make("x.csv", "a\r\n\r\n")) == 1


@pytest.mark.parametrize(
    ("content", "records"),
    [("", 0), ('{"a":1}\n', 1), ('{"a":1}\n{"a":2}', 2), ('\n{"a":1}\n \n\t\n\r\n{"a":2}\r\n', 2), ("  \n\n", 0)],
)
def test_blank_json_lines_do_not_count(make, content: str, records: int) -> None:
    assert count(make("x.jsonl", content)) == records


def test_zipped_text_counts_the_same(make) -> None:
    assert count(make("x.csv.gz", gzip.compress(b"a,b\n1,2\n3,4\n"))) == 2


def test_parquet_counts_from_its_footer(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"a": range(7)}), tmp_path / "x.parquet")
    assert count(tmp_path / "x.parquet") == 7


def test_a_file_that_is_no_table_has_no_count(make) -> None:
    assert count(make("model.rds", "x")) is None


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", 'a,b\n1,"x\n2,3\n', "breaks off inside a quoted field"),
        ("x.csv.gz", b"no gzip", "Cannot read"),
        ("x.csv.gz", gzip.compress(b"a,b\n" + b"1,2\n" * 1000, mtime=0)[:-12], "Cannot read"),
        ("x.parquet", b"no parquet", "as parquet"),
    ],
)
def test_a_broken_file_is_named(make, name: str, content: str | bytes, message: str) -> None:
    path = make(name, content)
    with pytest.raises(DataError, match=message) as caught:
        count(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere.csv[\s\S]*No such file"):
        count(tmp_path / "nowhere.csv")


@pytest.mark.parametrize("block", [1, 2, 7, 1 << 19])
def test_where_a_block_ends_does_not_matter(make, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    path = make("x.csv", 'a,b\n1,"x\n""\ny"\n\n2,"z"\n3,5" pipe\n4,"\n\n"\n')
    from shardr.data import text

    monkeypatch.setattr(text.blocks, "__defaults__", (block,))
    assert count(path) == 4


@given(tables(), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_the_count_is_that_of_pythons_csv_reader(table, end: str, last: bool, quoting: int) -> None:
    content = as_csv(*table, quoting=quoting, end=end, last=last)
    reader = csv.reader(io.StringIO(content.decode(), newline=""))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(content)
        assert count(path) == sum(1 for row in reader if row) - 1 == len(table[1])


def test_counting_text_loads_neither_numpy_nor_pyarrow(make) -> None:
    """The supervisor of a job counts rows; it must stay light."""
    program = "import sys; from shardr.data.records import count; count(sys.argv[1]); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program, str(make("x.csv", "a\n1\n"))], capture_output=True, text=True, check=True
    )
    assert {"numpy", "pyarrow", "pandas", "boto3", "pydantic"}.isdisjoint(done.stdout.split())


def test_the_real_data_have_41177_records(bank: list[Path]) -> None:
    assert [count(path) for path in bank] == [10297, 10295, 10294, 10291]


def test_a_count_that_nobody_wants_any_more_ends_before_the_next_block(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    path.write_text("a\n" + "1\n" * 2_000_000)
    answers = iter([True, True, False])
    with pytest.raises(GivenUpError):
        count(path, wanted=lambda: next(answers))
    assert next(answers, None) is None
