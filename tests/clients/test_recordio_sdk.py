"""The SageMaker SDK reads what is written here, and writes what is read here, where it is right; where not: as the docs say."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import clients
import numpy as np
import pytest
from scipy import sparse

import shardr
from shardr.errors import DataError
from shardr.recordio.blocks import joined
from shardr.recordio.encoding import encode

PROGRAM = """
import io, json, sys
import numpy as np
from scipy import sparse
from sagemaker.amazon.common import read_records, write_numpy_to_dense_tensor, write_spmatrix_to_sparse_tensor
folder = sys.argv[1]
table = np.load(folder + "/table.npy")
with open(folder + "/dense.pbr", "wb") as file:
    write_numpy_to_dense_tensor(file, table, table[:, 0])
with open(folder + "/sparse.pbr", "wb") as file:
    write_spmatrix_to_sparse_tensor(file, sparse.csr_matrix(table), table[:, 0])
with open(folder + "/ours.pbr", "rb") as file:
    records = read_records(file)
read = [list(record.features["values"].float32_tensor.values) for record in records]
beyond = io.BytesIO()
write_numpy_to_dense_tensor(beyond, np.array([[1, 2**40, 3]]))
beyond.seek(0)
cut = open(folder + "/ours.pbr", "rb").read()[:-4]
print(json.dumps({
    "read": read,
    "beyond": list(read_records(beyond)[0].features["values"].int32_tensor.values),
    "of a file that is cut off": len(read_records(io.BytesIO(cut))),
}))
"""


def test_the_sdk_writes_the_same_bytes_reads_ours_and_is_wrong_where_the_docs_say(tmp_path: Path) -> None:
    table = np.random.default_rng(1).integers(-1, 2, (20, 7)).astype(np.float32)
    np.save(tmp_path / "table.npy", table)
    shardr.write_recordio(table, tmp_path / "ours.pbr", labels=table[:, 0])
    words = [str(clients.python("sagemaker-2")), "-c", PROGRAM, str(tmp_path)]
    told = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    assert (tmp_path / "dense.pbr").read_bytes() == (tmp_path / "ours.pbr").read_bytes()
    assert told["read"] == table.tolist()
    shardr.write_recordio(sparse.csr_matrix(table), tmp_path / "ours-sparse.pbr", labels=table[:, 0])
    assert (tmp_path / "sparse.pbr").read_bytes() == (tmp_path / "ours-sparse.pbr").read_bytes()
    assert np.array_equal(joined(list(shardr.recordio_blocks(tmp_path / "sparse.pbr"))).table(), table)
    assert told["beyond"] == [1]  # of three numbers
    assert told["of a file that is cut off"] == 20
    with pytest.raises(DataError, match="record 20: the file ends within the record"):
        list(shardr.recordio_blocks(io.BytesIO(encode(table).content.tobytes()[:-4])))
