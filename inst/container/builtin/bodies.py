"""The rows of a request: CSV, JSON, JSON lines or recordIO, dense or sparse."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import recordio
from place import UserError
from rows import CSV, RECORDIO, piece_rows
from serving import RequestError
from tables import delimiter_of, numbers_of

JSON, JSONLINES = "application/json", "application/jsonlines"


def rows_of(body: bytes, kind: str, width: int) -> Any:
    """The table of a request; raises ``UserError``, and ``RequestError`` where the kind is none that is read."""
    if kind == CSV:
        table = numbers_of(body, delimiter_of(body), "the request")
    elif kind == RECORDIO:
        found = recordio.pieces(memoryview(body), width, piece_rows(width), "the request")
        table = np.concatenate([piece().dense(np.float32) for piece in found])
    elif kind == JSON:
        table = _instances(_json(body, "the request"), width)
    elif kind == JSONLINES:
        lines = enumerate(body.decode("utf-8", "replace").splitlines(), 1)
        found = [_row(_json(line, f"line {i}"), f"line {i}", width) for i, line in lines if line.strip()]
        if not found:
            raise UserError("the request has no rows")
        table = np.stack(found)
    else:
        known = f"{CSV}, {JSON}, {JSONLINES} or {RECORDIO}"
        raise RequestError(415, f"the content type {kind} is not read here: send {known}")
    if table.shape[1] != width:
        raise UserError(f"the model has {width} features, the request {table.shape[1]}")
    return recordio.Rows(table).finite(table, table.sum())


def _instances(found: Any, width: int) -> Any:
    instances = found.get("instances") if isinstance(found, dict) else None
    if not isinstance(instances, list) or not instances:
        raise UserError('the request: expected {"instances": [{"features": [1.5, 2]}]}')
    return np.stack([_row(one, f"instance {i}", width) for i, one in enumerate(instances, 1)])


def _row(found: Any, where: str, width: int) -> Any:
    """A row: ``{"features": [...]}``, or ``{"data": {"features": {"values": [...]}}}``, with keys if sparse."""
    features = found.get("features", found.get("data")) if isinstance(found, dict) else None
    if isinstance(features, dict):
        features = features.get("features", features)
    held = features if isinstance(features, dict) else {"values": features}
    try:
        values = np.asarray(held["values"], np.float32)
        if "keys" in held:
            sparse, keys = np.zeros(width, np.float32), np.asarray(held["keys"], np.int64)
            if keys.size and int(keys.min()) < 0:
                raise IndexError
            sparse[keys] = values
            values = sparse
        if values.ndim != 1:
            raise ValueError
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        raise UserError(f'{where}: expected {{"features": [{width} numbers]}}') from None
    if len(values) != width:
        raise UserError(f"{where}: the model has {width} features, the row {len(values)}")
    return values


def _json(text: str | bytes, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UserError(f"{where} is no JSON: {error}") from None
