"""Values are found in lines by the definitions of a request; logs and lines may be of any size."""

from __future__ import annotations

import time
import tracemalloc
from typing import TYPE_CHECKING, Any

from worlds import run

import shardr
from shardr.local.builtin import XGBOOST_METRICS
from shardr.local.metrics import LINE_CHARACTERS, Matcher, final

if TYPE_CHECKING:
    from pathlib import Path

XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
LINE = "[12]#011train-rmse:0.51234#011train-mae:1e-3#011validation-rmse:2.5"


def test_a_job_of_the_services_xgboost_has_its_metrics_in_the_end_and_round_by_round(tmp_path: Path) -> None:
    rows = "".join(f"{i % 7},{i % 7 + 0.5},{i % 3}\n" for i in range(200))
    for name in ("train", "validation"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows.csv").write_text(rows)
    inputs = [{"name": name, "source": f"{name}/", "content_type": "text/csv"} for name in ("train", "validation")]
    settings = {"num_round": 5, "eval_metric": "rmse"}
    step = {"name": "fit", "type": "training", "image": XGBOOST, "hyperparameters": settings, "inputs": inputs}
    done = run(tmp_path, {"name": "trees", "steps": [step]})
    assert done.status == "Completed", done.step("fit").failure
    assert done.step("fit").notices == []
    client = shardr.local_session().client("sagemaker")
    told = client.describe_training_job(TrainingJobName=done.step("fit").job)["FinalMetricDataList"]
    final_values = {item["MetricName"]: item["Value"] for item in told}
    assert set(final_values) == {"train:rmse", "validation:rmse"}
    found = done.metrics()
    assert found["index"].tolist() == [1, 2, 3, 4, 5] * 2
    last = found.groupby("metric")["value"].last().to_dict()
    assert last == final_values
    assert (found.groupby("metric")["value"].diff().dropna() < 0).all()


def request(image: str = "mine", **definitions: str) -> dict[str, Any]:
    asked = [{"Name": name, "Regex": regex} for name, regex in definitions.items()]
    return {"AlgorithmSpecification": {"TrainingImage": image, "MetricDefinitions": asked}}


def test_xgboost_has_the_definitions_of_the_service_where_a_request_has_none() -> None:
    found = dict(Matcher(request(XGBOOST)).found(LINE))
    assert found == {"train:rmse": 0.51234, "train:mae": 0.001, "validation:rmse": 2.5}
    assert dict(Matcher({"AlgorithmSpecification": {"TrainingImage": "shardr/xgboost"}}).found(LINE)) == found
    assert dict(Matcher(request(XGBOOST, own="train-mae:([0-9.e-]+)")).found(LINE)) == {"own": 0.001}
    assert dict(Matcher(request("mine")).found(LINE)) == {}
    for name in XGBOOST_METRICS:  # one is the end of another's name, as error and merror
        assert dict(Matcher(request(XGBOOST)).found(f"[0]#011train-{name}:1")) == {f"train:{name}": 1.0}


def test_a_metric_of_the_algorithms_own_that_never_came_is_no_mistake_of_the_request(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(f"{LINE}\n[13]#011train-rmse:0.5\n")
    found, missing = final(request(XGBOOST), [log])
    assert found == {"train:rmse": 0.5, "train:mae": 0.001, "validation:rmse": 2.5}
    assert missing == {}
    assert final(request(XGBOOST, a="a=(.)"), [log]) == ({}, {"a": "a=(.)"})


def test_what_begins_with_anything_is_found_as_by_a_search() -> None:
    matcher = Matcher(request(first=".*=([0-9]+)", either=".*x([0-9])|y=([0-9]+)", inner="=([0-9])"))
    assert list(matcher.found("a=1 b=23")) == [("first", 23.0), ("inner", 1.0)]


def test_a_long_line_without_a_metric_takes_no_time() -> None:
    matcher = Matcher(request(XGBOOST))
    began = time.monotonic()
    for line in ("x" * LINE_CHARACTERS, "[1] " * (LINE_CHARACTERS // 4)):
        assert list(matcher.found(line)) == []
    assert time.monotonic() - began < 20  # a search from each character took minutes


def test_a_log_of_one_endless_line_is_not_read_into_memory(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("w") as stream:
        stream.write("loss=1 ")
        for _ in range(64):
            stream.write("x" * (1 << 20))
        stream.write("loss=3\nloss=2")  # the first is beyond where a metric is looked for
    tracemalloc.start()
    try:
        assert final(request(loss="loss=([0-9])"), [log]) == ({"loss": 2.0}, {})
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_an_expression_that_only_the_service_can_read_finds_nothing_and_stops_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("loss=1\n")
    asked = request(java=r"loss=(\p{Digit})", loss="loss=([0-9])", none="loss")
    assert final(asked, [log]) == ({"loss": 1.0}, {"java": r"loss=(\p{Digit})", "none": "loss"})
