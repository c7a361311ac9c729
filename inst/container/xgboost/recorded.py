"""Rows of recordIO-protobuf, dense or sparse: those of a channel with their labels, those of a request without."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from place import UserError
from recordio import as_user_error

from shardr.recordio.blocks import Block, Sparse, joined
from shardr.recordio.reading import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def of_files(paths: Sequence[Path], channel: str) -> tuple[Any, Any] | None:
    """Features and labels of all files, which must have as many columns; None where they have no record.

    Raises ``UserError`` naming file and record.
    """
    found = list(_labelled(paths, channel))
    if not found:
        return None
    whole = joined(found)
    return _features(whole), whole.label.astype(np.float32)


def _labelled(paths: Sequence[Path], channel: str) -> Iterator[Block]:
    width, labels = None, None
    for path in paths:
        name = f"{channel}/{path.name}"
        with path.open("rb", buffering=0) as file, as_user_error():
            for block in blocks(file, name, width=width, labels=labels):
                width, labels = block.width, block.label_widths
                _check(block, name)
                yield block


def _check(block: Block, name: str) -> None:
    """Rows to learn from have features, and a label that is one number."""
    where = f"{name}, record {block.first}"
    if block.features is None:
        raise UserError(f"{where}: has no features")
    if block.label is None:
        raise UserError(f"{where}: has no label")
    if block.label.ndim > 1:
        raise UserError(f"{where}: its label has {block.label.shape[1]} numbers, not one")
    if block.label.dtype.kind == "f" and (wrong := np.flatnonzero(~np.isfinite(block.label))).size:
        raise UserError(f"{name}, record {block.first + int(wrong[0])}: its label is no finite number")


def of_body(body: bytes) -> Any:
    """The features of a request, or None where it has no record; its labels are not the model's to see."""
    with as_user_error():
        found = joined(list(blocks(io.BytesIO(body), "the request")))
    return None if found.features is None else _features(found)


def _features(block: Block) -> Any:
    """A table, or a matrix of scipy: there a column that a row does not name is a missing value, as in libsvm."""
    held = block.features.csr() if isinstance(block.features, Sparse) else block.features
    return held.astype(np.float32)
