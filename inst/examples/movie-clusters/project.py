"""The projections of the matrix's rows by PCA's model, a line of JSON for each: what its batch transform writes.

Inputs `model` (model.tar.gz), `train` and `test` (one file each, recordIO or CSV, as prepare.py writes them); the
outputs `train` and `test` have a file with `.out` behind its name.
"""

from __future__ import annotations

import json
import struct
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = Path("/opt/ml/processing")
BATCH = 500


def arrays(content: bytes) -> dict[str, np.ndarray]:
    """MXNet's list of arrays: SageMaker's PCA keeps its model as one."""
    count = struct.unpack_from("<Q", content, 16)[0]
    at, found, names = 24, [], []
    for _ in range(count):
        dimensions = struct.unpack_from("<I", content, at + 8)[0]
        shape = struct.unpack_from(f"<{dimensions}q", content, at + 12)
        at += 24 + 8 * dimensions
        found.append(np.frombuffer(content, "<f4", int(np.prod(shape)), at).reshape(shape))
        at += found[-1].nbytes
    at += 8
    for _ in range(count):
        length = struct.unpack_from("<Q", content, at)[0]
        names.append(content[at + 8 : at + 8 + length].decode())
        at += 8 + length
    return dict(zip(names, found, strict=True))


def rows(file: Path, width: int) -> Iterator[np.ndarray]:
    """The rows of a file, written out."""
    content = file.read_bytes()
    if file.suffix == ".csv":
        for line in content.splitlines():
            yield np.array(line.split(b","), np.float32)
        return
    at = 0
    while at < len(content):
        length = struct.unpack_from("<I", content, at + 4)[0]
        row = np.zeros(width, np.float32)
        row[ones(content[at + 8 : at + 8 + length])] = 1
        yield row
        at += 8 + (length + 3) // 4 * 4


def ones(record: bytes) -> list[int]:
    """The columns of a row of ones: the second field of the tensor in the value in the entry in the record."""
    at, end = 0, len(record)
    for wanted in (1, 2, 2, 2):  # features, value, float32_tensor, keys
        while True:
            if at >= end:
                return []
            field, (length, at) = record[at] >> 3, number(record, at + 1)
            if field == wanted:
                end = at + length
                break
            at += length
    found = []
    while at < end:
        key, at = number(record, at)
        found.append(key)
    return found


def number(record: bytes, at: int) -> tuple[int, int]:
    """A number of protobuf, and where the next begins."""
    value = shift = 0
    while True:
        byte = record[at]
        at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
        if byte < 128:
            return value, at


def main() -> None:
    """Writes the projections of both sets."""
    archive = next((BASE / "input" / "model").rglob("model.tar.gz"))
    with tarfile.open(archive) as packed:
        held = packed.extractfile("model_algo-1")
        assert held  # noqa: S101
        model = arrays(held.read())
    mean, vectors = model["mean"][0], model["v"]
    for part in ("train", "test"):
        for file in sorted((BASE / "input" / part).iterdir()):
            table = np.stack(list(rows(file, len(vectors))))
            with (BASE / "output" / part / f"{file.name}.out").open("w", encoding="utf-8") as target:
                for first in range(0, len(table), BATCH):
                    found = (table[first : first + BATCH] - mean) @ vectors
                    target.writelines(json.dumps({"projection": row}) + "\n" for row in found.tolist())


if __name__ == "__main__":
    main()
