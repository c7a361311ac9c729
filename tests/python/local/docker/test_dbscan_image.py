"""The dbscan image as a training job and a hosted model: real containers, a reference computed here."""

from __future__ import annotations

import math
import os
import random
import time
from typing import TYPE_CHECKING

import image_world
import pytest
import worlds

import shardr
from shardr.local.docker.daemon import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CENTRES = ((0, 0), (5, 5), (0, 9))


def cloud(n: int, seed: int) -> list[tuple[float, float]]:
    rng = random.Random(seed)
    around = (rng.choice(CENTRES) for _ in range(n))
    return [(round(rng.gauss(x, 0.4), 4), round(rng.gauss(y, 0.4), 4)) for x, y in around]


def csv(points: list[tuple[float, float]]) -> str:
    return "".join(f"{x},{y}\n" for x, y in points)


@pytest.fixture(scope="module")
def image(docker_host: str) -> str:
    return shardr.build_image("dbscan").uri


def train(image: str, folder: Path, files: dict[str, str], **hyperparameters: str) -> tuple[int, str]:
    image_world.training(folder, files, hyperparameters)
    return image_world.output(image, "train", folder=folder)


POINTS = [*cloud(300, 1), (50.0, 50.0)]


def neighbours(point: tuple[float, float], eps: float) -> list[int]:
    return [i for i, other in enumerate(POINTS) if math.dist(point, other) <= eps]


def clustered(eps: float, least: int) -> dict[int, int]:
    """Cluster of each point that is in one, by the definition: core points in reach of each other, in their order."""
    core = {i for i, point in enumerate(POINTS) if len(neighbours(point, eps)) >= least}
    found: dict[int, int] = {}
    label = 0
    for start in sorted(core):
        if start in found:
            continue
        label += 1
        todo = [start]
        while todo:
            here = todo.pop()
            if found.setdefault(here, label) == label and here in core:
                todo += [i for i in neighbours(POINTS[here], eps) if i not in found]
    return found


def expected(point: tuple[float, float], known: dict[int, int], eps: float) -> int:
    """Cluster of the nearest point that is in one, 0 beyond eps."""
    nearest = min(known, key=lambda i: math.dist(point, POINTS[i]))
    return known[nearest] if math.dist(point, POINTS[nearest]) <= eps else 0


@pytest.fixture(scope="module")
def model(image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "ml"
    status, printed = train(
        image, folder, {"1.csv": csv(POINTS[:100]), "2.csv": csv(POINTS[100:])}, eps="0.5", minPts="5"
    )
    assert status == 0, printed
    assert "points=301; columns=2; minPts=5; eps=0.5; clusters=3; noise=" in printed
    return folder


@pytest.fixture(scope="module")
def network(docker_host: str) -> Iterator[str]:
    with image_world.network() as id:
        yield id


@pytest.fixture(scope="module")
def container(image: str, model: Path, network: str) -> Iterator[str]:
    with image_world.container(image, "serve", folder=model, network=network) as id:
        yield id


@pytest.fixture(scope="module")
def served(container: str) -> image_world.Served:
    return image_world.served(container)


def test_ping_answers_200_with_nothing(served: image_world.Served) -> None:
    assert served.ask("GET", "/ping") == (200, "")


@pytest.mark.parametrize("kind", ["text/csv", "application/jsonlines"])
def test_points_get_the_cluster_of_their_nearest_clustered_neighbour_within_eps(
    served: image_world.Served, kind: str
) -> None:
    asked = [*cloud(200, 2), (2.5, 2.5), (50.0, 50.0), *POINTS[:20]]
    known = clustered(0.5, 5)
    wanted = [expected(point, known, 0.5) for point in asked]
    assert {0, 1, 2, 3} == set(wanted)
    lines = "".join(f'{{"projection": [{x}, {y}]}}\n' for x, y in asked)
    status, text = served.ask("POST", "/invocations", csv(asked) if kind == "text/csv" else lines, kind)
    assert status == 200
    assert [float(line) for line in text.splitlines()] == wanted


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("1,2\n3,x\n5,6\n", 'line 2: expected 2 numbers, found "3,x"'),
        ("1,2\n3,4\n5\n", 'line 3: expected 2 numbers, found "5"'),
        ('{"projection": [1, 2]}\n{"projection": [1, null]}\n', "line 2: expected 2 numbers"),
        ("1,2\n\n3,4\n", 'line 2: expected 2 numbers, found ""'),
        ("", "there are no points"),
    ],
)
def test_a_malformed_line_gives_400_with_its_number(served: image_world.Served, body: str, told: str) -> None:
    status, text = served.ask("POST", "/invocations", body)
    assert status == 400
    assert told in text


def test_a_last_line_without_its_end_counts(served: image_world.Served) -> None:
    assert served.ask("POST", "/invocations", "0,0\r\n5,5")[0] == 200
    assert served.ask("POST", "/invocations", "0,0\r\n5,5")[1].count("\n") == 2


def test_nothing_of_the_server_runs_as_root(served: image_world.Served, container: str) -> None:
    table = connect().top(container, ps_args="-ww -eo uid,pid,args")
    assert {row[0] for row in table["Processes"]} == {"1000"}
    assert sum("serving.R" in row[2] for row in table["Processes"]) >= 2


@pytest.mark.alone
def test_sigterm_ends_the_server_within_a_second_with_status_0(image: str, model: Path, network: str) -> None:
    with image_world.container(image, "serve", folder=model) as id:
        worlds.until(lambda: "nginx" in str(connect().top(id)["Processes"]), 60)
        begun = time.monotonic()
        connect().kill(id, "TERM")
        assert connect().wait(id)["StatusCode"] == 0
        assert time.monotonic() - begun < 1


@pytest.mark.alone
def test_sigterm_ends_training(image: str, tmp_path: Path) -> None:
    image_world.training(tmp_path / "ml", {}, {})
    os.mkfifo(tmp_path / "ml/input/data/train/endless.csv")  # nobody writes: R waits for its first line
    with image_world.container(image, "train", folder=tmp_path / "ml") as id:
        worlds.until(lambda: "dbscan.R" in str(connect().top(id, ps_args="-ww -eo pid,args")["Processes"]), 60)
        begun = time.monotonic()
        connect().kill(id, "TERM")
        assert connect().wait(id)["StatusCode"] == 143
        assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("files", "hyperparameters", "reason"),
    [
        ({}, {}, "the channel train has no points"),
        ({"a.csv": "1,2\n3,four\n"}, {}, 'a.csv, line 2: expected 2 numbers, found "3,four"'),
        ({"a.csv": "1,2\n", "b.csv": "1,2,3\n"}, {}, 'b.csv, line 1: expected 2 numbers, found "1,2,3"'),
        ({"a.csv": "1,2\n"}, {"minPts": "4.5"}, "minPts: expected a whole number, found 4.5"),
        ({"a.csv": "1,2\n"}, {"eps": "far"}, 'eps: expected a number above 0, found "far"'),
        ({"a.csv": "1,2\n"}, {"epsilon": "1"}, "unknown hyperparameters: epsilon"),
        ({"a.csv": "1,2\n"}, {}, "to choose eps, more than minPts = 5 are needed"),
    ],
)
def test_training_that_fails_leaves_its_reason_and_no_model(
    image: str, tmp_path: Path, files: dict[str, str], hyperparameters: dict[str, str], reason: str
) -> None:
    status, _ = train(image, tmp_path / "ml", files, **hyperparameters)
    assert status == 1
    assert reason in (tmp_path / "ml/output/failure").read_text()
    assert list((tmp_path / "ml/model").iterdir()) == []


def test_eps_is_by_default_the_mean_distance_to_the_fifth_neighbour(image: str, tmp_path: Path) -> None:
    points = cloud(60, 3)
    fifth = [sorted(math.dist(point, other) for other in points)[5] for point in points]
    status, printed = train(image, tmp_path / "ml", {"a.csv": csv(points)})
    assert status == 0, printed
    stated = float(printed.partition("eps=")[2].partition(";")[0])
    assert stated == pytest.approx(sum(fifth) / len(fifth), rel=1e-9)


def test_a_word_that_only_contains_train_is_refused(image: str) -> None:
    assert image_world.output(image, "training") == (2, 'expected train or serve, found "training"\n')
