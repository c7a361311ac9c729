"""What is written reads back the same, and only what must be quoted is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from shardr.data.formats import Format
from shardr.data.write import write
from shardr.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

BATCH = pa.record_batch(
    {
        "plain": ["NA", None, ""],
        "a, b": ['say "x"', "1,2", "two\nlines"],
        "n": [1.5, None, float("nan")],
        "f": pa.array([0.1, 0.25, None], pa.float32()),
        "l": [True, False, None],
    }
)


def test_csv_quotes_only_what_must_be(tmp_path: Path) -> None:
    write(tmp_path / "x.csv", Format("csv"), BATCH.schema, [BATCH, BATCH.slice(0, 0), BATCH.slice(1, 1)])
    assert (tmp_path / "x.csv").read_text() == (
        'plain,"a, b",n,f,l\n'
        '"NA","say ""x""",1.5,0.1,true\n,"1,2",,0.25,false\n"","two\nlines",nan,,\n'
        ',"1,2",,0.25,false\n'
    )


def test_tsv_quotes_tabs_and_not_commas(tmp_path: Path) -> None:
    batch = pa.record_batch({"a": ["x,y", "x\ty"]})
    write(tmp_path / "x.tsv", Format("tsv"), batch.schema, [batch])
    assert (tmp_path / "x.tsv").read_text() == 'a\nx,y\n"x\ty"\n'


def test_json_lines_are_json_also_for_what_json_cannot_say(tmp_path: Path) -> None:
    write(tmp_path / "x.jsonl", Format("jsonl"), BATCH.schema, [BATCH])
    rows = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert [row["n"] for row in rows] == [1.5, None, None]
    assert [row["f"] for row in rows] == [0.1, 0.25, None]
    assert rows[0]["a, b"] == 'say "x"'


def test_small_batches_share_a_row_group(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    write(tmp_path / "x.parquet", Format("parquet"), BATCH.schema, [BATCH] * 100)
    assert pq.read_metadata(tmp_path / "x.parquet").num_row_groups == 1
    assert pq.read_table(tmp_path / "x.parquet").num_rows == 300


def test_a_column_that_the_format_cannot_hold_is_an_error_of_ours(tmp_path: Path) -> None:
    batch = pa.record_batch({"a": [[1, 2], [3]]})
    with pytest.raises(DataError, match="cannot be written as csv"):
        write(tmp_path / "x.csv", Format("csv"), batch.schema, [batch])
