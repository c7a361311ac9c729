"""Rows as recordIO-protobuf, the form that SageMaker's algorithms read fastest: read, written, turned into tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, overload

from shardr.data import recordio_files
from shardr.data.recordio_files import Info as RecordioInfo
from shardr.data.recordio_files import Written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    import pandas as pd

    from shardr.recordio.blocks import Block

__all__ = ["RecordioInfo", "decode_recordio", "read_recordio", "recordio_blocks", "recordio_info", "write_recordio"]


def recordio_blocks(
    source: str | Path | BinaryIO | Sequence[str | Path],
    *,
    rows: int | None = None,
    width: int | None = None,
    dtype: str | None = None,
) -> Iterator[Block]:
    """Blocks of rows, one after the other, of recordIO-protobuf: a file, several, or a stream of bytes.

    Memory holds one block. A block has ``features`` (a numpy array, or ``Sparse`` with ``csr()`` for scipy and
    ``dense()``), ``label`` or ``labels`` by name, ``uids``, ``metadata``, and ``first``, its first record's number.

    - ``rows``: of each block; by default what 4 MB hold.
    - ``width``, ``dtype`` (``float32``, ``float64``, ``int32``): what each record must have; by default the width of
      the first, and any numbers.

    Raises ``DataError`` with file, record and byte for what is wrong, after the blocks before it; NaN is kept.

    >>> import io, numpy as np
    >>> from shardr.recordio.encoding import encode
    >>> stream = io.BytesIO(encode(np.eye(3, dtype="float32")).content.tobytes())
    >>> [block.features.sum() for block in recordio_blocks(stream, rows=2)]
    [np.float32(2.0), np.float32(1.0)]
    """
    return recordio_files.read(source, rows=rows, width=width, dtype=dtype)


def read_recordio(source: str | Path | BinaryIO | Sequence[str | Path]) -> pd.DataFrame:
    """All rows as a data frame: ``label``, then ``V1``, ``V2`` …; ``uid`` and ``metadata`` where records have them.

    A label of several numbers has a column for each, as ``label_1``, and answers of models are called what they are.
    Sparse rows are written out; ``recordio_blocks`` gives them as they are. Raises ``DataError`` as that does.
    """
    from shardr.data.recordio_tables import as_table
    from shardr.recordio.blocks import joined

    found: pd.DataFrame = as_table(joined(list(recordio_files.read(source)))).to_pandas()
    return found


def write_recordio(
    rows: Any,
    to: str | Path,
    *,
    label: str | npt.ArrayLike | None = None,
    labels: npt.ArrayLike | None = None,
    dtype: str | None = None,
    uid: str | None = None,
    metadata: str | None = None,
    shard_rows: int | None = None,
    shard_bytes: int | None = None,
    split_magic: bool = False,
) -> list[Written]:
    """The files written, each with ``path``, ``rows`` and ``bytes``: a record for each row.

    - ``rows``: a data frame, an Arrow table, a matrix of numpy or scipy.sparse, blocks, or the path of a CSV, TSV,
      JSON lines, Parquet or .pbr file, which is read block by block; records keep all that they have.
    - ``label``: the column that is the label, or a number for each row, which may also be given as ``labels``.
    - ``uid``, ``metadata``: the columns that are these texts of records.
    - ``dtype``: ``float32``, ``float64`` or ``int32``. By default a matrix keeps its own, all else becomes float32.
    - ``shard_rows``, ``shard_bytes``: makes ``rows-00000.pbr`` … of ``rows.pbr``, of so many rows, or at most so many
      bytes. Where ``to`` has no ending, they end in ``.pbr``.
    - ``split_magic``: cuts records at what looks like a frame, as dmlc-core does; AWS's own readers do not know that.

    Missing values become NaN. Raises ``DataError`` naming each column that is no numbers, and whole numbers that
    ``dtype`` would change.
    """
    from shardr.data.recordio_tables import as_blocks

    held = Path(rows).expanduser() if isinstance(rows, (str, Path)) else rows
    return recordio_files.write_files(
        as_blocks(held, label, labels, dtype, uid, metadata),
        Path(to).expanduser(),
        shard_rows=shard_rows,
        shard_bytes=shard_bytes,
        split_magic=split_magic,
    )


def decode_recordio(source: str | Path | BinaryIO | Sequence[str | Path], to: str | Path) -> Written:
    """The table written, with its ``rows``: CSV, TSV, JSON lines or Parquet by the ending of ``to``, block by block.

    Raises ``DataError`` as ``recordio_blocks`` does.
    """
    return recordio_files.to_table(recordio_files.read(source), Path(to).expanduser())


@overload
def recordio_info(path: str | Path) -> RecordioInfo: ...
@overload
def recordio_info(path: list[str] | list[Path] | tuple[str | Path, ...]) -> list[RecordioInfo]: ...
def recordio_info(
    path: str | Path | list[str] | list[Path] | tuple[str | Path, ...],
) -> RecordioInfo | list[RecordioInfo]:
    """What is in a file: records, columns, kind of numbers, labels, and NaN with the first record that has one.

    Of several files a list. Raises ``DataError`` naming file and record for the first that is wrong, also where it has
    other columns or labels than the files before.
    """
    if isinstance(path, (str, Path)):
        return recordio_files.infos([Path(path).expanduser()])[0]
    return recordio_files.infos([Path(one).expanduser() for one in path])
