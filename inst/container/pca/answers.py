"""Projections for the rows of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from artifact import MODEL, loaded
from bodies import JSON, JSONLINES
from labelling import Labelling
from place import UserError
from rows import RECORDIO

if TYPE_CHECKING:
    from collections.abc import Mapping


class Model(Labelling):
    """Components, and the mean that is taken off before."""

    plural = "projections"
    forms = (JSON, JSONLINES, RECORDIO)

    def __init__(self, arrays: dict[str, Any]) -> None:
        self._vectors = np.ascontiguousarray(arrays["v"])
        self._shift = arrays["mean"].ravel() @ self._vectors if "mean" in arrays else 0
        super().__init__(len(self._vectors))

    @classmethod
    def loaded(cls) -> Model:
        """The model that was unpacked for this instance; raises ``UserError`` where there is none."""
        arrays = loaded("PCA")
        if arrays.get("v", np.zeros(0)).ndim != 2:
            raise UserError(f"{MODEL} is no model of PCA: it has no matrix v")
        return cls(arrays)

    def labels(self, table: Any) -> Mapping[str, Any]:
        """A projection for each row."""
        return {"projection": table @ self._vectors - self._shift}
