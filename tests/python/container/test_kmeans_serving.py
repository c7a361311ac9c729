"""The built-in K-means as a hosted model: what it answers, in the forms of SageMaker's container."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from host_world import Served, ended
from kmeans_world import Host, blobs, squares
from rows_world import artifact, csv, dense, field_of, framed, sparse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JSON, LINES, RECORDIO = "application/json", "application/jsonlines", "application/x-recordio-protobuf"
ROWS, CENTRES = blobs(30), blobs(4, seed=3)
SQUARES = squares(ROWS, CENTRES)
NEAR, FAR = SQUARES.argmin(axis=1), np.sqrt(SQUARES.min(axis=1))
MODEL = artifact.packed({"0": CENTRES}, named=False)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    host = Host(tmp_path_factory.mktemp("served") / "ml", {})
    (host.folder / "model/model_algo-1").write_bytes(MODEL)
    with host.serving() as (found, _):
        yield found


def check(found: list[dict[str, float]]) -> None:
    assert all(list(row) == ["closest_cluster", "distance_to_cluster"] for row in found)
    assert [row["closest_cluster"] for row in found] == NEAR.tolist()
    assert [row["distance_to_cluster"] for row in found] == pytest.approx(FAR, rel=1e-6)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (csv(ROWS), "text/csv"),
        (json.dumps({"instances": [{"features": row} for row in ROWS.tolist()]}), JSON),
        ("".join(json.dumps({"data": {"features": {"values": row}}}) + "\n" for row in ROWS.tolist()), LINES),
        (dense(ROWS), RECORDIO),
        (sparse(ROWS), RECORDIO),
    ],
    ids=["csv", "json", "lines", "recordio", "sparse recordio"],
)
def test_rows_of_every_form_get_the_nearest_cluster_and_their_distance(
    served: Served, body: str | bytes, kind: str
) -> None:
    status, text = served.ask(body, kind)
    assert status == 200
    answer = json.loads(text)
    assert list(answer) == ["predictions"]
    check(answer["predictions"])
    assert f'"closest_cluster": {NEAR[0]}.0,' in text  # a float, as the service has it


def test_json_lines_have_an_object_for_each_row_and_csv_two_numbers(served: Served) -> None:
    check([json.loads(line) for line in served.ask(csv(ROWS), accept=LINES)[1].splitlines()])
    status, text = served.ask(csv(ROWS), accept="text/csv")
    assert status == 200
    assert text.startswith(f"{NEAR[0]}.0,")
    found = np.array([line.split(",") for line in text.splitlines()], float)
    assert found[:, 0].tolist() == NEAR.tolist()
    assert found[:, 1] == pytest.approx(FAR, rel=1e-6)


def test_recordio_answers_have_two_labels_of_single_precision(served: Served) -> None:
    status, answer = served.asked(dense(ROWS), RECORDIO, accept=RECORDIO)
    assert status == 200

    def label(name: bytes, value: float) -> bytes:
        return field_of(2, field_of(1, name) + field_of(2, field_of(2, field_of(1, np.float32(value).tobytes()))))

    assert answer == b"".join(
        framed(label(b"closest_cluster", near) + label(b"distance_to_cluster", far))
        for near, far in zip(NEAR, FAR, strict=True)
    )


def test_a_request_of_another_width_or_kind_is_refused(served: Served) -> None:
    assert served.ask("1,2\n") == (400, "the model has 6 features, the request 2\n")
    assert served.ask("x", "image/png")[0] == 415
    assert served.ask(csv(ROWS), accept="text/html")[0] == 406


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"x" * 40, "model_algo-1 is no model of K-means: it does not begin as MXNet's arrays do"),
        (artifact.packed({"v": CENTRES, "s": CENTRES[0]}), "is no model of K-means: it is not one matrix of centres"),
    ],
)
def test_a_model_of_something_else_is_told(tmp_path: Path, content: Any, told: str) -> None:
    host = Host(tmp_path / "ml", {})
    (host.folder / "model/model_algo-1").write_bytes(content)
    status, printed = ended(host.start("serve"))
    assert status == 1
    assert told in printed
