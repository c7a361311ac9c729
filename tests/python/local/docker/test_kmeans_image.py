"""The kmeans image as a training job and a hosted model: real containers, as a user who is not root."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import image_world
from container.kmeans_world import Host, blobs, inertia, squares
from container.rows_world import RECORDIO, csv, dense
from sklearn.cluster import KMeans

import shardr
from shardr.local.docker.daemon import connect

if TYPE_CHECKING:
    from pathlib import Path


def test_the_image_learns_clusters_from_recordio_and_answers_json(docker_host: str, tmp_path: Path) -> None:
    image, rows = shardr.build_image("kmeans").uri, blobs(2000)
    host = Host(tmp_path / "ml", {"train": {"a": dense(rows)}}, channels={"train": RECORDIO})
    for writable in ("model", "output"):
        (host.folder / writable).chmod(0o777)
    status, printed = image_world.output(image, "train", folder=host.folder)
    assert status == 0, printed
    assert inertia(rows, host.centres) < 1.03 * KMeans(5, n_init=10, random_state=0).fit(rows).inertia_
    with (
        image_world.network() as network,
        image_world.container(image, "serve", folder=host.folder, network=network) as id,
    ):
        status, text = image_world.served(id).ask("POST", "/invocations", csv(rows[:50]))
        connect().kill(id, "TERM")
        assert connect().wait(id, timeout=30)["StatusCode"] == 0
    assert status == 200
    found = [row["closest_cluster"] for row in json.loads(text)["predictions"]]
    assert found == squares(rows[:50], host.centres).argmin(axis=1).tolist()
