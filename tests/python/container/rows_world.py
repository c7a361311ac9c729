"""Rows as they are given to algorithms: CSV, and recordIO of dense, sparse and odd records."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np

from shardr.recordio.blocks import VALUES, Sparse
from shardr.recordio.encoding import encode

PROGRAMS = Path(__file__).parents[3] / "inst" / "container"
sys.path.append(str(PROGRAMS / "builtin"))  # what the programs write is read by their own module, tried on its own

import artifact  # noqa: E402, F401

RECORDIO = {"ContentType": "application/x-recordio-protobuf", "TrainingInputMode": "File"}
NO_LABEL = {"ContentType": "text/csv;label_size=0", "TrainingInputMode": "File"}


def csv(rows: np.ndarray) -> str:
    return "".join(",".join(f"{value:.9g}" for value in row) + "\n" for row in rows.tolist())


def field_of(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def framed(record: bytes, part: int = 0) -> bytes:
    return struct.pack("<II", 0xCED7230A, part << 29 | len(record)) + record + bytes(-len(record) % 4)


def record(tensor: bytes, kind: int = 2) -> bytes:
    return field_of(1, field_of(1, b"values") + field_of(2, field_of(kind, tensor)))


def dense(rows: np.ndarray, labels: bool = False) -> bytes:
    return bytes(encode(rows.astype("f4"), {VALUES: np.arange(len(rows), dtype="f4")} if labels else None).content)


def sparse(rows: np.ndarray) -> bytes:
    there = rows != 0
    held = Sparse(rows[there].astype("f4"), there.nonzero()[1], there.sum(axis=1), rows.shape[1])
    return bytes(encode(held).content)
