"""A model that says numbers about each row: how it is asked, and the forms that its answers have."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import recordio
from bodies import JSON, rows_of
from place import UserError
from rows import CSV, RECORDIO
from serving import RequestError, answer_type

from shardr.runtime.serving.requests import media_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Labelling(ABC):
    """The model that is served."""

    plural: ClassVar[str]
    """What the list of all answers is called in JSON."""
    forms: ClassVar[Sequence[str]]
    """Content types of answers, the first one that of those who do not mind."""

    def __init__(self, width: int) -> None:
        self._width = width

    @abstractmethod
    def labels(self, table: Any) -> Mapping[str, Any]:
        """A number or several for each row, by the name of the label."""

    def answer(self, body: bytes, content_type: str | None, accept: str | None) -> tuple[str, str | bytes]:
        """The content type of the answer and the answer; raises ``RequestError``."""
        kind = answer_type(accept, self.forms)
        try:
            table = rows_of(body, media_type(content_type or CSV), self._width)
        except UserError as error:
            raise RequestError(400, str(error)) from None
        found = {name: np.asarray(values, np.float32) for name, values in self.labels(table).items()}
        return kind, written(found, kind, self.plural)


def written(labels: Mapping[str, Any], kind: str, plural: str) -> str | bytes:
    """An answer of this content type: a row of each of the labels' arrays, by their names but in CSV."""
    if kind == RECORDIO:
        return recordio.labelled(labels)
    values = zip(*(held.tolist() for held in labels.values()), strict=True)
    if kind == CSV:
        return "".join(",".join(map(str, row)) + "\n" for row in values)
    rows = [dict(zip(labels, row, strict=True)) for row in values]
    if kind == JSON:
        return json.dumps({plural: rows})
    return "".join(json.dumps(row) + "\n" for row in rows)
