"""Files of recordIO-protobuf: written whole or not at all, one or many, read block by block, and looked over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from shardr.data.files import workplace
from shardr.data.recordio_tables import as_table, blocks_in
from shardr.data.tables import format_of
from shardr.data.write import write
from shardr.errors import DataError
from shardr.recordio.encoding import Encoded, encode
from shardr.recordio.reading import blocks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa

    from shardr.recordio.blocks import Block

__all__ = ["Info", "Written", "infos", "read", "to_table", "write_files"]


@dataclass(frozen=True)
class Written:
    """A file that was written, with its ``rows`` and its size in ``bytes``."""

    path: Path
    rows: int
    bytes: int


def write_files(
    found: Iterable[Block],
    to: Path,
    *,
    shard_rows: int | None = None,
    shard_bytes: int | None = None,
    split_magic: bool = False,
) -> list[Written]:
    """The rows of all blocks as the file ``to``, or as shards of so many rows or at most so many bytes.

    Shards are called ``to`` with a number before its ending: ``rows-00000.pbr``, also of ``rows``. A record that has
    more than ``shard_bytes`` has a shard of its own. Nothing is there before all is written. Raises DataError.
    """
    if any(most is not None and most < 1 for most in (shard_rows, shard_bytes)):
        raise DataError("A shard has at least one row, and at least one byte")
    if to.is_dir():
        raise DataError(f"{to} is a folder", fix=f"name a file in it, as {to / 'rows.pbr'}")
    sharded = shard_rows is not None or shard_bytes is not None
    with workplace(to.parent) as folder:
        made = _Shards(folder, to, sharded, shard_rows, shard_bytes)
        try:
            for block in found:
                made.add(encode(block.features, block.labels, block.uids, block.metadata, split_magic=split_magic))
        finally:
            made.close()
        return [Written(one.path.replace(to.parent / one.path.name), one.rows, one.bytes) for one in made.done]


class _Shards:
    """Files under way: the one that is open, and those that are done."""

    def __init__(self, folder: Path, to: Path, sharded: bool, most_rows: int | None, most_bytes: int | None) -> None:
        self._folder, self._to, self._sharded = folder, to, sharded
        self._most_rows, self._most_bytes = most_rows, most_bytes
        self.done: list[Written] = []
        self._open()

    def _open(self) -> None:
        # without an ending nobody would take a shard for a table
        ending = self._to.suffix or ".pbr"
        name = f"{self._to.stem}-{len(self.done):05d}{ending}" if self._sharded else self._to.name
        self._path, self._rows, self._size = self._folder / name, 0, 0
        self._file = self._path.open("wb")

    def add(self, encoded: Encoded) -> None:
        """Writes records, into as many files as they need."""
        import numpy as np

        row, begin, rows = 0, 0, len(encoded.ends)
        while row < rows:
            fits = rows - row
            if self._most_rows is not None:
                fits = min(fits, self._most_rows - self._rows)
            if self._most_bytes is not None:
                last = int(np.searchsorted(encoded.ends, begin + self._most_bytes - self._size, "right"))
                fits = min(fits, max(last - row, 0)) or int(not self._rows)
            if not fits:
                self.close()
                self._open()
                continue
            end = int(encoded.ends[row + fits - 1])
            self._file.write(encoded.content[begin:end].data)
            self._rows, self._size = self._rows + fits, self._size + end - begin
            row, begin = row + fits, end

    def close(self) -> None:
        """Ends the open file."""
        self._file.close()
        self.done.append(Written(self._path, self._rows, self._size))


def read(
    source: str | Path | BinaryIO | Sequence[str | Path],
    *,
    rows: int | None = None,
    width: int | None = None,
    dtype: str | None = None,
) -> Iterator[Block]:
    """The blocks of a file, of several one after the other, or of an open one; arguments and errors as ``blocks``."""
    if hasattr(source, "readinto"):
        yield from blocks(
            cast("BinaryIO", source), str(getattr(source, "name", "the stream")), rows=rows, width=width, dtype=dtype
        )
        return
    named = [source] if isinstance(source, (str, Path)) else cast("Sequence[str | Path]", source)
    labels = None
    for path in map(Path, named):
        for block in blocks_in(path, rows=rows, width=width, dtype=dtype, labels=labels):
            width, labels = block.width or width, block.label_widths
            yield block


def to_table(found: Iterable[Block], to: Path) -> Written:
    """The rows as one CSV, TSV, JSON lines or Parquet file, by the ending of ``to``; raises DataError."""
    import pyarrow as pa

    tables = (as_table(block) for block in _of_one_type(found))
    first = next(tables, None)
    schema = pa.schema([]) if first is None else first.schema
    rows = 0

    def parts() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        for table in chain([] if first is None else [first], tables):
            if table.schema.names != schema.names:
                raise DataError(
                    f"Row {rows + 1} begins to have other columns than those before",
                    why=f"they are {', '.join(schema.names[:8])}, and then {', '.join(table.schema.names[:8])}",
                )
            rows += table.num_rows
            yield from table.cast(schema).to_batches()

    with workplace(to.parent) as folder:
        write(folder / to.name, format_of(to), schema, parts())
        size = (folder / to.name).stat().st_size
        return Written((folder / to.name).replace(to), rows, size)


def _of_one_type(found: Iterable[Block]) -> Iterator[Block]:
    """The blocks, with numbers of the type of the first, or DataError where another one's would be rounded."""
    dtype = None
    for block in found:
        if dtype is None and block.features is not None:
            dtype = str(block.features.dtype)
        if block.features is not None and str(block.features.dtype) != dtype:
            if dtype != "float64":
                raise DataError(
                    f"Record {block.first} begins to have {block.features.dtype}, after records of {dtype}",
                    fix="decode files of one type each",
                )
            block = replace(block, features=block.features.astype(dtype))
        yield block


@dataclass(frozen=True)
class Info:
    """What is in a file: how many records, of which numbers, and what of them is missing."""

    path: str
    bytes: int
    records: int = 0
    columns: int | None = None
    dtype: str | None = None
    sparse: bool = False
    filled: float | None = None
    """The share of features that are written down: 1 of dense rows."""
    labels: tuple[str, ...] = ()
    uids: int = 0
    metadata: int = 0
    missing: int = 0
    """Features that are no numbers (NaN)."""
    first_missing: int | None = None
    """The number of the first record of a block that has some."""


def infos(paths: Sequence[Path]) -> list[Info]:
    """A look at all records of files; raises DataError for the first that is wrong, or that is not as those before."""
    found: list[Info] = []
    width: int | None = None
    labels: dict[str, int] | None = None
    for path in paths:
        one, width, labels = _info(path, width, labels)
        found.append(one)
    return found


def _info(
    path: Path, width: int | None, labels: dict[str, int] | None
) -> tuple[Info, int | None, dict[str, int] | None]:
    held: dict[str, Any] = {"records": 0, "uids": 0, "metadata": 0, "missing": 0, "sparse": False}
    cells, first_missing = 0, None
    dtypes: dict[str, None] = {}
    for block in blocks_in(path, width=width, labels=labels):
        width, labels = block.width or width, block.label_widths
        held["records"] += len(block)
        held["columns"], held["labels"] = block.width, tuple(block.labels)
        held["sparse"] |= block.sparse
        if block.features is not None:
            dtypes[str(block.features.dtype)] = None
            cells += len(block.features.values) if block.sparse else block.features.size
        for name in ("uids", "metadata"):
            held[name] += sum(text is not None for text in getattr(block, name) or ())
        if missing := block.missing():
            held["missing"] += missing
            first_missing = first_missing or block.first + _first_missing(block)
    whole = held["records"] * (held.get("columns") or 0)
    found = Info(str(path), path.stat().st_size, dtype=" and ".join(dtypes) or None,
                 filled=cells / whole if whole else None, first_missing=first_missing, **held)  # fmt: skip
    return found, width, labels


def _first_missing(block: Block) -> int:
    """The row, from 0, of the first feature that is no number."""
    import numpy as np

    if not block.sparse:
        return int(np.argmax(np.isnan(block.features).any(axis=1)))
    place = int(np.argmax(np.isnan(block.features.values)))
    return int(np.searchsorted(np.cumsum(block.features.counts), place, "right"))
