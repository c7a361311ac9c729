"""The built-in K-means in mode Pipe: the model of File mode, with a FIFO for each epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from container import kmeans_world as world
from container import piped_world
from sklearn.cluster import KMeans

from sample import room  # isort: skip

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


def test_of_more_rows_than_are_kept_the_loss_is_told_within_a_few_per_cent_and_the_same_of_files_and_streams(
    tmp_path: Path,
) -> None:
    rows = world.blobs(60_000, columns=40)
    assert len(rows) > 2 * room(40, 1)
    piped_world.lay(tmp_path, rows, "dense")
    given = GIVEN | {"feature_dim": 40, "eval_metrics": '["msd", "ssd"]', "epochs": 2}
    told = {}
    for mode, instances in (("File", 1), ("Pipe", 1), ("File", 2), ("Pipe", 2)):
        step = piped_world.ran(tmp_path, mode, "dense", instances, "kmeans", given)
        wanted = world.inertia(rows, world.centres_of(piped_world.model_of(step)))
        told[mode, instances] = step.metrics["train:msd"]
        assert step.metrics["train:msd"] == pytest.approx(wanted / len(rows), rel=0.02)
        assert step.metrics["train:ssd"] == pytest.approx(step.metrics["train:msd"] * len(rows), rel=1e-6)
    assert told["Pipe", 1] == pytest.approx(told["File", 1], rel=1e-6)
    assert told["Pipe", 2] == pytest.approx(told["File", 2], rel=1e-6)
    assert told["File", 2] == pytest.approx(told["File", 1], rel=0.03)
