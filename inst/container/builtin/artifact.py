"""The model as SageMaker's own algorithms leave it: ``model_algo-1``, a file of MXNet's arrays.

A list of arrays is: magic, a word of zeros, number of arrays, the arrays, number of names, the names, which may be
none. All numbers are little-endian; counts have 64 bits.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
from place import UserError, opt_ml

if TYPE_CHECKING:
    from collections.abc import Mapping

MODEL = "model_algo-1"
LIST, ARRAY = 0x112, 0xF993FAC9
DENSE, CPU, FLOAT32 = 0, 1, 0


def packed(arrays: Mapping[str, Any], *, named: bool = True) -> bytes:
    """The file of these arrays, with their names or in their order alone."""
    found = struct.pack("<QQQ", LIST, 0, len(arrays))
    for array in arrays.values():
        shape = struct.pack(f"<I{array.ndim}q", array.ndim, *array.shape)
        found += struct.pack("<Ii", ARRAY, DENSE) + shape + struct.pack("<iii", CPU, 0, FLOAT32)
        found += np.ascontiguousarray(array, "<f4").tobytes()
    names = list(arrays) if named else []
    return found + struct.pack("<Q", len(names)) + b"".join(struct.pack("<Q", len(n)) + n.encode() for n in names)


def loaded(algorithm: str) -> dict[str, Any]:
    """The arrays that were unpacked for this instance; raises ``UserError`` where there are none."""
    path = opt_ml("model", MODEL)
    if not path.is_file():
        raise UserError(f"there is no model: {path} is not there")
    return unpacked(path.read_bytes(), path.name, algorithm)


def unpacked(content: bytes, name: str, algorithm: str) -> dict[str, Any]:
    """The arrays of a file by their names, else by their places "0", "1" …; raises ``UserError`` where it is none."""
    try:
        return _unpacked(content)
    except (ValueError, struct.error, UnicodeDecodeError) as error:
        raise UserError(f"{name} is no model of {algorithm}: {error}") from None


def _unpacked(content: bytes) -> dict[str, Any]:
    magic, _, count = struct.unpack_from("<QQQ", content)
    if magic != LIST:
        raise ValueError("it does not begin as MXNet's arrays do")
    at, arrays, names = 24, [], []
    for _ in range(count):
        magic, kind, dimensions = struct.unpack_from("<IiI", content, at)
        if (magic, kind) != (ARRAY, DENSE) or dimensions > 8:
            raise ValueError("an array is not dense, or of another version of MXNet")
        shape = struct.unpack_from(f"<{dimensions}q", content, at + 12)
        at += 12 + 8 * dimensions
        numbers = struct.unpack_from("<iii", content, at)[2]
        if numbers != FLOAT32:
            raise ValueError("an array is not of single precision")
        size = int(np.prod(shape))
        arrays.append(np.frombuffer(content, "<f4", size, at + 12).reshape(shape))
        at += 12 + 4 * size
    named = struct.unpack_from("<Q", content, at)[0]
    at += 8
    for _ in range(named):
        length = struct.unpack_from("<Q", content, at)[0]
        names.append(content[at + 8 : at + 8 + length].decode())
        at += 8 + length
    return dict(zip(names or map(str, range(count)), arrays, strict=True))
