"""Records are those of the R half: tests/contract/recordio.json, which has the golden vectors of the format."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from shardr.api.recordio import read_recordio, recordio_blocks, recordio_info, write_recordio
from shardr.data.merge import read
from shardr.errors import DataError
from shardr.recordio.blocks import Sparse, joined
from shardr.recordio.encoding import encode
from shardr.recordio.reading import blocks

CASES = json.loads((Path(__file__).parents[2] / "contract" / "recordio.json").read_text(encoding="utf-8"))


def named(case: dict[str, Any]) -> str:
    return str(case["name"])


def features(case: dict[str, Any]) -> Any:
    if "cells" in case:
        rows, columns, values = map(np.array, zip(*case["cells"], strict=True))
        counts = np.bincount(rows - 1, minlength=len(case.get("labels", {}).get("values", [0, 0])))
        return Sparse(values.astype(case["dtype"]), columns - 1, counts, case["width"])
    if "features" not in case:
        return None
    table = np.array(case["features"], np.float64).astype(case["dtype"])
    if not case.get("sparse"):
        return table
    return Sparse(table[table != 0], np.nonzero(table)[1], (table != 0).sum(axis=1), table.shape[1])


def labels(case: dict[str, Any]) -> dict[str, Any]:
    return {name: np.array(values, case["dtype"]) for name, values in case.get("labels", {}).items()}


@pytest.mark.parametrize("piece_bytes", [1, 1 << 20])
@pytest.mark.parametrize("case", CASES["records"], ids=named)
def test_records_are_read_as_the_contract_has_them(case: dict[str, Any], piece_bytes: int) -> None:
    if "features" not in case and "cells" not in case and "labels" not in case:
        assert list(blocks(io.BytesIO(b""), "x")) == []
        return
    found = joined(list(blocks(io.BytesIO(bytes.fromhex(case["bytes"])), "x", piece_bytes=piece_bytes)))
    wanted = features(case)
    if wanted is None:
        assert found.features is None
    else:
        assert found.sparse == bool(case.get("sparse"))
        assert found.features.dtype == np.dtype(case["dtype"])
        assert np.array_equal(found.table(), wanted.dense() if isinstance(wanted, Sparse) else wanted, equal_nan=True)
    assert list(found.labels) == list(case.get("labels", {}))
    assert all(np.array_equal(found.labels[name], values) for name, values in labels(case).items())
    assert (found.uids, found.metadata) == (case.get("uids"), case.get("metadata"))


@pytest.mark.parametrize("case", [case for case in CASES["records"] if case.get("written", True)], ids=named)
def test_records_are_written_as_the_contract_has_them(case: dict[str, Any]) -> None:
    held, named_ = features(case), labels(case)
    if held is None and not named_:
        held = np.zeros((0, 2), np.float32)
    split = case.get("split_magic", False)
    found = encode(held, named_, case.get("uids"), case.get("metadata"), split_magic=split)
    assert found.content.tobytes().hex() == case["bytes"]


@pytest.mark.parametrize("piece_bytes", [7, 1 << 20])
@pytest.mark.parametrize("case", [case for case in CASES["wrong"] if "bytes" in case], ids=named)
def test_what_is_wrong_is_told_with_file_record_and_byte(case: dict[str, Any], piece_bytes: int) -> None:
    stream = io.BytesIO(bytes.fromhex(case["bytes"]))
    with pytest.raises(DataError) as wrong:
        list(blocks(stream, "a.pbr", piece_bytes=piece_bytes, **case.get("asked", {})))
    assert wrong.value.what == f"a.pbr, record {case['record']}: {case['says']}"
    assert wrong.value.why == f"its frame begins at byte {case['offset']}"


@pytest.mark.parametrize("case", [case for case in CASES["wrong"] if "files" in case], ids=named)
def test_of_several_files_it_is_told_which_is_wrong(tmp_path: Path, case: dict[str, Any]) -> None:
    files = [tmp_path / f"{number}.pbr" for number in range(len(case["files"]))]
    for file, content in zip(files, case["files"], strict=True):
        file.write_bytes(bytes.fromhex(content))
    with pytest.raises(DataError) as wrong:
        list(recordio_blocks(files))
    assert wrong.value.what == f"{files[case['file'] - 1]}, record {case['record']}: {case['says']}"
    assert wrong.value.why == f"its frame begins at byte {case['offset']}"


@pytest.mark.parametrize("case", CASES["shards"], ids=lambda case: str(case["file"]))
def test_shards_are_called_as_the_contract_has_them(tmp_path: Path, case: dict[str, Any]) -> None:
    made = write_recordio(np.ones((3, 1)), tmp_path / case["file"], shard_rows=2)
    assert [one.path.name for one in made] == case["shards"]


@pytest.mark.parametrize("case", CASES["infos"], ids=named)
def test_what_is_in_a_file_is_told_as_the_contract_has_it(tmp_path: Path, case: dict[str, Any]) -> None:
    file = tmp_path / "a.pbr"
    file.write_bytes(bytes.fromhex(case["bytes"]))
    told = case["told"] | {"path": str(file), "labels": tuple(case["told"]["labels"])}
    assert asdict(recordio_info(file)) == told


@pytest.mark.parametrize("ending", [".pbr", ".csv.out"])
@pytest.mark.parametrize("case", CASES["tables"], ids=named)
def test_files_and_answers_are_collected_as_the_contract_has_them(
    tmp_path: Path, case: dict[str, Any], ending: str
) -> None:
    file = tmp_path / f"a{ending}"
    file.write_bytes(bytes.fromhex(case["bytes"]))
    wanted = {name: [np.nan if cell == "NaN" else cell for cell in cells] for name, cells in case["columns"].items()}
    for found in (read_recordio(file), read([file]).to_pandas()):
        assert list(found.columns) == list(wanted)
        for name, cells in wanted.items():
            np.testing.assert_array_equal(found[name].to_numpy(), cells)


@pytest.mark.parametrize("case", CASES["labelled"], ids=named)
def test_labels_are_a_column_or_a_number_for_each_row_as_the_contract_has_them(
    tmp_path: Path, case: dict[str, Any]
) -> None:
    rows: Any = tmp_path / "rows.csv"
    if "csv" in case:
        rows.write_text(case["csv"])
    else:
        rows = pd.DataFrame(case["columns"]) if "columns" in case else np.array(case["features"], np.float32)
    if "says" not in case:
        write_recordio(rows, tmp_path / "rows.pbr", label=case["label"])
        assert (tmp_path / "rows.pbr").read_bytes().hex() == case["bytes"]
        return
    with pytest.raises(DataError, match=case["says"]):
        write_recordio(rows, tmp_path / "rows.pbr", label=case["label"])
    assert not (tmp_path / "rows.pbr").exists()
