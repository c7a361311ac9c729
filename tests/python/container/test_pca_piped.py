"""The built-in PCA in mode Pipe: the model of File mode, whatever the form of the data and the number of instances."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import worlds
from container import pca_world as world

if TYPE_CHECKING:
    from pathlib import Path


def spec(mode: str, content: str, instances: int) -> dict[str, Any]:
    """A step that learns from all files of ``data``."""
    channel = {
        "name": "train",
        "source": "data/",
        "distribution": "ShardedByS3Key",
        "content_type": content,
        "input_mode": mode,
    }
    step = {
        "name": "work",
        "type": "training",
        "image": "pca",
        "instance_count": instances,
        "inputs": [channel],
        "hyperparameters": {"feature_dim": 12, "num_components": 4, "mini_batch_size": 500},
    }
    return {"name": "world", "steps": [step]}


def learnt(folder: Path, mode: str, content: str, instances: int) -> dict[str, Any]:
    """The model of a job that completes."""
    done = worlds.run(folder, spec(mode, content, instances), runner="process")
    assert done.status == "Completed", done.step("work").failure
    with tarfile.open(done.step("work").outputs["model"].files[0]) as archive:
        stream = archive.extractfile("model_algo-1")
        assert stream is not None
        return world.unpacked(stream.read(), "model")


@pytest.mark.parametrize("instances", [1, 2])
@pytest.mark.parametrize(
    ("content", "written"),
    [
        ("application/x-recordio-protobuf", world.dense),
        ("application/x-recordio-protobuf", world.sparse),
        ("text/csv;label_size=0", lambda rows: world.csv(rows).encode()),
    ],
    ids=["dense", "sparse", "csv"],
)
def test_file_and_pipe_give_the_same_model(tmp_path: Path, content: str, written: Any, instances: int) -> None:
    (tmp_path / "data").mkdir()
    for part, rows in enumerate(np.array_split(world.table(3000), 5)):
        (tmp_path / "data" / f"part-{part}").write_bytes(written(rows))
    of_files, piped = (learnt(tmp_path, mode, content, instances) for mode in ("File", "Pipe"))
    np.testing.assert_allclose(piped["s"], of_files["s"], rtol=1e-5)
    assert world.apart(piped["v"], of_files["v"]) < 1e-4
    np.testing.assert_allclose(piped["mean"], of_files["mean"], rtol=1e-5)


def test_a_stream_that_ends_within_a_record_is_told_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "part").write_bytes(world.dense(world.table(100))[:-10])
    done = worlds.run(tmp_path, spec("Pipe", "application/x-recordio-protobuf", 1), runner="process")
    assert done.status == "Failed"
    assert "train, record 100" in (done.step("work").failure or "")
