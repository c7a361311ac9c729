"""Records made into blocks of rows, and what rows of one file must have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shardr.recordio.alike import table_of
from shardr.recordio.blocks import VALUES, Block, Sparse
from shardr.recordio.faults import RecordFault
from shardr.recordio.tensors import FEATURES, LABEL, Parsed, Tensors, parsed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from shardr.recordio.frames import Records


NO_VALUES = f'has no tensor of numbers "{VALUES}" in its features'


def block_of(
    records: Records,
    name: str,
    first: int,
    width: int | None = None,
    dtype: str | None = None,
    labels: Mapping[str, int] | None = None,
) -> Block:
    """The rows of records, which must have ``width`` columns, numbers of ``dtype``, and these labels, where given.

    ``labels`` says how many numbers each has; see ``Block.label_widths``.

    Features may be a look at the bytes of the records, with what stands between them left out.
    Raises DataError with the file's name, the number of the record, and the byte that its frame begins at.
    """
    try:
        return _block(records, first, width, dtype, labels)
    except RecordFault as wrong:
        raise wrong.told(name, first, records.offsets) from None


def _block(
    records: Records, first: int, width: int | None, dtype: str | None, wanted: Mapping[str, int] | None
) -> Block:
    tables = table_of(records)
    if tables is not None and _usual(tables):
        features = tables.pop((FEATURES, VALUES), None)
        if features is not None:
            _check_dtypes([(0, str(features.dtype))], dtype)
            _check_width(features.shape[1], width, "columns")
        elif width is not None:
            raise RecordFault(0, NO_VALUES)
        _check_names({name: np.arange(len(records)) for _, name in tables}, wanted, len(records))
        labels = {name: _label(values.copy()) for (_, name), values in tables.items()}
        for (_, name), values in tables.items():
            _check_width(values.shape[1], (wanted or {}).get(name), _in_label(name))
        return Block(features, labels, first=first, rows=len(records))
    found = parsed(records.content, records.begins, records.ends)
    features = _features(found, len(records), width, dtype)
    _check_names({name: tensors.records for name, tensors in found.labels.items()}, wanted, len(records))
    return Block(
        features,
        {name: _labels(name, tensors, (wanted or {}).get(name)) for name, tensors in found.labels.items()},
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
        raise RecordFault(0, NO_VALUES)
    if len(tensors.records) < rows:
        raise RecordFault(_first_other(rows, tensors.records), NO_VALUES)
    _check_dtypes(zip(tensors.records, tensors.kinds, strict=True), dtype)
    return _rows(tensors, width, "columns")


def _first_other(rows: int, records: Any) -> int:
    """The first record that is none of these."""
    return int(np.setdiff1d(np.arange(rows), records)[0])


def _check_names(found: Mapping[str, Any], wanted: Collection[str] | None, rows: int) -> None:
    """Each record has the labels that are wanted, or those of the first, and no other: who has each is known."""
    if wanted is None:
        wanted = [name for name, records in found.items() if records[0] == 0]
    wrong = [(int(records[0]), f'a label "{name}"', "not") for name, records in found.items() if name not in wanted]
    lacking = {name: records for name in wanted if len(records := found.get(name, ())) < rows}
    wrong += [(_first_other(rows, records), f'no label "{name}"', "") for name, records in lacking.items()]
    if wrong:
        # of what is wrong with one record, what it lacks
        record, what, others = min(wrong, key=lambda one: (one[0], one[2]))
        raise RecordFault(record, f"has {what}, which others have {others}".rstrip())


def _check_dtypes(found: Iterable[tuple[int, str]], dtype: str | None) -> None:
    for record, kind in found if dtype is not None else ():
        if kind != dtype:
            raise RecordFault(record, f"expected {dtype}, found {kind}")


def _check_width(found: int, wanted: int | None, what: str) -> None:
    if wanted is not None and found != wanted:
        raise RecordFault(0, f"expected {wanted} {what}, found {found}")


def _in_label(name: str) -> str:
    return f'numbers in the label "{name}"'


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


def _labels(name: str, tensors: Tensors, width: int | None) -> Any:
    found = _rows(tensors, width, _in_label(name))
    return _label(found.dense() if isinstance(found, Sparse) else found)


def _label(table: Any) -> Any:
    """A number for each row, where a row has one."""
    return table[:, 0] if table.shape[1] == 1 else table
