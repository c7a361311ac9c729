"""The SageMaker SDK reads what is written here and writes what is read here; where it is wrong the docs say so."""

from __future__ import annotations

import io
import json
import subprocess
from typing import TYPE_CHECKING

import clients
import numpy as np
import pytest
from scipy import sparse

import shardr
from shardr.errors import DataError
from shardr.recordio.encoding import encode

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import io, json, sys
import numpy as np
from sagemaker.amazon.common import read_records, write_numpy_to_dense_tensor
folder = sys.argv[1]
table = np.load(folder + "/table.npy")
with open(folder + "/dense.pbr", "wb") as file:
    write_numpy_to_dense_tensor(file, table, table[:, 0])
with open(folder + "/ours.pbr", "rb") as file:
    records = read_records(file)
read = [list(record.features["values"].float32_tensor.values) for record in records]
with open(folder + "/sparse.pbr", "rb") as file:
    tensors = [record.features["values"].float32_tensor for record in read_records(file)]
refused = []
for kind in ("int32", "uint8", "bool", "float16"):
    try:
        write_numpy_to_dense_tensor(io.BytesIO(), table.astype(kind))
    except (ValueError, KeyError):
        refused.append(kind)
whole = open(folder + "/ours.pbr", "rb").read()
print(json.dumps({
    "read": read,
    "cells": [[list(one.keys), list(one.values), list(one.shape)] for one in tensors],
    "refused": refused,
    "with half a magic behind": len(read_records(io.BytesIO(whole + whole[:3]))),
}))
"""


def test_the_sdk_writes_the_same_bytes_reads_ours_and_is_wrong_where_the_docs_say(tmp_path: Path) -> None:
    table = np.random.default_rng(1).integers(-1, 2, (20, 7)).astype(np.float32)
    np.save(tmp_path / "table.npy", table)
    shardr.write_recordio(table, tmp_path / "ours.pbr", labels=table[:, 0])
    shardr.write_recordio(sparse.csr_matrix(table), tmp_path / "sparse.pbr", labels=table[:, 0])
    words = [str(clients.python("sagemaker-2")), "-c", PROGRAM, str(tmp_path)]
    told = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    assert (tmp_path / "dense.pbr").read_bytes() == (tmp_path / "ours.pbr").read_bytes()
    assert told["read"] == table.tolist()
    places = [np.flatnonzero(row).tolist() for row in table]
    assert told["cells"] == [[keys, row[keys].tolist(), [7]] for keys, row in zip(places, table, strict=True)]
    assert told["refused"] == ["int32", "uint8", "bool", "float16"]
    assert told["with half a magic behind"] == 20
    with pytest.raises(DataError, match="record 21: the file ends within the frame"):
        list(shardr.recordio_blocks(io.BytesIO(encode(table).content.tobytes() + b"\x0a\x23\xd7")))
