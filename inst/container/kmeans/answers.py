"""The clusters of the rows of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from artifact import MODEL, loaded
from bodies import JSON, JSONLINES
from labelling import Labelling
from nearest import assigned
from place import UserError
from rows import CSV, RECORDIO

if TYPE_CHECKING:
    from collections.abc import Mapping


class Model(Labelling):
    """The centres of the clusters."""

    plural = "predictions"
    forms = (JSON, JSONLINES, CSV, RECORDIO)

    def __init__(self, centres: Any) -> None:
        self._centres = centres
        super().__init__(centres.shape[1])

    @classmethod
    def loaded(cls) -> Model:
        """The model that was unpacked for this instance; raises ``UserError`` where there is none."""
        arrays = list(loaded("K-means").values())
        if len(arrays) != 1 or arrays[0].ndim != 2 or not arrays[0].size:
            raise UserError(f"{MODEL} is no model of K-means: it is not one matrix of centres")
        return cls(arrays[0])

    def labels(self, table: Any) -> Mapping[str, Any]:
        """The number of the nearest centre, from 0, and how far it is, for each row."""
        near, squares = assigned(table, self._centres)
        return {"closest_cluster": near, "distance_to_cluster": np.sqrt(squares)}
