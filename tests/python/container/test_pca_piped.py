"""The built-in PCA in mode Pipe: the model of File mode, whatever the form of the data and the number of instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from container import pca_world as world
from container import piped_world, rows_world

if TYPE_CHECKING:
    from pathlib import Path

GIVEN = {"feature_dim": 12, "num_components": 4, "mini_batch_size": 500}


@pytest.mark.parametrize("instances", [1, 2])
@pytest.mark.parametrize("form", piped_world.WRITTEN)
def test_file_and_pipe_give_the_same_model(tmp_path: Path, form: str, instances: int) -> None:
    piped_world.lay(tmp_path, world.table(3000), form)
    of_files, piped = (
        world.unpacked(piped_world.learnt(tmp_path, mode, form, instances, "pca", GIVEN), "model")
        for mode in ("File", "Pipe")
    )
    np.testing.assert_allclose(piped["s"], of_files["s"], rtol=1e-5)
    assert world.apart(piped["v"], of_files["v"]) < 1e-4
    np.testing.assert_allclose(piped["mean"], of_files["mean"], rtol=1e-5)


def test_a_stream_that_ends_within_a_record_is_told_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "part").write_bytes(rows_world.dense(world.table(100))[:-10])
    step = piped_world.ran(tmp_path, "Pipe", "dense", 1, "pca", GIVEN)
    assert step.status == "Failed"
    assert "train, record 100" in (step.failure or "")
