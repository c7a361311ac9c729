"""Records made into blocks of rows, and what rows of one file must have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shardr.recordio.alike import table_of
from shardr.recordio.blocks import VALUES, Block, Sparse
from shardr.recordio.faults import RecordFault
from shardr.recordio.tensors import DTYPES, FEATURES, LABEL, Parsed, Tensors, parsed

if TYPE_CHECKING:
    from collections.abc import Collection

    from shardr.recordio.frames import Records


def block_of(
    records: Records,
    name: str,
    first: int,
    width: int | None = None,
    dtype: str | None = None,
    labels: Collection[str] | None = None,
) -> Block:
    """The rows of records, which must have ``width`` columns, numbers of ``dtype``, and these labels, where given.

    Features may be a look at the bytes of the records, with what stands between them left out.
    Raises DataError with the file's name, the number of the record, and the byte that its frame begins at.
    """
    try:
        block = _block(records, first, width, dtype)
        if labels is not None and set(labels) != set(block.labels):
            _refuse_labels(labels, block.labels)
        return block
    except RecordFault as wrong:
        raise wrong.told(name, first, records.offsets) from None


def _refuse_labels(wanted: Collection[str], found: Collection[str]) -> None:
    lacking, more = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    if lacking:
        raise RecordFault(0, f'has no label "{lacking[0]}", which others have')
    raise RecordFault(0, f'has a label "{more[0]}", which others have not')


def _block(records: Records, first: int, width: int | None, dtype: str | None) -> Block:
    tables = table_of(records)
    if tables is not None and _usual(tables):
        features = tables.pop((FEATURES, VALUES), None)
        if features is not None:
            _check_width(0, features.shape[1], width)
            _check_dtype(features, np.zeros(1, np.int64), dtype)
        labels = {name: _label(values.copy()) for (_, name), values in tables.items()}
        return Block(features, labels, first=first, rows=len(records))
    found = parsed(records.content, records.begins, records.ends)
    return Block(
        _features(found, len(records), width, dtype),
        {name: _labels(name, tensors, len(records)) for name, tensors in found.labels.items()},
        found.uids,
        found.metadata,
        first,
        len(records),
    )


def _usual(tables: dict[tuple[int, str], Any]) -> bool:
    return all(name == VALUES for section, name in tables if section == FEATURES) and (
        (FEATURES, VALUES) in tables or any(section == LABEL for section, _ in tables)
    )


def _features(found: Parsed, rows: int, width: int | None, dtype: str | None) -> Any:
    tensors = found.features.get(VALUES)
    if tensors is None:
        if found.labels and not found.features and width is None:
            return None
        raise RecordFault(0, f'has no tensor of numbers "{VALUES}" in its features')
    _check_all(tensors, rows, f'has no tensor of numbers "{VALUES}" in its features')
    _check_dtype(tensors.values, tensors.records, dtype)
    return _rows(tensors, width, "columns")


def _check_all(tensors: Tensors, rows: int, message: str) -> None:
    if len(tensors.records) < rows:
        raise RecordFault(np.setdiff1d(np.arange(rows), tensors.records)[0], message)


def _check_dtype(values: Any, records: Any, dtype: str | None) -> None:
    if dtype is not None and values.dtype != np.dtype(DTYPES[dtype]):
        found = next(name for name, code in DTYPES.items() if np.dtype(code) == values.dtype)
        raise RecordFault(records[0], f"expected {dtype}, found {found}")


def _check_width(record: int, found: int, width: int | None) -> None:
    if width is not None and found != width:
        raise RecordFault(record, f"expected {width} columns, found {found}")


def _rows(tensors: Tensors, width: int | None, what: str) -> Any:
    """Tensors as a table, or as ``Sparse`` where one has keys."""
    sparse = (tensors.key_counts > 0) | ((tensors.widths >= 0) & (tensors.counts == 0))
    if (wrong := sparse & (tensors.widths < 0)).any():
        fix = "write the number of columns as the shape of each sparse row"
        raise RecordFault(tensors.records[int(np.argmax(wrong))], "is sparse and has no shape", fix)
    widths = np.where(tensors.widths >= 0, tensors.widths, tensors.counts)
    wanted = int(widths[0]) if width is None else width
    if (wrong := widths != wanted).any():
        at = int(np.argmax(wrong))
        raise RecordFault(tensors.records[at], f"expected {wanted} {what}, found {widths[at]}")
    if (wrong := tensors.counts != np.where(sparse, tensors.key_counts, widths)).any():
        at = int(np.argmax(wrong))
        of = f"{tensors.key_counts[at]} keys" if sparse[at] else f"a shape of {widths[at]}"
        raise RecordFault(tensors.records[at], f"has {tensors.counts[at]} values for {of}")
    if not sparse.any():
        return tensors.values.reshape(len(tensors.records), wanted)
    columns = _columns(tensors, sparse, wanted)
    return Sparse(tensors.values, columns, tensors.counts, wanted)


def _columns(tensors: Tensors, sparse: Any, width: int) -> Any:
    keys, owners = tensors.keys, np.repeat(np.arange(len(tensors.records)), tensors.key_counts)
    if (wrong := (keys >= width) | (keys < 0)).any():
        at = int(np.argmax(wrong))
        message = f"has the key {keys.view(np.uint64)[at]}, and the columns are counted from 0 to {width - 1}"
        raise RecordFault(tensors.records[owners[at]], message)
    if (wrong := (np.diff(keys) <= 0) & (np.diff(owners) == 0)).any():
        at = int(np.argmax(wrong))
        message = f"its keys do not ascend: {keys[at + 1]} follows {keys[at]}"
        raise RecordFault(tensors.records[owners[at]], message, "write the keys of a row in ascending order, each once")
    if sparse.all():
        return keys
    # rows written out, in between: they have all columns
    counts = np.where(sparse, tensors.key_counts, width)
    found = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    found[np.repeat(sparse, counts)] = keys
    return found


def _labels(name: str, tensors: Tensors, rows: int) -> Any:
    _check_all(tensors, rows, f'has no label "{name}", which others have')
    found = _rows(tensors, None, f'numbers in the label "{name}"')
    return _label(found.dense() if isinstance(found, Sparse) else found)


def _label(table: Any) -> Any:
    """A number for each row, where a row has one."""
    return table[:, 0] if table.shape[1] == 1 else table
