"""Which files hold records, told by their names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import os

__all__ = ["KNOWN", "Format", "Kind", "stem", "tabular"]

Kind = Literal["csv", "tsv", "jsonl", "parquet", "recordio"]

_KINDS: dict[str, Kind] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pbr": "recordio",
}

KNOWN = ".csv, .tsv, .jsonl, .ndjson (also with .gz), .parquet and .pbr"
"""The endings shardr knows, for messages."""


@dataclass(frozen=True)
class Format:
    """How a file holds its records: ``kind`` is csv, tsv, jsonl, parquet or recordio; text may be ``gzipped``."""

    kind: Kind
    gzipped: bool = False
    header: bool = True
    """Whether the first line of delimited text names the columns; without, they are ``V1``, ``V2`` …"""

    @property
    def delimited(self) -> bool:
        """Whether it is text with separated columns."""
        return self.kind in ("csv", "tsv")


def tabular(path: str | os.PathLike[str]) -> Format | None:
    """The format that the name of a file promises; None when it is not a table shardr knows.

    >>> tabular("data/part-1.CSV.gz")
    Format(kind='csv', gzipped=True)
    >>> tabular("model.rds") is None
    True
    """
    name, gzipped = _without_gz(PurePath(path).name)
    kind = _KINDS.get(PurePath(name).suffix.lower())
    if kind is None or (gzipped and kind in ("parquet", "recordio")):
        return None
    return Format(kind, gzipped)


def stem(path: str | os.PathLike[str]) -> tuple[str, str]:
    """The name of a tabular file in front of its ending, and the ending without ``.gz``.

    >>> stem("data/bank.2024.csv.gz")
    ('bank.2024', '.csv')
    """
    name = PurePath(_without_gz(PurePath(path).name)[0])
    return name.stem, name.suffix


def _without_gz(name: str) -> tuple[str, bool]:
    return (name[:-3], True) if name.lower().endswith(".gz") else (name, False)
