"""The model as SageMaker's PCA leaves it: a file of MXNet's arrays, ``mean`` (1 × d), ``v`` (d × k) and ``s`` (k).

The components are in ascending order: the largest is the last column of ``v`` and has the last of ``s``, the singular
values of the centred rows. A list of arrays is: magic, a word of zeros, number of arrays, the arrays, number of names,
the names. All numbers are little-endian; counts have 64 bits.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
from place import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

MODEL = "model_algo-1"
LIST, ARRAY = 0x112, 0xF993FAC9
DENSE, CPU, FLOAT32 = 0, 1, 0


def packed(arrays: Mapping[str, Any]) -> bytes:
    """The file of these arrays."""
    found = struct.pack("<QQQ", LIST, 0, len(arrays))
    for array in arrays.values():
        shape = struct.pack(f"<I{array.ndim}q", array.ndim, *array.shape)
        found += struct.pack("<Ii", ARRAY, DENSE) + shape + struct.pack("<iii", CPU, 0, FLOAT32)
        found += np.ascontiguousarray(array, "<f4").tobytes()
    names = b"".join(struct.pack("<Q", len(name)) + name.encode() for name in arrays)
    return found + struct.pack("<Q", len(arrays)) + names


def unpacked(content: bytes, name: str) -> dict[str, Any]:
    """The arrays of a file; raises ``UserError`` where it is none."""
    try:
        return _unpacked(content)
    except (ValueError, struct.error, UnicodeDecodeError) as error:
        raise UserError(f"{name} is no model of PCA: {error}") from None


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
    at += 8
    for _ in range(count):
        length = struct.unpack_from("<Q", content, at)[0]
        names.append(content[at + 8 : at + 8 + length].decode())
        at += 8 + length
    return dict(zip(names, arrays, strict=True))
