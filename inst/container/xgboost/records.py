"""Rows of a channel or of a request: CSV with the label first and no header, libsvm, or recordIO-protobuf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import recorded
import xgboost as xgb
from place import UserError, opt_ml
from rows import CSV, RECORDIO
from scipy import sparse
from tables import delimiter_of, files, first_line, headless, numbers_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

TYPES = {
    CSV: "csv", "csv": "csv", "text/libsvm": "libsvm", "text/x-libsvm": "libsvm", "libsvm": "libsvm",
    RECORDIO: "recordio", "recordio-protobuf": "recordio",
}  # fmt: skip


@dataclass(frozen=True)
class Records:
    """Rows as XGBoost takes them."""

    features: Any
    labels: Any = None
    weights: Any = None
    groups: Any = None
    open_ended: bool = False
    """Whether the rows do not say how many columns there are: libsvm does not."""

    @property
    def width(self) -> int | None:
        """Columns, where all rows must have as many."""
        return None if self.open_ended else self.shape[1]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.features.shape
        return int(rows), int(columns)

    @property
    def sparse(self) -> bool:
        """Whether the rows name their columns, and need not have all."""
        return bool(sparse.issparse(self.features))

    def matrix(self, columns: int) -> xgb.DMatrix:
        """The same for XGBoost; sparse rows get as many columns as the widest host has."""
        features = self.features
        if self.sparse:
            features = sparse.csr_matrix((features.data, features.indices, features.indptr), (self.shape[0], columns))
        return xgb.DMatrix(features, label=self.labels, weight=self.weights, qid=self.groups)


def kind(content_type: str | None) -> str:
    """``csv``, ``recordio`` or ``libsvm``, which it is when nobody says; raises ``UserError`` for all else."""
    name, *parameters = (part.strip().lower() for part in (content_type or "text/libsvm").split(";"))
    if name in TYPES:
        if TYPES[name] == "csv" and any(word.startswith("label_size=") and word[11:] != "1" for word in parameters):
            raise UserError(f"{content_type}: the label is one column, the first; label_size must be 1")
        return TYPES[name]
    later = "is not read here yet" if "parquet" in name else "is none that XGBoost knows"
    raise UserError(f"the content type {content_type} {later}; take text/csv, text/libsvm or {RECORDIO}")


def channel(name: str, content_type: str | None, *, weights: bool) -> Records | None:
    """All rows of a channel, or None where this host has none."""
    form, paths = kind(content_type), files(opt_ml("input", "data", name))
    if form == "recordio":
        found = recorded.of_files(paths, name)
        return Records(*found) if found else None
    read = {"csv": _csv_file, "libsvm": _libsvm_file}[form]
    parts = [part for path in paths if (part := read(path, name, weights=weights))]
    return _bound(parts, name) if parts else None


def _csv_file(path: Path, channel: str, *, weights: bool) -> Records | None:
    name, content = f"{channel}/{path.name}", path.read_bytes()
    first = first_line(content)
    if not first:
        return None
    delimiter = headless(content, name, "XGBoost", ", with the label as the first column")
    table = numbers_of(content, delimiter, name)
    ahead = 2 if weights else 1
    if table.shape[1] <= ahead:
        what = "label and the weight" if weights else "label"
        raise UserError(f'{name} has no features beside the {what}: its first line is "{first[:80]}"')
    if (wrong := np.flatnonzero(~np.isfinite(table[:, 0]))).size:
        raise UserError(f"{name}, row {wrong[0] + 1}: there is no label, which is the first column")
    return Records(table[:, ahead:], table[:, 0], table[:, 1] if weights else None)


def csv_body(body: bytes) -> Records:
    """The rows of a request, which has no labels."""
    return Records(numbers_of(body, delimiter_of(body), "the request"))


def _libsvm_file(path: Path, channel: str, *, weights: bool) -> Records | None:  # noqa: ARG001 - a label has its own
    return libsvm(path.read_bytes(), f"{channel}/{path.name}")


def libsvm(content: bytes, name: str) -> Records | None:
    """Rows such as ``label:weight qid:group 3:0.5 7:1``, where weight and group may be left out."""
    labels: list[float] = []
    weights: list[float] = []
    groups: list[int] = []
    indices: list[int] = []
    values: list[float] = []
    ends = [0]
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            label, _, weight = words[0].partition(":")
            labels.append(float(label))
            weights.append(float(weight or 1))
            for word in words[1:]:
                index, _, value = word.partition(":")
                if index == "qid":
                    groups.append(int(value))
                else:
                    indices.append(int(index))
                    values.append(float(value))
        except ValueError:
            fault = f'{name}, line {number}: expected "label index:value …", found "{line[:80]}"'
            raise UserError(fault) from None
        ends.append(len(values))
    if not labels:
        return None
    if groups and len(groups) != len(labels):
        raise UserError(f"{name}: {len(groups)} of {len(labels)} rows have a qid; all must or none")
    if indices and min(indices) < 0:
        raise UserError(f"{name}: a column has the number {min(indices)}; they are counted from 0")
    shape = (len(labels), max(indices, default=0) + 1)
    features = sparse.csr_matrix((np.asarray(values, np.float32), np.asarray(indices, np.int64), ends), shape)
    weighted = any(weight != 1 for weight in weights)
    return Records(features, labels, weights if weighted else None, np.asarray(groups) if groups else None, True)


def _bound(parts: Sequence[Records], name: str) -> Records:
    """The rows of all files, one after the other."""
    if not parts[0].open_ended:
        widths = sorted({part.shape[1] for part in parts})
        if len(widths) > 1:
            raise UserError(f"the files of {name} have {widths[0] + 1} columns and {widths[-1] + 1}: not the same")
        features = np.concatenate([part.features for part in parts])
    else:
        columns = max(part.shape[1] for part in parts)
        for part in parts:
            part.features.resize(part.shape[0], columns)
        features = sparse.vstack([part.features for part in parts], format="csr")
    weights = None
    if any(part.weights is not None for part in parts):
        weights = np.concatenate([np.ones(p.shape[0]) if p.weights is None else p.weights for p in parts])
    grouped = [part.groups is not None for part in parts]
    if any(grouped) and not all(grouped):
        raise UserError(f"some files of {name} have a qid and some have none")
    groups = np.concatenate([part.groups for part in parts]) if all(grouped) else None
    labels = np.concatenate([part.labels for part in parts])
    return Records(features, labels, weights, groups, parts[0].open_ended)
