"""The built-in XGBoost as a hosted model: the formats and the statuses of SageMaker's container."""

from __future__ import annotations

import io
import json
import pickle
import re
import signal
import time
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from host_world import Served, ended
from xgboost_world import Host, csv, libsvm, oracle, predictions, table

from shardr.recordio.blocks import Sparse
from shardr.recordio.encoding import encode
from shardr.recordio.reading import blocks

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    import xgboost as xgb

ROWS, NEW = table(600), table(40, seed=2)
RECORDIO = "application/x-recordio-protobuf"


@cache
def model() -> xgb.Booster:
    return oracle(ROWS)


@cache
def wanted() -> np.ndarray:
    return predictions(model(), NEW)


def records(rows: np.ndarray = NEW) -> bytes:
    """Records with a label, which the model does not see."""
    table = rows[:, 1:].astype(np.float32)
    return encode(table, {"values": np.ones(len(table), np.float32)}).content.tobytes()


@contextmanager
def serving(folder: Path, **environment: str) -> Iterator[tuple[Served, subprocess.Popen[str]]]:
    host = Host(folder / "ml", {})
    (host.folder / "model/xgboost-model").write_bytes(bytes(model().save_raw("json")))
    with host.serving(**environment) as found:
        yield found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as (found, _):
        yield found


def body(rows: np.ndarray = NEW) -> str:
    return csv(rows[:, 1:])


def close(found: object) -> bool:
    return np.allclose(np.array(found, dtype=float), wanted(), atol=0, rtol=1e-6)


def test_ping_answers_200_with_nothing_and_batches_hear_how_to_ask(served: Served) -> None:
    assert served.ask(None, path="/ping") == (200, "")
    status, told = served.ask(None, path="/execution-parameters")
    assert (status, json.loads(told)["BatchStrategy"]) == (200, "MULTI_RECORD")


def test_csv_is_answered_with_scores_and_commas_between(served: Served) -> None:
    status, text = served.ask(body())
    assert status == 200
    assert close(text.split(","))


@pytest.mark.parametrize("first", [0, 1])
def test_libsvm_counts_its_columns_from_0_or_from_1(served: Served, first: int) -> None:
    lines = libsvm(NEW).splitlines()
    if first == 1:
        lines = [re.sub(r"(\d+):", lambda found: f"{int(found[1]) + 1}:", line) for line in lines]
    status, text = served.ask("\n".join(lines), "text/libsvm")
    assert status == 200
    assert close(text.split(","))


def test_json_and_json_lines_are_answered_where_they_are_accepted(served: Served) -> None:
    status, text = served.ask(body(), "text/csv; charset=utf-8", "application/json")
    assert status == 200
    assert close([each["score"] for each in json.loads(text)["predictions"]])
    status, text = served.ask(body(), accept="application/jsonlines")
    assert close([json.loads(line)["score"] for line in text.splitlines()])


def test_records_are_answered_and_are_answers_where_they_are_accepted(served: Served) -> None:
    status, text = served.ask(records(), RECORDIO)
    assert (status, close(text.split(","))) == (200, True)
    status, answer = served.asked(body(), accept=RECORDIO)
    [block] = blocks(io.BytesIO(answer), "the answer")
    assert (status, block.features, list(block.labels)) == (200, None, ["score"])
    assert close(block.labels["score"])


def test_columns_that_sparse_records_leave_out_are_missing(served: Served) -> None:
    kept = np.array([0, 2, 5])
    rows = NEW[:, 1:].astype(np.float32)[:, kept]
    counts = np.full(len(rows), 3)
    sparse = encode(Sparse(rows.ravel(), np.tile(kept, len(rows)), counts, 6)).content.tobytes()
    other = NEW.copy()
    other[:, [2, 4, 5]] = np.nan
    status, text = served.ask(sparse, RECORDIO)
    assert status == 200
    assert np.allclose(np.array(text.split(","), float), predictions(model(), other), atol=0, rtol=1e-6)
    # columns are counted from 0, and seven are not six that are counted from 1
    wider = encode(Sparse(rows.ravel(), np.tile(kept + 1, len(rows)), counts, 7)).content.tobytes()
    assert served.ask(wider, RECORDIO) == (400, "the model has 6 features, the request 7\n")


def test_in_a_batch_each_record_has_a_line(tmp_path: Path) -> None:
    with serving(tmp_path, SAGEMAKER_BATCH="false") as (found, _):  # any value, as with SageMaker's container
        text = found.ask(body())[1]
        assert text.endswith("\n")
        assert close(text.splitlines())


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        (("",), 204, ""),
        (("1,2,3,4,5\n",), 400, "the model has 6 features, the request 5"),
        (("9,1,2,3,4,5,6\n",), 400, "the model has 6 features, the request 7; the label is not sent"),
        (("1,2,3,4,5,6\n1,2,x,4,5,6\n",), 415, 'the request, line 2: expected numbers, found "x"'),
        (("1,2,3,4,5,6\n1,2\n",), 415, "the request, line 2: expected 6 cells, found 2"),
        (("\n",), 415, "the request"),
        ((records()[:-4], RECORDIO), 415, "the request, record 40: the file ends within the record"),
        ((records(NEW[:, :-1]), RECORDIO), 400, "the model has 6 features, the request 5"),
        (("nonsense", "text/libsvm"), 415, 'the request, line 1: expected "label index:value …"'),
        (("[1]", "application/json"), 415, "the content type application/json is not read here"),
        ((body(), "text/csv", "image/png"), 406, "image/png is not answered: accept text/csv"),
        (("x" * (6 * 1024 * 1024 + 1),), 413, "at most 6291456 are taken"),
        (("x", "text/csv", "", "/elsewhere"), 404, "there is no /elsewhere"),
    ],
)
def test_a_request_that_cannot_be_answered_gets_a_status_and_a_reason(
    served: Served, asked: tuple[str, ...], status: int, told: str
) -> None:
    found = served.ask(*asked)
    assert found[0] == status
    assert told in found[1]


@pytest.mark.alone
def test_sigterm_ends_the_server_within_a_second_with_status_0(tmp_path: Path) -> None:
    with serving(tmp_path) as (found, process):
        assert found.ask(body())[0] == 200
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert time.monotonic() - begun < 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "there is no model: "),
        (pickle.dumps({"a": 1}), "xgboost-model is a pickle, and loading one runs what is in it"),
        (b"nonsense", "xgboost-model is no model of XGBoost"),
    ],
)
def test_a_model_that_cannot_be_served_is_told(tmp_path: Path, content: bytes | None, told: str) -> None:
    host = Host(tmp_path / "ml", {})
    if content is not None:
        (host.folder / "model/xgboost-model").write_bytes(content)
    status, printed = ended(host.start("serve"))
    assert status == 1
    assert told in printed
