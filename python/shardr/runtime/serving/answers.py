"""Predictions as the text of an answer: a line or an element for each row. R: ``serving-answers.R``."""

from __future__ import annotations

import json
import math
import os
from typing import Any

from shardr.runtime.serving.refusals import RequestError
from shardr.runtime.serving.requests import FORMS, TYPES, media_type


def answer_type(accept: str, content_type: str) -> str:
    """The content type to answer in: what is accepted, else the form of the request."""
    asked = [media_type(part) for part in accept.split(",")]
    if "" in asked or "*/*" in asked:
        sent = FORMS.get(media_type(content_type), "json")
        return os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT") or TYPES[sent]
    found = next((FORMS[name] for name in asked if name in FORMS), None)
    if found is None:
        raise RequestError(406, f"{accept} is not answered: accept {', '.join(TYPES.values())}")
    return TYPES[found]


def elements(prediction: Any) -> list[Any]:
    """An element for each row, of plain values: a data frame gives dicts, an array lists or numbers."""
    if hasattr(prediction, "to_dict") and hasattr(prediction, "columns"):
        prediction = prediction.to_dict(orient="records")
    return [_plain(each) for each in (prediction.tolist() if hasattr(prediction, "tolist") else prediction)]


def answer_text(rows: list[Any], kind: str) -> str:
    """The rows in the content type that is answered."""
    form = FORMS[media_type(kind)]
    if form == "json":
        return json.dumps({"predictions": rows}, ensure_ascii=False, separators=(",", ":"))
    if form == "jsonlines":
        return "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    cells = (row.values() if isinstance(row, dict) else row if isinstance(row, list) else [row] for row in rows)
    return "".join(",".join(map(_cell, row)) + "\n" for row in cells)


def _cell(value: Any) -> str:
    if isinstance(value, str) and any(mark in value for mark in ',"\r\n'):
        return '"' + value.replace('"', '""') + '"'
    return "" if value is None else str(value).upper() if isinstance(value, bool) else str(value)


def _plain(value: Any) -> Any:
    """Numbers and lists for those of numpy; what is no number is missing, as JSON has none."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value
