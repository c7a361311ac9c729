"""Answers of models, as batch transform leaves them: files that end in ``.out``, whose content says what they are."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from shardr.data.formats import Format
from shardr.data.text import BOM, unreadable
from shardr.recordio.framing import MAGIC

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path, PurePath

    import pyarrow as pa

__all__ = ["answered", "column_names", "filled", "flat", "is_answer"]

_HEAD_BYTES = 1 << 16


def is_answer(path: PurePath) -> bool:
    """Whether a file has the answers to an object: it is named after it.

    >>> from pathlib import Path
    >>> is_answer(Path("test.csv.out"))
    True
    """
    return path.suffix == ".out"


def answered(path: Path) -> Format:
    """How a file holds its answers: recordIO, JSON lines when the first is an object, else CSV without a header."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError as err:
        raise unreadable(path, err) from err
    if head.startswith(MAGIC):
        return Format("recordio")
    head = head.removeprefix(BOM).lstrip()
    return Format("jsonl") if head.startswith(b"{") else Format("csv", header=False)


def column_names(path: Path) -> list[str]:
    """Names for the columns of answers that have none: ``V1``, ``V2`` and so on, as R calls them."""
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as stream:
        first = next(csv.reader(stream), [])
    return [f"V{i}" for i in range(1, len(first) + 1)]


def filled(files: Sequence[Path]) -> list[Path]:
    """The files without answers to objects that had no records; all of them where none had any."""
    kept = [file for file in files if not is_answer(file) or file.stat().st_size]
    return kept or list(files)


def flat(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows with a column for each element of lists that are all as long: ``projection_1``, ``projection_2`` …"""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns: dict[str, pa.Array] = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        lists = pa.types.is_list(column.type) and not column.null_count and len(column)
        sizes = pc.unique(pc.list_value_length(column)).to_pylist() if lists else []
        if len(sizes) == 1 and not pa.types.is_nested(column.type.value_type):
            columns |= {f"{name}_{i + 1}": pc.list_element(column, i) for i in range(sizes[0])}
        else:
            columns[name] = column
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
