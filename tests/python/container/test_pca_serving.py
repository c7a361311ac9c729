"""The built-in PCA as a hosted model: the formats and the statuses of SageMaker's container."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from host_world import Served, ended
from pca_world import Host, table
from rows_world import artifact, csv, dense, field_of, framed, sparse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JSON, LINES, RECORDIO = "application/json", "application/jsonlines", "application/x-recordio-protobuf"
ROWS = table(30)
MEAN = ROWS.mean(axis=0)
VECTORS = np.linalg.svd(ROWS - MEAN)[2][:3].T
WANTED = (ROWS - MEAN) @ VECTORS
MODEL = artifact.packed({"mean": MEAN[None], "v": VECTORS, "s": np.ones(3)})


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    host = Host(tmp_path_factory.mktemp("served") / "ml", {})
    (host.folder / "model/model_algo-1").write_bytes(MODEL)
    with host.serving() as (found, _):
        yield found


def lines(rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


VALUES = [{"data": {"features": {"values": row}}} for row in ROWS.tolist()]
KEYS = [{"data": {"features": {"keys": list(range(12)), "shape": [12], "values": row}}} for row in ROWS.tolist()]
FEATURES = [{"features": row} for row in ROWS.tolist()]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (csv(ROWS), "text/csv"),
        (csv(ROWS).replace("\n", "\r\n"), "text/csv; charset=utf-8"),
        (json.dumps({"instances": FEATURES}), JSON),
        (json.dumps({"instances": VALUES}), JSON),
        (json.dumps({"instances": KEYS}), JSON),
        (lines(FEATURES), LINES),
        (lines(VALUES), LINES),
        (dense(ROWS), RECORDIO),
        (sparse(ROWS), RECORDIO),
    ],
    ids=[
        "csv",
        "csv crlf",
        "json",
        "json values",
        "json sparse",
        "lines",
        "lines values",
        "recordio",
        "sparse recordio",
    ],
)
def test_rows_of_every_form_are_projected_less_the_mean(served: Served, body: str | bytes, kind: str) -> None:
    status, text = served.ask(body, kind)
    assert status == 200
    answer = json.loads(text)
    assert list(answer) == ["projections"]
    assert all(list(row) == ["projection"] for row in answer["projections"])
    assert np.allclose([row["projection"] for row in answer["projections"]], WANTED, atol=1e-5)


def test_json_lines_have_a_projection_each(served: Served) -> None:
    status, text = served.ask(csv(ROWS), accept=LINES)
    assert status == 200
    assert text.endswith("]}\n")
    assert np.allclose([json.loads(line)["projection"] for line in text.splitlines()], WANTED, atol=1e-5)


def test_recordio_answers_have_the_projection_as_a_label_of_single_precision(served: Served) -> None:
    status, answer = served.asked(csv(ROWS), accept=RECORDIO)
    assert status == 200
    found = np.array([list(struct.unpack("<3f", part[-12:])) for part in np.split(np.frombuffer(answer, "u1"), 30)])
    assert np.allclose(found, WANTED, atol=1e-5)
    tensors = [field_of(2, field_of(1, struct.pack("<3f", *row))) for row in found]
    assert answer == b"".join(framed(field_of(2, field_of(1, b"projection") + field_of(2, one))) for one in tensors)


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        (("1,2,3\n",), 400, "the model has 12 features, the request 3"),
        ((csv(ROWS[:2]) + "1,x\n",), 400, "the request, line 3: expected 12 cells, found 2"),
        ((csv(ROWS[:2]) + "," * 11 + "\n",), 400, "the request, row 3: a value is missing or no finite number"),
        (("{", JSON), 400, "the request is no JSON"),
        (('{"instances": []}', JSON), 400, 'expected {"instances": [{"features": [1.5, 2]}]}'),
        (('{"instances": [{"features": [1, "a"]}]}', JSON), 400, 'instance 1: expected {"features": [12 numbers]}'),
        (('{"features": [1]}\n', LINES), 400, "line 1: the model has 12 features, the row 1"),
        (("nonsense", RECORDIO), 400, "no recordIO"),
        (("x", "image/png"), 415, "the content type image/png is not read here"),
        ((csv(ROWS), "text/csv", "text/csv"), 406, "text/csv is not answered: accept application/json"),
        (("", "text/csv"), 204, ""),
    ],
)
def test_what_is_refused_gets_its_status_and_the_reason(
    served: Served, asked: tuple[str, ...], status: int, told: str
) -> None:
    found = served.ask(*asked)
    assert found[0] == status
    assert told in found[1]


def test_the_service_finds_it_healthy_and_how_it_wants_its_batches(served: Served) -> None:
    assert served.ask(None, path="/ping") == (200, "")
    told = json.loads(served.ask(None, path="/execution-parameters")[1])
    assert (told["BatchStrategy"], told["MaxPayloadInMB"]) == ("MULTI_RECORD", 6)


@pytest.mark.parametrize(
    ("content", "told"), [(None, "there is no model: "), (b"x" * 40, "is no model of PCA"), (MODEL[:99], "is no model")]
)
def test_a_model_that_cannot_be_served_is_told(tmp_path: Path, content: bytes | None, told: str) -> None:
    host = Host(tmp_path / "ml", {})
    if content is not None:
        (host.folder / "model/model_algo-1").write_bytes(content)
    status, printed = ended(host.start("serve"))
    assert status == 1
    assert told in printed
