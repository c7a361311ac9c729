"""The name of a file says what it holds."""

from __future__ import annotations

import pytest

from shardr.data.formats import Format, stem, tabular


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.csv", Format("csv")),
        ("a.TSV", Format("tsv")),
        ("deep/a.b.jsonl", Format("jsonl")),
        ("a.ndjson.gz", Format("jsonl", gzipped=True)),
        ("a.csv.GZ", Format("csv", gzipped=True)),
        ("a.parquet", Format("parquet")),
        ("a.pbr", Format("recordio")),
        ("a.parquet.gz", None),
        ("a.pbr.gz", None),
        ("a.gz", None),
        ("a.rds", None),
        ("csv", None),
        (".csv", None),
    ],
)
def test_a_format_is_told_by_the_ending(name: str, expected: Format | None) -> None:
    assert tabular(name) == expected


def test_the_stem_keeps_inner_dots_and_drops_gz() -> None:
    assert stem("x/bank.2024.csv.gz") == ("bank.2024", ".csv")
    assert stem("bank.parquet") == ("bank", ".parquet")
