"""The formats in which batch transform filters and joins: CSV rows and JSON values, of bytes and to bytes.

A cell of CSV stays as it is written, quotes and digits included, and a JSON number keeps its value.
"""

from __future__ import annotations

import json
import re
from typing import Any, Protocol

from shardr.data.text import BOM

__all__ = ["FORMATS", "Format"]

_CELL = re.compile(rb'("[^"]*(?:""[^"]*)*"|(?!")[^,]*)(,|\Z)')  # RFC 4180; a quote inside a bare cell is content


class Format(Protocol):
    """How records of a content type are read, joined and written."""

    split_type: str

    def read(self, record: bytes) -> Any:
        """The value of a record. Raises ValueError for what is not of this format."""

    def joined(self, given: Any, answer: Any) -> Any:
        """The input of the model's caller with the model's answer."""

    def written(self, value: Any) -> bytes:
        """The value as a record, without a newline."""


class Csv:
    """A row is the list of its cells, each as it is written."""

    split_type = "Line"

    def read(self, record: bytes) -> list[bytes]:
        """The cells of a line; a byte order mark and a carriage return are of no cell."""
        line = record.removeprefix(BOM).removesuffix(b"\r")
        if b'"' not in line:
            return line.split(b",")
        cells, at, comma = list[bytes](), 0, b","
        while comma:
            cell = _CELL.match(line, at)
            if cell is None:
                raise ValueError(f"column {len(cells) + 1} opens with a quote and does not end with one")
            cells.append(cell[1])
            at, comma = cell.end(), cell[2]
        return cells

    def joined(self, given: list[bytes], answer: list[bytes]) -> list[bytes]:
        """The columns of the input, then those of the answer."""
        return given + answer

    def written(self, value: bytes | list[bytes]) -> bytes:
        """The cells with commas between them."""
        return value if isinstance(value, bytes) else b",".join(value)


class Json:
    """A value of JSON, one to a line or one to an object."""

    def __init__(self, split_type: str) -> None:
        self.split_type = split_type

    def read(self, record: bytes) -> Any:
        """The value."""
        try:
            return json.loads(record.removeprefix(BOM).decode())
        except RecursionError:
            raise ValueError("it is nested too deeply") from None

    def joined(self, given: Any, answer: Any) -> dict[str, Any]:
        """An object gets the answer as its ``SageMakerOutput``; of anything else an object is made."""
        if isinstance(given, dict):
            return {**given, "SageMakerOutput": answer}
        return {"SageMakerInput": given, "SageMakerOutput": answer}

    def written(self, value: Any) -> bytes:
        """The value on one line, without spaces."""
        try:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        except UnicodeEncodeError:  # half of a pair of escapes, which UTF-8 has no bytes for
            return json.dumps(value, separators=(",", ":")).encode()


FORMATS: dict[str, Format] = {
    "text/csv": Csv(),
    "application/jsonlines": Json("Line"),
    "application/json": Json("None"),
}
