"""The body of a request as rows. R: ``serving-requests.R``; both: ``tests/contract/serving.json``."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any

from shardr.errors import DataError
from shardr.runtime.serving.refusals import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMS = {
    "text/csv": "csv",
    "application/json": "json",
    "application/jsonlines": "jsonlines",
    "application/x-jsonlines": "jsonlines",
    "application/jsonl": "jsonlines",
    "application/x-ndjson": "jsonlines",
}
TYPES = {"csv": "text/csv", "json": "application/json", "jsonlines": "application/jsonlines"}
RECORDIO = "application/x-recordio-protobuf"
"""Is read, and not answered."""
KNOWN = f"send text/csv, application/json, application/jsonlines or {RECORDIO}"
HEADER = re.compile(r'header *= *"?(present|absent)', re.IGNORECASE)
WHOLE = re.compile(r"[-+]?[0-9]{1,15}")
LOGICAL = {"TRUE": True, "true": True, "True": True, "FALSE": False, "false": False, "False": False}
INNER = {"data", "features", "values", "projection"}


def media_type(text: str) -> str:
    """A content type without its parameters."""
    return text.partition(";")[0].strip().lower()


def request_data(body: bytes, content_type: str, columns: Sequence[str] = ()) -> list[Any]:
    """The rows: dicts where the columns have names, else lists. Raises ``RequestError``."""
    name = media_type(content_type)
    if name == RECORDIO:
        return _recordio_rows(body, columns)
    if name not in FORMS:
        raise RequestError(415, f"the content type {name} is not read here: {KNOWN}")
    text = request_text(body)
    if not text.strip(" \t\r\n"):
        raise RequestError(400, "the request has no records")
    if FORMS[name] == "csv":
        said = HEADER.search(content_type)
        return _csv_rows(text, said[1].lower() == "present" if said else None, columns)
    if FORMS[name] == "json":
        return _rows(_json_rows(_json(text)), columns, "record")
    return _rows([_features(_json(line, i)) for i, line in enumerate(_lines(text), 1)], columns, "line")


def _recordio_rows(body: bytes, columns: Sequence[str]) -> list[Any]:
    """The features of records; their labels are not the model's to see."""
    try:
        from shardr.recordio.reading import blocks
    except ImportError:
        raise RequestError(415, f"recordIO-protobuf is read with numpy, which is not installed here: {KNOWN}") from None
    rows: list[Any] = []
    try:
        for block in blocks(io.BytesIO(body), "the request"):
            if block.features is None:
                message = 'has no tensor of numbers "values" in its features'
                raise RequestError(400, f"record {block.first}: {message}")
            rows += block.table().tolist()
    except DataError as error:
        raise RequestError(400, error.what.removeprefix("the request, ")) from None
    # a number that is none is a missing value, as in the other forms
    return _rows([[None if value != value else value for value in row] for row in rows], columns, "record")


def request_text(body: bytes) -> str:
    """UTF-8 without its mark; the first line that is none is named."""
    if b"\0" in body:
        raise RequestError(400, "the request has bytes of zero: it is no text")
    try:
        return body.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise RequestError(400, f"line {line}: not in UTF-8") from None


def count_of(n: int, noun: str) -> str:
    """``1 cell``, ``2 cells``."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _lines(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _csv_rows(text: str, header: bool | None, columns: Sequence[str]) -> list[Any]:
    cells = _cells(text)
    # the columns that the model's code names are known when they come
    if header is None:
        header = bool(columns) and sorted(cells[0]) == sorted(columns)
    names: Sequence[str] = cells.pop(0) if header else _names(len(cells[0]), columns, "line 1")
    if not cells:
        raise RequestError(400, "the request has no records, only a header")
    rows = zip(*(_typed(column) for column in zip(*cells, strict=True)), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows] if names else [list(row) for row in rows]


def _cells(text: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    begun = 1
    try:
        for row in reader:
            width = len(rows[0]) if rows else len(row) or 1
            if not row and width == 1:
                row = [""]
            if len(row) != width:
                expected = f"line {begun}: expected {count_of(width, 'cell')} as in line 1"
                raise RequestError(400, f"{expected}, found {len(row) or 'none'}")
            rows.append(row)
            begun = reader.line_num + 1
    except csv.Error as error:
        reason = "a quote is not closed" if "end of data" in str(error) else str(error)
        raise RequestError(400, f"line {reader.line_num}: {reason}") from None
    return rows


def _typed(cells: Sequence[str]) -> list[Any]:
    """A column in the one type that fits all of its cells; empty ones and NA are missing."""
    there = [cell for cell in cells if cell not in {"", "NA"}]
    read: Any = str
    if all(map(WHOLE.fullmatch, there)):
        read = int
    elif all(map(_is_number, there)):
        read = float
    elif all(cell in LOGICAL for cell in there):
        read = LOGICAL.__getitem__
    return [None if cell in {"", "NA"} else read(cell) for cell in cells]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _names(width: int, columns: Sequence[str], where: str) -> Sequence[str]:
    if columns and len(columns) != width:
        raise RequestError(400, f"{where}: expected {count_of(len(columns), 'value')}, found {width}")
    return columns


def _json(text: str, line: int | None = None) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise RequestError(400, f"line {line or error.lineno}: no JSON, {error.msg}") from None
    except (ValueError, RecursionError):  # Python's own bounds, of digits and of brackets
        raise RequestError(400, f"line {line or 1}: a number is too long, or too much is in brackets") from None


def _json_rows(value: Any) -> list[Any]:
    """The rows of a body: records, columns, lists of values, and what SageMaker's algorithms take and give."""
    if isinstance(value, list):
        one = value and not any(isinstance(each, (list, dict)) for each in value)
        return [value] if one else [_features(each) for each in value]
    if not isinstance(value, dict):
        raise RequestError(400, "expected an object or a list of records")
    only = next(iter(value)) if len(value) == 1 else ""
    if only in {"instances", "projections"} and isinstance(value[only], list):
        return [_features(each) for each in value[only]]
    inner = _features(value)
    nested = [isinstance(each, (list, dict)) for each in inner.values()] if isinstance(inner, dict) else []
    if not any(nested):
        return [inner]
    sizes = {name: len(each) if isinstance(each, (list, dict)) else 1 for name, each in inner.items()}
    if not all(nested) or len(set(sizes.values())) > 1:
        told = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise RequestError(400, f"the columns are not of one length: {told}")
    return [dict(zip(inner, row, strict=True)) for row in zip(*inner.values(), strict=True)]


def _features(row: Any) -> Any:
    """A row out of {"features": [...]}, {"projection": [...]} or {"data": {"features": {"values": [...]}}}."""
    while isinstance(row, dict) and len(row) == 1 and INNER & row.keys():
        (inner,) = row.values()
        if not isinstance(inner, (list, dict)):
            break
        row = inner
    return row


def _rows(rows: list[Any], columns: Sequence[str], what: str) -> list[Any]:
    if not rows:
        raise RequestError(400, "the request has no records")
    rows = [row if isinstance(row, (dict, list)) else [row] for row in rows]
    for i, row in enumerate(rows, 1):
        if type(row) is not type(rows[0]):
            raise RequestError(400, f"{what} {i}: not of the same form as the first")
        if any(isinstance(each, (list, dict)) for each in (row.values() if isinstance(row, dict) else row)):
            raise RequestError(400, f"{what} {i}: a value is a list or an object")
    if isinstance(rows[0], dict):
        names = list(dict.fromkeys(name for row in rows for name in row))
        return [{name: row.get(name) for name in names} for row in rows]
    width = len(rows[0])
    for i, row in enumerate(rows, 1):
        if len(row) != width:
            expected = f"{what} {i}: expected {count_of(width, 'value')} as in the first"
            raise RequestError(400, f"{expected}, found {len(row)}")
    names = list(_names(width, columns, f"{what} 1"))
    return [dict(zip(names, row, strict=True)) for row in rows] if names else rows
