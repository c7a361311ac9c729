"""Rows with components that are far apart, rows as recordIO, and instances that find components."""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from container import host_world

from shardr.recordio.blocks import VALUES, Sparse
from shardr.recordio.encoding import encode

PROGRAMS = Path(__file__).parents[3] / "inst" / "container"
sys.path.append(str(PROGRAMS / "builtin"))  # what the program writes is read by its own module, tried on its own

import artifact  # noqa: E402
from artifact import packed  # noqa: E402, F401

RECORDIO = {"ContentType": "application/x-recordio-protobuf", "TrainingInputMode": "File"}
NO_LABEL = {"ContentType": "text/csv;label_size=0", "TrainingInputMode": "File"}


def unpacked(content: bytes, name: str) -> dict[str, Any]:
    return artifact.unpacked(content, name, "PCA")


def settings(columns: int, components: int, **more: str) -> dict[str, str]:
    return {"feature_dim": str(columns), "num_components": str(components), "mini_batch_size": "500", **more}


def table(rows: int, columns: int = 12, seed: int = 1, centre: float = 3.0) -> np.ndarray:
    """Single precision; the variance halves from one direction to the next."""
    draw = np.random.default_rng(seed)
    turned, _ = np.linalg.qr(np.random.default_rng(99).normal(size=(columns, columns)))
    scaled = draw.normal(size=(rows, columns)) * 2.0 ** (-np.arange(columns) / 2)
    return (scaled @ turned.T + centre).astype(np.float32)


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


@dataclass
class Host(host_world.Host):
    """One instance: ``files`` by channel and name."""

    algorithm = "pca"
    hyperparameters: dict[str, str] = field(default_factory=lambda: settings(12, 4))

    @property
    def model(self) -> dict[str, Any]:
        return unpacked((self.folder / "model/model_algo-1").read_bytes(), "model")


def apart(vectors: np.ndarray, wanted: np.ndarray) -> float:
    """The sine of the largest angle between the spaces of two sets of columns: 0 where they are the same."""
    here, there = (np.linalg.qr(found.astype(np.float64))[0] for found in (vectors, wanted))
    return float(np.linalg.norm(here - there @ (there.T @ here), 2))
