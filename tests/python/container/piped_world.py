"""Jobs of a built-in algorithm that learn from files or from a stream."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Any

import numpy as np
import worlds
from container import rows_world

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

WRITTEN: dict[str, tuple[str, Callable[[np.ndarray], bytes]]] = {
    "dense": ("application/x-recordio-protobuf", rows_world.dense),
    "sparse": ("application/x-recordio-protobuf", rows_world.sparse),
    "csv": ("text/csv;label_size=0", lambda rows: rows_world.csv(rows).encode()),
}
"""Content types and what writes them, by what they are called."""


def lay(folder: Path, rows: np.ndarray, form: str) -> None:
    """The rows as five files of ``data``."""
    (folder / "data").mkdir()
    for part, some in enumerate(np.array_split(rows, 5)):
        (folder / "data" / f"part-{part}").write_bytes(WRITTEN[form][1](some))


def ran(folder: Path, mode: str, form: str, instances: int, image: str, hyperparameters: Mapping[str, Any]) -> Any:
    """The step ``work``, when it has learnt from all files of ``data``."""
    channel = {
        "name": "train",
        "source": "data/",
        "distribution": "ShardedByS3Key",
        "content_type": WRITTEN[form][0],
        "input_mode": mode,
    }
    step = {
        "name": "work",
        "type": "training",
        "image": image,
        "instance_count": instances,
        "inputs": [channel],
        "hyperparameters": dict(hyperparameters),
    }
    return worlds.run(folder, {"name": "world", "steps": [step]}, runner="process").step("work")


def learnt(*arguments: Any) -> bytes:
    """The model of such a step, which completes."""
    return model_of(ran(*arguments))


def model_of(step: Any) -> bytes:
    """The model of a step, which has completed."""
    assert step.status == "Completed", step.failure
    with tarfile.open(step.outputs["model"].files[0]) as archive:
        stream = archive.extractfile("model_algo-1")
        assert stream is not None
        return stream.read()
