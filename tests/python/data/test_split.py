"""Splitting keeps each record whole and each byte; merging the shards gives the file back."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_tables import as_csv, tables

from shardr.data.merge import merge
from shardr.data.records import count
from shardr.data.rowhash import combine, row_digest
from shardr.data.split import first_part, split
from shardr.errors import DataError


@given(
    tables(),
    st.integers(1, 9),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from([b"", b"\xef\xbb\xbf", b"\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_merging_the_shards_of_a_csv_gives_each_byte_back(
    table, shards: int, end: str, last: bool, front: bytes, quoting: int
) -> None:
    content = front + as_csv(*table, quoting=quoting, end=end, last=last)
    with TemporaryDirectory() as folder:
        source = Path(folder) / "x.csv"
        source.write_bytes(content)
        written = split(source, shards, Path(folder) / "shards")
        assert sum(count(path) or 0 for path in written) == len(table[1])
        assert combine(row_digest(path) for path in written) == row_digest(source)
        merge(written, Path(folder) / "y.csv")
        assert (Path(folder) / "y.csv").read_bytes() == content


@given(st.lists(st.integers(0, 10**6), max_size=30), st.integers(1, 9), st.booleans())
def test_merging_the_shards_of_json_lines_gives_each_byte_back(numbers: list[int], shards: int, last: bool) -> None:
    content = b"".join(b'{"a": %d}\n' % number for number in numbers)
    content = content if last else content.rstrip(b"\n")
    with TemporaryDirectory() as folder:
        source = Path(folder) / "x.jsonl"
        source.write_bytes(content)
        written = split(source, shards, Path(folder))
        assert sum(count(path) or 0 for path in written) == len(numbers)
        merge(written, Path(folder) / "y.jsonl")
        assert (Path(folder) / "y.jsonl").read_bytes() == content


@pytest.mark.parametrize("block", [1, 5, 64])
def test_where_a_block_ends_does_not_matter(make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    from shardr.data import text

    source = make("x.csv", 'a,b\n1,"x\n""\ny"\n2,"z"\n3,5" pipe\n4,"\n\n"\n5,6\n')
    monkeypatch.setattr(text.blocks, "__defaults__", (block,))
    written = split(source, 5, tmp_path / "to")
    assert [count(path) for path in written] == [1] * 5


def test_shards_have_about_equal_bytes(make, tmp_path: Path) -> None:
    source = make("x.csv", "a,b\n" + "".join(f'{k},"line\n{k}"\n' for k in range(10_000)))
    sizes = [path.stat().st_size for path in split(source, 7, tmp_path / "to")]
    assert max(sizes) - min(sizes) < 60


def test_shards_are_named_by_number_and_total(make, tmp_path: Path) -> None:
    written = split(make("bank.full.csv", "a\n1\n2\n"), 2, tmp_path / "to")
    assert [path.name for path in written] == ["bank.full-00001-of-00002.csv", "bank.full-00002-of-00002.csv"]
    assert sorted((tmp_path / "to").iterdir()) == written


def test_with_fewer_records_than_shards_the_last_ones_have_only_the_header(make, tmp_path: Path) -> None:
    written = split(make("x.csv", "a,b\n1,2\n3,4\n"), 4, tmp_path / "to")
    assert [path.read_text() for path in written] == ["a,b\n1,2\n", "a,b\n3,4\n", "a,b\n", "a,b\n"]


@pytest.mark.parametrize(("name", "content"), [("x.csv", ""), ("x.csv", "a,b"), ("x.jsonl", ""), ("x.tsv", "a\tb\n")])
def test_a_source_without_records_gives_shards_without_records(make, tmp_path: Path, name: str, content: str) -> None:
    written = split(make(name, content), 3, tmp_path / "to")
    assert [path.read_text() for path in written] == [content] * 3


def test_a_zipped_source_is_unpacked(make, tmp_path: Path) -> None:
    written = split(make("x.csv.gz", gzip.compress(b"a,b\n1,2\n3,4\n")), 2, tmp_path / "to")
    assert [path.name for path in sorted((tmp_path / "to").iterdir())] == [path.name for path in written]
    assert [path.read_text() for path in written] == ["a,b\n1,2\n", "a,b\n3,4\n"]


@pytest.mark.parametrize(("rows", "shards"), [(0, 2), (1, 3), (10, 3), (300_000, 2)])
def test_parquet_is_cut_at_equal_rows(tmp_path: Path, rows: int, shards: int) -> None:
    table = pa.table({"i": pa.array(range(rows), pa.int64()), "s": pa.array(map(str, range(rows)), pa.string())})
    pq.write_table(table, tmp_path / "x.parquet", row_group_size=7 if rows < 100 else 50_000)
    written = split(tmp_path / "x.parquet", shards, tmp_path / "to")
    assert [count(path) for path in written] == [(k + 1) * rows // shards - k * rows // shards for k in range(shards)]
    assert pa.concat_tables(pq.read_table(path) for path in written).equals(table)


def test_existing_shards_are_not_overwritten_unless_asked(make, tmp_path: Path) -> None:
    """Shards of another number would be read together with the new ones: they go as well."""
    source, to = make("x.csv", "a,b\n1,2\n3,4\n"), tmp_path / "to"
    first = split(source, 4, to)
    (to / "x-1-of-2.csv").write_text("not ours")
    with pytest.raises(DataError, match=r"4 shards of x\.csv already") as caught:
        split(source, 2, to)
    assert "overwrite=True (R: overwrite = TRUE, shell: --overwrite)" in str(caught.value)
    assert all(path.exists() for path in first)
    second = split(source, 2, to, overwrite=True)
    assert sorted(to.iterdir()) == sorted([*second, to / "x-1-of-2.csv"])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", 'a,b\n1,"x\n2,3\n', "breaks off inside a quoted field"),
        ("x.csv.gz", "no gzip", "Cannot read"),
        ("x.parquet", "no parquet", "as parquet"),
        ("x.rds", "", "is not a table"),
    ],
)
def test_a_broken_source_leaves_nothing_behind(make, tmp_path: Path, name: str, content: str, message: str) -> None:
    to = tmp_path / "to"
    with pytest.raises(DataError, match=message):
        split(make(name, content), 2, to)
    assert not to.exists() or not list(to.iterdir())


def test_no_shards_cannot_be_asked_for(make, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be split into 0 shards"):
        split(make("x.csv", "a\n1\n"), 0, tmp_path)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """160 MB of quoted CSV pass through a process that may hold no more than 40 MB beyond what it starts with."""
    line = b'1,"quoted ""text"" over\ntwo lines",' + b"x" * 40 + b"\n"
    with (tmp_path / "x.csv").open("wb") as out:
        out.write(b"a,b,c\n")
        for _ in range(200):
            out.write(line * 10_000)
    program = (
        "import sys, resource\nfrom pathlib import Path\nfrom shardr.data.split import split\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\nsplit(Path(sys.argv[1]), 3, Path(sys.argv[2]))\nprint(peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "x.csv", tmp_path / "to"], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 40 * 1024


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.csv.gz", "a.parquet"])
def test_the_first_part_is_the_first_shard(tmp_path: Path, name: str) -> None:
    rows = [{"a": i, "b": f"x{i}"} for i in range(1000)]
    source = tmp_path / name
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows), source)
    else:
        lines = [json.dumps(row) for row in rows] if "jsonl" in name else ["a,b", *(f"{r['a']},{r['b']}" for r in rows)]
        text = ("\n".join(lines) + "\n").encode()
        source.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    (tmp_path / "to").mkdir()
    weight = first_part(source, 8, tmp_path / "to" / name)
    (made,) = (tmp_path / "to").iterdir()
    assert made.name == name.removesuffix(".gz")
    assert made.read_bytes() == split(source, 8, tmp_path / "shards")[0].read_bytes()
    assert weight == pytest.approx(source.stat().st_size / 8, rel=0.05)


def test_the_first_part_never_ends_inside_a_record_and_has_one_at_least(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_bytes(b'a,b\n1,"x\ny\nz"\n2,y\n3,z\n')
    assert first_part(source, 16, tmp_path / "part.csv") == 14
    assert (tmp_path / "part.csv").read_bytes() == b'a,b\n1,"x\ny\nz"\n'
    source.write_bytes(b"a,b\n")
    assert first_part(source, 4, tmp_path / "part.csv") == 4
    source.write_bytes(b"a,b\n1,2")
    assert first_part(source, 4, tmp_path / "part.csv") == 7
