"""Merging joins what is alike, refuses what is not, and fills what it is asked to."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shardr.data.merge import MergeResult, merge, read
from shardr.data.records import count
from shardr.data.rowhash import combine, row_digest
from shardr.errors import ColumnsDifferError, DataError


def merged(make, contents: list[str], *, name: str = "csv", to: str = "csv", fill: bool = False) -> str:
    files = [make(f"s{k}.{name}", content) for k, content in enumerate(contents)]
    out = files[0].parent / "out" / f"all.{to}"
    out.parent.mkdir(exist_ok=True)
    merge(files, out, fill=fill)
    return gzip.decompress(out.read_bytes()).decode() if to.endswith("gz") else out.read_bytes().decode()


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        (["a,b\n1,2\n", "a,b\n3,4\n"], "a,b\n1,2\n3,4\n"),
        (["a,b\n1,2", "a,b\n3,4"], "a,b\n1,2\n3,4"),
        (["a,b\r\n1,2", "a,b\r\n3,4\r\n"], "a,b\r\n1,2\r\n3,4\r\n"),
        (["", "a,b\n1,2\n", "", "a,b\n", "a,b", "a,b\n3,4\n", ""], "a,b\n1,2\n3,4\n"),
        (["a,b", "a,b\n1,2\n"], "a,b\n1,2\n"),
        (["a,b\n", "a,b"], "a,b\n"),
        (["", ""], ""),
        (["\ufeffa,b\n1,2\n", "\ufeffa,b\n3,4\n"], "\ufeffa,b\n1,2\n3,4\n"),
        (["a,b\n1,2\n", "\ufeffa,b\n3,4\n"], "a,b\n1,2\n3,4\n"),
        (['"a",b\n1,2\n', 'a,"b"\n3,4\n'], '"a",b\n1,2\n3,4\n'),
        (['"a\nx",b\n1,"2\n3"\n', '"a\nx",b\n4,"a,b\n"\n'], '"a\nx",b\n1,"2\n3"\n4,"a,b\n"\n'),
        (["a,b\n1,2\n", "a;b\n3;4,5\n"], 'a,b\n1,2\n3,"4,5"\n'),
    ],
)
def test_csv_with_the_same_columns_is_joined_byte_by_byte(make, contents: list[str], expected: str) -> None:
    assert merged(make, contents) == expected


def test_zipped_shards_join_to_plain_or_zipped_text(make) -> None:
    files = [make(f"{k}.csv.gz", gzip.compress(b"a,b\n%d,2" % k)) for k in range(3)]
    merge(files, files[0].parent / "all.csv")
    assert (files[0].parent / "all.csv").read_text() == "a,b\n0,2\n1,2\n2,2"
    merge(files, files[0].parent / "all.csv.gz")
    assert gzip.decompress((files[0].parent / "all.csv.gz").read_bytes()) == b"a,b\n0,2\n1,2\n2,2"


def test_json_lines_are_joined_line_by_line(make) -> None:
    contents = ['{"a":1}', "", '\ufeff{"b":2}\n', '{"a":3}\n']
    assert merged(make, contents, name="jsonl", to="jsonl") == '{"a":1}\n{"b":2}\n{"a":3}\n'


@pytest.mark.parametrize(
    ("third", "message"),
    [
        ("a,b\n5,6\n", "s2.csv: lacks c"),
        ("a,b,c,d\n", "s2.csv: has d besides"),
        ("a,x,c\n", "s2.csv: lacks b and has x besides"),
        ("a,c,b\n", "s2.csv: has the columns in another order: a, c, b"),
    ],
)
def test_a_shard_with_other_columns_is_named(make, tmp_path: Path, third: str, message: str) -> None:
    with pytest.raises(ColumnsDifferError, match="1 of 3 shards has other columns") as caught:
        merged(make, ["a,b,c\n1,2,3\n", "a,b,c\n", third])
    assert message in str(caught.value)
    assert "the columns are a, b, c" in str(caught.value)
    assert "fill=True (R: fill = TRUE, shell: --fill)" in str(caught.value)
    assert not list((tmp_path / "out").iterdir())
    with pytest.raises(ColumnsDifferError):
        read(sorted(tmp_path.glob("s*.csv")))


def test_the_odd_one_is_named_also_when_it_comes_first(make) -> None:
    with pytest.raises(ColumnsDifferError) as caught:
        merged(make, ["a\n1\n", "a,b\n1,2\n", "a,b\n3,4\n"])
    assert [Path(problem.path).name for problem in caught.value.problems] == ["s0.csv"]


def test_fill_takes_all_columns_and_leaves_values_as_they_were_written(make) -> None:
    contents = ['a,b\n007,"x, y"\n1.50,"say ""hi"""\n', "", "b,c\nNA,TRUE\n,\n", 'c,a\n"",2\n']
    assert merged(make, contents, fill=True) == ('a,b,c\n007,"x, y",\n1.50,"say ""hi""",\n,,TRUE\n,,\n2,,""\n')


SAID = 's,n,day\na,"1",2024-02-29\n"","",""\n"NA","NA","NA"\n,,\nNA,NA,NA\n'
"""Text that is empty, text that says NA, and two ways to write that a value is missing."""


def test_quotes_tell_an_empty_text_and_the_text_na_from_a_missing_value(make) -> None:
    table = read([make("x.csv", SAID)])
    assert table.column("s").to_pylist() == ["a", "", "NA", None, None]
    assert [str(field.type) for field in table.schema] == ["string", "int64", "date32[day]"]
    assert [table.column(k).null_count for k in (1, 2)] == [4, 4]
    only = read([make("y.csv", 's\n""\n\n"NA"\nNA\n')])
    assert only.column("s").to_pylist() == ["", None, "NA", None]


@pytest.mark.parametrize("way", [["parquet"], ["tsv"], ["jsonl"], ["parquet", "csv"], ["tsv", "csv"], ["jsonl", "csv"]])
def test_empty_text_and_missing_values_survive_each_format(make, tmp_path: Path, way: list[str]) -> None:
    first = path = make("x.csv", SAID)
    for step, kind in enumerate(way):
        merge([path], tmp_path / f"{step}.{kind}")
        path = tmp_path / f"{step}.{kind}"
    assert read([path]).column("s").to_pylist() == ["a", "", "NA", None, None]
    assert row_digest(path) == row_digest(first)


def test_csv_becomes_tsv_without_a_change_of_the_cells(make) -> None:
    assert merged(make, ['a,b\n007,"x\ty"\n'], to="tsv") == 'a\tb\n007\t"x\ty"\n'


def test_types_are_the_same_for_all_shards(make) -> None:
    files = [
        make("0.csv", "int,wide,num,text,lgl,day,at,utc,id,empty,big\n1,1,1,1,TRUE,2024-02-29,2024-02-29,,007,,1\n"),
        make("1.csv", "int,wide,num,text,lgl,day,at,utc,id,empty,big\n"),
        make(
            "2.csv",
            "int,wide,num,text,lgl,day,at,utc,id,empty,big\n"
            "NA,9007199254740993,1.5,x,false,,2024-02-29 12:00:00,2024-02-29T12:00:00Z,12,NA,12345678901234567890\n"
            ",,NaN,NA,,NA,NA,NA,,,\n",
        ),
    ]
    table = read(files)
    assert {field.name: str(field.type) for field in table.schema} == {
        "int": "int64",
        "wide": "int64",
        "num": "double",
        "text": "string",
        "lgl": "bool",
        "day": "date32[day]",
        "at": "timestamp[us]",
        "utc": "timestamp[us, tz=UTC]",
        "id": "string",
        "empty": "string",
        "big": "string",
    }
    assert table.column("int").to_pylist() == [1, None, None]
    assert table.column("wide").to_pylist() == [1, 9007199254740993, None]
    assert table.column("text").to_pylist() == ["1", "x", None]
    assert table.column("lgl").to_pylist() == [True, False, None]
    assert table.column("id").to_pylist() == ["007", "12", None]
    assert table.column("big").to_pylist()[1] == "12345678901234567890"
    merge(files, files[0].parent / "all.parquet")
    assert pq.read_table(files[0].parent / "all.parquet").schema.equals(table.schema)
    assert combine(map(row_digest, files)) == row_digest(files[0].parent / "all.parquet")


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "2.5"], "double"),
        (["1", "1e5", "Inf", "-Inf", "NaN"], "double"),
        (["1", "x"], "string"),
        (["TRUE", "1"], "string"),
        (["T", "F"], "string"),
        (["-01"], "string"),
        (["0x1F"], "string"),
        (["0", "0.5", "-0.5", "0e1"], "double"),
        (["9007199254740993", "0.5"], "string"),
        (["9007199254740994", "0.5", "-9223372036854774784"], "double"),
        (["9223372036854775807", "0.5"], "string"),
        (["9223372036854775808", "0.5"], "string"),
        (["1" * 5000, "0.5"], "string"),
        (["2024-02-30"], "string"),
        (["2024-02-29", "x"], "string"),
        (["10:30:00"], "string"),
        (["NA", ""], "string"),
        (["NA", "5"], "int64"),
        ([" 5"], "string"),
    ],
)
def test_a_column_has_the_first_type_that_all_its_values_fit(make, cells: list[str], kind: str) -> None:
    files = [make(f"{k}.csv", f"k,a\n1,{cell}\n") for k, cell in enumerate(cells)]
    together = make("all.csv", "k,a\n" + "".join(f"1,{cell}\n" for cell in cells))
    assert str(read(files).schema.field("a").type) == kind
    assert str(read([together]).schema.field("a").type) == kind


def test_parquet_shards_of_unlike_types_go_to_the_wider_one(tmp_path: Path) -> None:
    tables = [
        pa.table({"a": pa.array([1], pa.int32()), "b": [1], "c": pa.nulls(1), "d": ["x"]}),
        pa.table({"a": pa.array([2], pa.int64()), "b": [1.5], "c": ["z"], "d": pa.array(["y"]).dictionary_encode()}),
    ]
    files = [tmp_path / f"{k}.parquet" for k in range(2)]
    for file, table in zip(files, tables, strict=True):
        pq.write_table(table, file)
    merge(files, tmp_path / "all.parquet")
    table = pq.read_table(tmp_path / "all.parquet")
    assert [str(field.type) for field in table.schema] == ["int64", "double", "string", "string"]
    assert table.to_pylist() == [{"a": 1, "b": 1.0, "c": None, "d": "x"}, {"a": 2, "b": 1.5, "c": "z", "d": "y"}]
    assert read(files).equals(table)


def test_json_strings_stay_strings_and_missing_keys_are_null(make) -> None:
    files = [make("0.jsonl", '{"a": "2024-01-01", "b": 1}\n'), make("1.jsonl", '{"a": "x"}\n{"b": 2.5}\n')]
    assert read(files).to_pylist() == [{"a": "2024-01-01", "b": 1.0}, {"a": "x", "b": None}, {"a": None, "b": 2.5}]


def test_the_columns_of_json_lines_come_in_the_order_of_the_first_record(make) -> None:
    rows = '{"n": 1, "at": "2024-01-01", "x": 0.5}\n{"new": "2024-01-02", "x": 1.5, "n": 2, "at": "2024-01-02"}\n'
    table = read([make("0.jsonl", rows)])
    assert table.column_names == ["n", "at", "x", "new"]
    assert table.column("at").to_pylist() == ["2024-01-01", "2024-01-02"]


@pytest.mark.parametrize("digits", ["9007199254740994", "-9223372036854774784"])
def test_large_whole_numbers_among_fractions_have_the_same_digest_as_parquet(make, tmp_path: Path, digits: str) -> None:
    source = make("x.csv", f"a,b\n{digits},1\n0.5,2\n")
    merge([source], tmp_path / "x.parquet")
    assert read([tmp_path / "x.parquet"]).column("a").to_pylist() == [float(digits), 0.5]
    assert row_digest(tmp_path / "x.parquet") == row_digest(source)


def test_files_without_records_make_a_table_without_rows(make) -> None:
    assert read([make("0.csv", ""), make("1.csv", "a,b\n")]).schema.names == ["a", "b"]
    assert read([make("2.csv", "")]).num_rows == 0
    for to in ("parquet", "jsonl", "tsv"):
        out = make("x", "").parent / f"all.{to}"
        merge([make("0.csv", "a,b\n"), make("1.csv", "")], out)
        assert count(out) == 0


def test_the_result_tells_size_and_place(make, tmp_path: Path) -> None:
    files = [make("0.csv", "a\n1\n"), make("1.csv", "a\n2\n")]
    (tmp_path / "a folder").mkdir()
    assert merge(files, tmp_path / "a folder" / "all.csv") == MergeResult(tmp_path / "a folder" / "all.csv", 2, 6)
    assert [path.name for path in (tmp_path / "a folder").iterdir()] == ["all.csv"]
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "a folder" / "all.csv").stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "no files to merge"),
        (["a.csv", "b.parquet"], "different formats cannot be merged: csv, parquet"),
        (["a.rds"], "a.rds is not a table"),
        (["missing.csv"], "Cannot read .*missing.csv"),
        (["a.csv", "all.csv"], "is one of the shards"),
    ],
)
def test_what_cannot_be_merged_is_refused(make, tmp_path: Path, names: list[str], message: str) -> None:
    for name in names:
        if name != "missing.csv":
            make(name, "a\n1\n")
    if "b.parquet" in names:
        pq.write_table(pa.table({"a": [1]}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match=message):
        merge([tmp_path / name for name in names], tmp_path / "all.csv")


def test_a_target_of_an_unknown_format_is_refused(make) -> None:
    with pytest.raises(DataError, match=r"all.xlsx is not a table[\s\S]*parquet"):
        merged(make, ["a\n1\n"], to="xlsx")


def test_a_shard_that_breaks_half_way_leaves_no_result(make, tmp_path: Path) -> None:
    make("all.csv", "old")
    files = [make("0.csv", "a,b\n1,2\n"), make("1.csv", "b,a\n1,2\n3\n")]
    with pytest.raises(DataError, match=r"1\.csv as csv"):
        merge(files, tmp_path / "all.csv", fill=True)
    assert (tmp_path / "all.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.csv", "1.csv", "all.csv"]


def test_the_real_data_keep_every_byte_and_row(bank: list[Path], tmp_path: Path) -> None:
    merge(bank, tmp_path / "all.csv")
    head = bank[0].read_bytes().split(b"\n", 1)[0] + b"\n"
    assert (tmp_path / "all.csv").read_bytes() == head + b"".join(p.read_bytes()[len(head) :] for p in bank)
    merge(bank, tmp_path / "all.parquet")
    assert row_digest(tmp_path / "all.parquet") == combine(map(row_digest, bank)) == row_digest(tmp_path / "all.csv")
    assert read(bank).schema.field("pdays").type == pa.int64()
