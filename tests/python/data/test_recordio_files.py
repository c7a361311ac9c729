"""Tables become files of recordIO-protobuf, and come back."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import sparse

import shardr
from shardr.data.ledger import audit
from shardr.data.merge import merge, read
from shardr.data.records import count
from shardr.data.rowhash import combine, row_digest
from shardr.data.split import first_part, split
from shardr.errors import ColumnsDifferError, DataError
from shardr.recordio.blocks import joined

if TYPE_CHECKING:
    from pathlib import Path

FRAME = pd.DataFrame({"y": [0.0, 1, 0, 1, 1], "a": [1.5, -2, 3, np.nan, 5], "b": [7, 8, 9, 10, 11]})


def all_of(*paths: Path) -> Any:
    return joined(list(shardr.recordio_blocks(list(paths))))


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet", "frame", "arrow"])
def test_tables_of_every_form_make_the_same_records(tmp_path: Path, ending: str) -> None:
    rows: Any = tmp_path / f"rows.{ending}"
    if ending in {"csv", "tsv"}:
        FRAME.to_csv(rows, index=False, sep="," if ending == "csv" else "\t")
    elif ending == "jsonl":
        FRAME.to_json(rows, orient="records", lines=True)
    elif ending == "parquet":
        FRAME.to_parquet(rows)
    else:
        rows = FRAME if ending == "frame" else pa.Table.from_pandas(FRAME)
    (made,) = shardr.write_recordio(rows, tmp_path / "rows.pbr", label="y")
    matrix = FRAME[["a", "b"]].to_numpy(np.float32)
    shardr.write_recordio(matrix, tmp_path / "matrix.pbr", labels=FRAME["y"].to_numpy(np.float32))
    assert made.path.read_bytes() == (tmp_path / "matrix.pbr").read_bytes()
    assert (made.rows, made.bytes) == (5, made.path.stat().st_size)


def test_a_table_comes_back_with_its_label_first(tmp_path: Path) -> None:
    shardr.write_recordio(FRAME, tmp_path / "rows.pbr", label="y")
    wanted = FRAME.astype(np.float32).set_axis(["label", "V1", "V2"], axis=1)
    pd.testing.assert_frame_equal(shardr.read_recordio(tmp_path / "rows.pbr"), wanted)
    for ending in ("csv", "parquet", "jsonl"):
        made = shardr.decode_recordio(tmp_path / "rows.pbr", tmp_path / f"back.{ending}")
        shardr.write_recordio(made.path, tmp_path / "again.pbr", label="label")
        assert (tmp_path / "again.pbr").read_bytes() == (tmp_path / "rows.pbr").read_bytes()


def test_sparse_matrices_stay_sparse(tmp_path: Path) -> None:
    matrix = sparse.random(50, 3000, 0.01, format="coo", dtype=np.float64, rng=np.random.default_rng(1))
    shardr.write_recordio(matrix, tmp_path / "rows.pbr", labels=np.arange(50), dtype="float32")
    found = all_of(tmp_path / "rows.pbr")
    assert found.sparse
    assert (found.features.csr() != matrix.tocsr().astype(np.float32)).nnz == 0
    assert found.label.tolist() == list(range(50))
    assert (tmp_path / "rows.pbr").stat().st_size < 50 * 3000


@pytest.mark.parametrize("count", [49, 51])
def test_a_matrix_without_a_label_for_each_row_is_refused(tmp_path: Path, count: int) -> None:
    with pytest.raises(DataError, match=f"There are {count} labels for 50 rows"):
        shardr.write_recordio(np.ones((50, 2), np.float32), tmp_path / "rows.pbr", labels=np.arange(count))


@pytest.mark.parametrize(
    "numbers",
    [np.arange(5), [0, 1, 2, 3, 4], pd.Series(range(5)), pa.array(range(5)), pd.Series(range(5), dtype="Int64")],
)
@pytest.mark.parametrize("form", ["matrix", "sparse", "frame", "arrow", "csv", "pbr"])
def test_numbers_of_any_kind_are_the_labels_of_rows_of_any_form(tmp_path: Path, form: str, numbers: Any) -> None:
    frame = FRAME[["a", "b"]].astype(np.float32)
    rows: Any = {"matrix": frame.to_numpy(), "sparse": sparse.csr_matrix(frame.to_numpy()), "frame": frame,
                 "arrow": pa.Table.from_pandas(frame)}.get(form, tmp_path / f"rows.{form}")  # fmt: skip
    if form == "csv":
        frame.to_csv(rows, index=False)
    elif form == "pbr":
        shardr.write_recordio(frame, rows)
    shardr.write_recordio(rows, tmp_path / "labelled.pbr", label=numbers)
    found = all_of(tmp_path / "labelled.pbr")
    assert found.label.tolist() == [0, 1, 2, 3, 4]
    assert np.array_equal(found.table(), frame.to_numpy(), equal_nan=True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"label": "y" * 3}, 'A matrix has no column "yyy"'),
        ({"label": "y", "labels": [1, 2]}, "label= and labels= are both given"),
        ({"label": np.array(["a"] * 1000)}, "Labels are a number for each row"),
        ({"uid": list("ab" * 500)}, "uid= is the name of a column, found list"),
        ({"label": np.arange(1000)}, "There are 1000 labels for 2 rows"),
    ],
)
def test_labels_that_are_none_are_told_in_a_few_words(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError) as wrong:
        shardr.write_recordio(np.ones((2, 2), np.float32), tmp_path / "rows.pbr", **given)
    assert said in str(wrong.value)
    assert len(str(wrong.value)) < 200
    assert list(tmp_path.iterdir()) == []


def test_labels_of_many_blocks_go_with_their_rows_and_those_of_blocks_are_their_own(tmp_path: Path) -> None:
    count = 100_000
    shardr.write_recordio(np.ones((count, 1), np.float32), tmp_path / "rows.pbr", label=np.arange(count))
    assert np.array_equal(all_of(tmp_path / "rows.pbr").label, np.arange(count))
    for label in ("label", np.arange(count)):
        with pytest.raises(DataError, match="Blocks have labels and texts of their own"):
            shardr.write_recordio(shardr.recordio_blocks(tmp_path / "rows.pbr"), tmp_path / "x.pbr", label=label)


@pytest.mark.parametrize("given", [{"shard_rows": 7}, {"shard_bytes": 700}, {"shard_rows": 9, "shard_bytes": 1}])
def test_shards_have_all_rows_in_order_and_are_no_larger_than_asked_for(tmp_path: Path, given: dict[str, int]) -> None:
    matrix = np.arange(200, dtype=np.float32).reshape(40, 5)
    made = shardr.write_recordio(matrix, tmp_path / "rows.pbr", **given)
    assert [one.path.name for one in made] == [f"rows-{i:05d}.pbr" for i in range(len(made))]
    assert sorted(path.name for path in tmp_path.iterdir()) == [one.path.name for one in made]
    assert np.array_equal(all_of(*(one.path for one in made)).features, matrix)
    assert all(one.rows <= given.get("shard_rows", 40) for one in made)
    assert all(one.bytes <= given["shard_bytes"] or one.rows == 1 for one in made if "shard_bytes" in given)
    assert len(made) == {7: 6, 9: 40, None: len(made)}[given.get("shard_rows")]


def test_a_folder_is_no_file_to_write(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder") as told:
        shardr.write_recordio(np.ones((3, 2)), tmp_path, shard_rows=2)
    assert told.value.fix == f"name a file in it, as {tmp_path}/rows.pbr"
    assert not list(tmp_path.iterdir())


def test_a_table_that_is_no_numbers_is_told_column_by_column_and_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b,c\n1,x,2\n2,3,4 5\n")
    with pytest.raises(DataError) as wrong:
        shardr.write_recordio(tmp_path / "rows.csv", tmp_path / "rows.pbr")
    assert [str(problem) for problem in wrong.value.problems] == [
        'column "b": row 1: "x" is no number',
        'column "c": row 2: "4 5" is no number',
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]


@pytest.mark.parametrize(
    ("rows", "dtype", "said"),
    [
        (np.array([[1, 2**40 + 1, 3]]), None, "1099511627777 is none of its numbers"),
        (np.array([[1, 2**40, 3]]), "int32", "1099511627776 is none of its numbers"),
        (np.array([[0.5]]), "int32", "0.5 is none of its numbers"),
        (pd.DataFrame({"a": [2**24 + 1]}), None, "is none of its numbers"),
        (pd.DataFrame({"a": pd.to_datetime(["2024-01-01"])}), None, "is no type of numbers"),
        (np.ones(3), None, "two dimensions, found 1"),
        (np.ones((1, 1)), "float16", 'no tensors of "float16"'),
    ],
)
def test_numbers_that_would_become_others_are_refused(tmp_path: Path, rows: Any, dtype: str | None, said: str) -> None:
    with pytest.raises(DataError) as wrong:
        shardr.write_recordio(rows, tmp_path / "rows.pbr", dtype=dtype)
    assert said in str(wrong.value)


def test_a_row_is_not_taken_for_the_names_of_the_columns(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("1.5,2\n3,4\n")
    with pytest.raises(DataError, match=r"rows\.csv has no line of names: 1\.5,2 would be lost"):
        shardr.write_recordio(tmp_path / "rows.csv", tmp_path / "rows.pbr")
    assert not (tmp_path / "rows.pbr").exists()


def test_files_of_other_widths_are_not_one_table(tmp_path: Path) -> None:
    for name, width in (("a.pbr", 2), ("b.pbr", 3)):
        shardr.write_recordio(np.ones((2, width), np.float32), tmp_path / name)
    with pytest.raises(DataError, match=r"b\.pbr, record 1: expected 2 columns, found 3"):
        shardr.read_recordio([tmp_path / "a.pbr", tmp_path / "b.pbr"])
    with pytest.raises(DataError, match="missing"):
        shardr.read_recordio(tmp_path / "missing.pbr")


def test_a_stream_needs_no_end_to_be_looked_for() -> None:
    class Slow(io.RawIOBase):
        """A pipe that gives a byte at a time."""

        def __init__(self, held: bytes) -> None:
            self._held = io.BytesIO(held)

        def readable(self) -> bool:
            return True

        def readinto(self, target: Any) -> int:
            return self._held.readinto(memoryview(target)[:1])

    from shardr.recordio.encoding import encode

    held = encode(np.arange(6, dtype=np.float64).reshape(3, 2)).content.tobytes()
    (block,) = shardr.recordio_blocks(Slow(held))  # type: ignore[arg-type]
    assert block.features.tolist() == [[0, 1], [2, 3], [4, 5]]


def test_info_counts_what_is_missing_and_names_its_first_record(tmp_path: Path) -> None:
    shardr.write_recordio(FRAME, tmp_path / "rows.pbr", label="y")
    found = shardr.recordio_info(tmp_path / "rows.pbr")
    assert (found.records, found.columns, found.dtype, found.labels) == (5, 2, "float32", ("values",))
    assert (found.missing, found.first_missing, found.sparse, found.filled) == (1, 4, False, 1)


TEXTS = pd.DataFrame({"uid": ["a", "b", "c"], "label": [1.0, 0, 1], "V1": [0.5, -1, 2], "metadata": ["{}", "x", ""]})


def shards(folder: Path) -> list[Path]:
    """Two files of records with all that a record may have, of two rows and of one."""
    given = {"label": "label", "uid": "uid", "metadata": "metadata"}
    made = shardr.write_recordio(TEXTS, folder / "rows.pbr", **given, shard_rows=2)  # type: ignore[arg-type]
    return [one.path for one in made]


def test_shards_are_counted_merged_and_read_as_tables_of_other_formats_are(tmp_path: Path) -> None:
    files = shards(tmp_path)
    (tmp_path / "none.pbr").write_bytes(b"")
    assert [count(path) for path in [*files, tmp_path / "none.pbr"]] == [2, 1, 0]
    wanted = TEXTS.astype({"label": "float32", "V1": "float32"})
    pd.testing.assert_frame_equal(read([*files, tmp_path / "none.pbr"]).to_pandas(), wanted)
    # the same bytes, and the same rows also by way of text
    assert merge(files, tmp_path / "all.pbr").bytes == sum(path.stat().st_size for path in files)
    assert (tmp_path / "all.pbr").read_bytes() == b"".join(path.read_bytes() for path in files)
    for ending in ("csv", "jsonl", "parquet"):
        merge(files, tmp_path / f"all.{ending}")
        merge([tmp_path / f"all.{ending}"], tmp_path / "again.pbr")
        assert (tmp_path / "again.pbr").read_bytes() == (tmp_path / "all.pbr").read_bytes()


def test_rows_in_records_are_the_rows_that_they_are_in_other_files(tmp_path: Path) -> None:
    files = shards(tmp_path)
    merge(files, tmp_path / "all.parquet")
    assert combine(map(row_digest, files)) == row_digest(tmp_path / "all.parquet")
    assert audit("partitioned", [tmp_path / "all.parquet"], {"out": files}).broken is None
    TEXTS.tail(1).assign(V1=3.0).to_parquet(tmp_path / "other.parquet")
    merge([tmp_path / "other.parquet"], files[1])
    told = audit("partitioned", [tmp_path / "all.parquet"], {"out": files}).broken
    assert told is not None
    assert told.endswith("in but not out: all.parquet row 3; out but not in: rows-00001.pbr row 1")


def test_shards_of_other_columns_are_named_before_they_are_joined(tmp_path: Path) -> None:
    files = shards(tmp_path)
    shardr.write_recordio(np.ones((2, 2), np.float32), tmp_path / "wide.pbr")
    with pytest.raises(ColumnsDifferError, match=r"wide\.pbr: lacks uid, label, metadata and has V2 besides"):
        merge([*files, tmp_path / "wide.pbr"], tmp_path / "all.pbr")
    files[1].write_bytes(files[1].read_bytes()[:-4])
    with pytest.raises(DataError, match=r"rows-00001\.pbr, record 1: the file ends within the record"):
        merge(files, tmp_path / "all.pbr")
    assert not (tmp_path / "all.pbr").exists()


def test_one_file_of_records_is_split_into_shards_of_whole_records(tmp_path: Path) -> None:
    shardr.write_recordio(np.arange(14, dtype=np.float32).reshape(7, 2), tmp_path / "rows.pbr")
    made = split(tmp_path / "rows.pbr", 3, tmp_path / "parts")
    assert [count(path) for path in made] == [2, 2, 3]
    assert b"".join(path.read_bytes() for path in made) == (tmp_path / "rows.pbr").read_bytes()
    assert first_part(tmp_path / "rows.pbr", 3, tmp_path / "part.pbr") > 0
    assert count(tmp_path / "part.pbr") == 2
