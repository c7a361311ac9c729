"""Predictions for a request: what it may hold, and in which form the answer goes back."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import recorded
import records
import xgboost as xgb
from bodies import JSON, JSONLINES
from boosting import MODEL
from labelling import written
from place import UserError, opt_ml
from rows import CSV, RECORDIO
from scipy import sparse
from serving import RequestError, answer_type

from shardr.runtime.serving.requests import media_type

ANSWERS = (CSV, JSON, JSONLINES, RECORDIO)
LIBSVM = {"text/libsvm", "text/x-libsvm"}


class Model:
    """The model that is served."""

    def __init__(self, booster: xgb.Booster) -> None:
        self._booster = booster
        self._columns = booster.num_features()

    @classmethod
    def loaded(cls) -> Model:
        """The model that was unpacked for this instance; raises ``UserError`` where there is none."""
        folder = opt_ml("model")
        found = [path for path in sorted(folder.glob("*")) if path.is_file() and not path.name.startswith(".")]
        path = folder / MODEL if (folder / MODEL) in found else next(iter(found), None)
        if path is None:
            raise UserError(f"there is no model: {folder / MODEL} is not there")
        content = path.read_bytes()
        if content[:1] == b"\x80":
            raise UserError(f"{path.name} is a pickle, and loading one runs what is in it: save it by save_model()")
        try:
            booster = xgb.Booster({"nthread": 1}, model_file=bytearray(content))
        except xgb.core.XGBoostError as error:
            raise UserError(f"{path.name} is no model of XGBoost: {str(error).splitlines()[0]}") from None
        return cls(booster)

    def answer(self, body: bytes, content_type: str | None, accept: str | None) -> tuple[str, str | bytes]:
        """The content type of the answer and the answer; raises ``RequestError``."""
        kind = answer_type(accept, ANSWERS)
        name = media_type(content_type or "text/csv")
        features = self._fitting(_read(body, name), name)
        scores = self._booster.predict(xgb.DMatrix(features), validate_features=False).tolist()
        return kind, _written(scores, kind)

    def _fitting(self, found: records.Records, name: str) -> Any:
        """The rows with as many columns as the model has."""
        features = found.features
        rows, columns = features.shape
        if found.open_ended:
            if columns == self._columns + 1 and features.nnz and features.indices.min() > 0:  # counted from 1
                features = sparse.csr_matrix((features.data, features.indices - 1, features.indptr))
                columns = self._columns
            if columns <= self._columns:
                features.resize(rows, self._columns)
                return features
        if columns != self._columns:
            label = "; the label is not sent" if columns == self._columns + 1 and name != RECORDIO else ""
            raise RequestError(400, f"the model has {self._columns} features, the request {columns}{label}")
        return features


def _read(body: bytes, name: str) -> records.Records:
    found: records.Records | None
    try:
        if name == CSV:
            found = records.csv_body(body)
        elif name in LIBSVM:
            found = records.libsvm(body, "the request")
        elif name == RECORDIO:
            features = recorded.of_body(body)
            found = None if features is None else records.Records(features)
        else:
            known = f"{CSV}, text/libsvm or {RECORDIO}"
            raise RequestError(415, f"the content type {name} is not read here: send {known}")
    except UserError as error:
        raise RequestError(415, str(error)) from None
    if found is None:
        raise RequestError(415, "the request has no rows")
    return found


def _written(scores: list[Any], kind: str) -> str | bytes:
    if kind in {JSON, JSONLINES, RECORDIO}:
        return written({"score": np.asarray(scores, np.float32)}, kind, "predictions")
    if os.environ.get("SAGEMAKER_BATCH"):  # any value: a line for each record
        return "".join(f"{score}\n" for score in scores)
    return ",".join(map(str, scores))
