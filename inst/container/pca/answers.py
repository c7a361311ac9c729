"""Projections for a request: what it may hold, and in which form the answer goes back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import recordio
from artifact import MODEL, unpacked
from place import UserError, opt_ml
from rows import CSV, RECORDIO, piece_rows
from serving import RequestError, answer_type
from tables import delimiter_of, numbers_of

from shardr.runtime.serving.requests import media_type

JSON, JSONLINES = "application/json", "application/jsonlines"
ANSWERS = (JSON, JSONLINES, RECORDIO)


class Model:
    """The model that is served."""

    def __init__(self, arrays: dict[str, Any]) -> None:
        self._vectors = np.ascontiguousarray(arrays["v"])
        self._width = len(self._vectors)
        self._shift = arrays["mean"].ravel() @ self._vectors if "mean" in arrays else 0

    @classmethod
    def loaded(cls) -> Model:
        """The model that was unpacked for this instance; raises ``UserError`` where there is none."""
        path = opt_ml("model", MODEL)
        if not path.is_file():
            raise UserError(f"there is no model: {path} is not there")
        arrays = unpacked(path.read_bytes(), path.name)
        if arrays.get("v", np.zeros(0)).ndim != 2:
            raise UserError(f"{path.name} is no model of PCA: it has no matrix v")
        return cls(arrays)

    def answer(self, body: bytes, content_type: str | None, accept: str | None) -> tuple[str, str | bytes]:
        """The content type of the answer and the answer; raises ``RequestError``."""
        kind = answer_type(accept, ANSWERS)
        try:
            table = self._read(body, media_type(content_type or CSV))
        except UserError as error:
            raise RequestError(400, str(error)) from None
        return kind, _written(table @ self._vectors - self._shift, kind)

    def _read(self, body: bytes, kind: str) -> Any:
        if kind == CSV:
            table = numbers_of(body, delimiter_of(body), "the request")
        elif kind == RECORDIO:
            content = memoryview(body)
            found = recordio.pieces(content, self._width, piece_rows(self._width), "the request")
            table = np.concatenate([piece().dense(np.float32) for piece in found])
        elif kind == JSON:
            table = self._rows(_json(body, "the request"), "the request")
        elif kind == JSONLINES:
            lines = enumerate(body.decode("utf-8", "replace").splitlines(), 1)
            found = [self._row(_json(line, f"line {i}"), f"line {i}") for i, line in lines if line.strip()]
            if not found:
                raise UserError("the request has no rows")
            table = np.stack(found)
        else:
            known = f"{CSV}, {JSON}, {JSONLINES} or {RECORDIO}"
            raise RequestError(415, f"the content type {kind} is not read here: send {known}")
        if table.shape[1] != self._width:
            raise UserError(f"the model has {self._width} features, the request {table.shape[1]}")
        return recordio.Rows(table).finite(table, table.sum())

    def _rows(self, found: Any, where: str) -> Any:
        instances = found.get("instances") if isinstance(found, dict) else None
        if not isinstance(instances, list) or not instances:
            raise UserError(f'{where}: expected {{"instances": [{{"features": [1.5, 2]}}]}}')
        return np.stack([self._row(one, f"instance {i}") for i, one in enumerate(instances, 1)])

    def _row(self, found: Any, where: str) -> Any:
        """A row: ``{"features": [...]}``, or ``{"data": {"features": {"values": [...]}}}``, with keys if sparse."""
        features = found.get("features", found.get("data")) if isinstance(found, dict) else None
        if isinstance(features, dict):
            features = features.get("features", features)
        held = features if isinstance(features, dict) else {"values": features}
        try:
            values = np.asarray(held["values"], np.float32)
            if "keys" in held:
                sparse, keys = np.zeros(self._width, np.float32), np.asarray(held["keys"], np.int64)
                if keys.size and int(keys.min()) < 0:
                    raise IndexError
                sparse[keys] = values
                values = sparse
            if values.ndim != 1:
                raise ValueError
        except (KeyError, TypeError, ValueError, IndexError, OverflowError):
            raise UserError(f'{where}: expected {{"features": [{self._width} numbers]}}') from None
        if len(values) != self._width:
            raise UserError(f"{where}: the model has {self._width} features, the row {len(values)}")
        return values


def _json(text: str | bytes, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UserError(f"{where} is no JSON: {error}") from None


def _written(found: Any, kind: str) -> str | bytes:
    found = found.astype(np.float32)
    if kind == RECORDIO:
        return recordio.labelled("projection", found)
    rows = [{"projection": row} for row in found.tolist()]
    if kind == JSON:
        return json.dumps({"projections": rows})
    return "".join(json.dumps(row) + "\n" for row in rows)
