"""The xgboost image as a training job and a hosted model: real containers, as a user who is not root."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import image_world
import numpy as np
import pytest
from container.xgboost_world import ALIKE, Host, csv, oracle, predictions, table

import shardr
from shardr.local.docker.daemon import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS, NEW = table(600), table(100, seed=2)


@pytest.fixture(scope="module")
def image(docker_host: str) -> str:
    return shardr.build_image("xgboost").uri


@pytest.fixture(scope="module")
def network(docker_host: str) -> Iterator[str]:
    id = connect().create_network(f"shardr-test-xgb-{os.getpid()}", internal=True)["Id"]
    yield id
    connect().remove_network(id)


def instance(folder: Path, rows: np.ndarray, name: str = "algo-1", hosts: tuple[str, ...] = ("algo-1",)) -> Host:
    files = {"train": {"a.csv": csv(rows)} if len(rows) else {}, "validation": {"v.csv": csv(NEW)}}
    host = Host(folder, files, hosts=hosts, name=name)
    for writable in ("model", "output"):
        (folder / writable).chmod(0o777)
    return host


def test_an_instance_learns_what_xgboost_itself_does(image: str, tmp_path: Path) -> None:
    host = instance(tmp_path / "ml", ROWS)
    status, printed = image_world.output(image, "train", folder=host.folder)
    assert status == 0, printed
    assert "[29]#011train-rmse:" in printed
    assert predictions(host.model, NEW) == pytest.approx(predictions(oracle(ROWS), NEW), abs=ALIKE)


def test_instances_find_each_other_by_name_and_learn_one_model(image: str, network: str, tmp_path: Path) -> None:
    names = ("algo-1", "algo-2", "algo-3")
    shares = (ROWS[:0], ROWS[:350], ROWS[350:])
    hosts = [instance(tmp_path / name, rows, name, names) for name, rows in zip(names, shares, strict=True)]
    client = connect()
    with ExitStack() as stack:
        started = []
        for host in hosts:
            known = {network: client.create_endpoint_config(aliases=[host.name])}
            settings = {"networking_config": client.create_networking_config(known), "hostname": host.name}
            started.append(
                stack.enter_context(
                    image_world.container(image, "train", folder=host.folder, network=network, **settings)
                )
            )
        ended = [client.wait(id, timeout=120)["StatusCode"] for id in started]
        logs = [client.logs(id).decode() for id in started]
    assert ended == [0, 0, 0], "\n".join(logs)
    assert "takes no part and leaves" in logs[0]
    assert predictions(hosts[1].model, NEW) == pytest.approx(predictions(oracle(ROWS), NEW), abs=ALIKE)


def test_a_wrong_hyperparameter_is_the_reason_of_the_failure(image: str, tmp_path: Path) -> None:
    host = instance(tmp_path / "ml", ROWS)
    host.config("hyperparameters", {"num_rounds": "3"})
    assert image_world.output(image, "train", folder=host.folder)[0] == 1
    assert 'num_rounds: unknown; did you mean "num_round"?' in host.failure


def test_a_model_is_served_and_sigterm_ends_the_server(image: str, network: str, tmp_path: Path) -> None:
    model = oracle(ROWS)
    host = instance(tmp_path / "ml", ROWS)
    (host.folder / "model/xgboost-model").write_bytes(bytes(model.save_raw("ubj")))
    with image_world.container(image, "serve", folder=host.folder, network=network) as id:
        served = image_world.served(id)
        assert served.ask("GET", "/ping") == (200, "")
        status, text = served.ask("POST", "/invocations", csv(NEW[:, 1:]))
        assert status == 200
        assert np.array(text.split(","), dtype=float) == pytest.approx(predictions(model, NEW), rel=1e-6)
        connect().kill(id, "TERM")
        assert connect().wait(id, timeout=30)["StatusCode"] == 0


def test_a_word_that_only_contains_train_is_refused(image: str) -> None:
    assert image_world.output(image, "training") == (2, 'expected train or serve, found "training"\n')
