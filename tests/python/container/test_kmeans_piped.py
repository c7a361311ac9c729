"""The built-in K-means in mode Pipe: the model of File mode, with a FIFO for each epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from container import kmeans_world as world
from container import piped_world
from sklearn.cluster import KMeans

if TYPE_CHECKING:
    from pathlib import Path

GIVEN = {"feature_dim": 6, "k": 5, "mini_batch_size": 333, "epochs": 3}


@pytest.mark.parametrize(("form", "instances"), [("dense", 2), ("sparse", 1), ("csv", 1)])
def test_three_epochs_of_files_and_of_streams_give_the_same_centres(tmp_path: Path, form: str, instances: int) -> None:
    rows = world.blobs(3000)
    piped_world.lay(tmp_path, rows, form)
    of_files, piped = (
        world.centres_of(piped_world.learnt(tmp_path, mode, form, instances, "kmeans", GIVEN))
        for mode in ("File", "Pipe")
    )
    np.testing.assert_allclose(piped, of_files, rtol=1e-6)
    assert world.inertia(rows, piped) < 1.03 * KMeans(5, n_init=10, random_state=0).fit(rows).inertia_
