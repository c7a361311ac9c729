"""Clients that nobody here wrote ask ``shardr serve`` for channels in mode Pipe."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from client_world import PROGRAMS, World, line
from container.pca_world import apart, table, unpacked
from container.rows_world import dense
from sklearn.decomposition import PCA

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = table(4000, columns=50)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Both programs under way at once."""
    world = World(tmp_path_factory.mktemp("streams"))
    shutil.copytree(PROGRAMS, world.folder, dirs_exist_ok=True)
    for place, rows in (("train", ROWS), ("test", ROWS[:100])):
        folder = world.home / "s3/seed004" / place
        folder.mkdir(parents=True)
        for i, part in enumerate(np.array_split(rows, 3)):
            (folder / f"part-{i}").write_bytes(dense(part))
    world.serve()
    places = [f"s3://seed004/{name}/" for name in ("train", "test", "out")]
    try:
        world.start("seed 004", "sagemaker-3", ["python", "seed004_boto3.py", *places])
        world.start("cli", "awscli", ["sh", "streams.sh", str(world.folder)])
        yield world
    finally:
        world.close()


def test_the_published_request_for_pca_finds_the_same_components_in_either_mode(world: World) -> None:
    printed = world.printed("seed 004")
    models = {mode: unpacked(world.artifact(line(printed, mode)), "model") for mode in ("File", "Pipe")}
    assert models["Pipe"]["s"] == pytest.approx(models["File"]["s"], rel=1e-5)
    assert models["Pipe"]["mean"] == pytest.approx(models["File"]["mean"], rel=1e-5)
    assert apart(models["Pipe"]["v"], models["File"]["v"]) < 1e-4
    oracle = PCA(10, svd_solver="full").fit(ROWS.astype(np.float64)).components_.T
    assert models["Pipe"]["v"].shape == (50, 10)
    assert apart(models["Pipe"]["v"], oracle) < 1e-3


def test_the_aws_cli_streams_a_channel_and_describes_its_mode(world: World) -> None:
    printed = world.printed("cli")
    assert line(printed, "status") == "Completed"
    assert line(printed, "modes").split() == ["File", "Pipe"]
    read = line(printed, "read").split(",")
    assert read[:3] == ["1", "2", "3"]
    assert sorted(read[3:6]) == sorted(read[6:]) == ["1", "2", "3"]
