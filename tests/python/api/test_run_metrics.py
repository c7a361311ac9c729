"""The metrics of a run: read from its logs while it goes on and after, as a table, a line of text, a picture."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from worlds import run, script

import shardr
from shardr.api.metrics.reading import Metrics
from shardr.api.metrics.series import Series
from shardr.api.metrics.sparkline import ASCII, sparkline
from shardr.engines.base import LogLine

SPARKLINES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "contract" / "sparklines.json").read_text(encoding="utf-8")
)
BODY = """\
    for i in 0 1 2 3; do
      echo "[shardr] train:loss=$((8 - 2 * i)) step=$((10 * i))"
      echo "[shardr] validation:loss=$((9 - i)).5 step=$((10 * i))"
    done
    echo "[shardr] odd=nan"; echo "[shardr] odd=inf"; echo "[shardr] odd=1"; echo "accuracy: 0.75;"
    """
METRICS = {
    "train:loss": r"\[shardr\] train:loss=(\S+)",
    "validation:loss": r"\[shardr\] validation:loss=(\S+)",
    "odd": r"\[shardr\] odd=(\S+)",
    "accuracy": "accuracy: ([0-9.]+)",
    "never": "(x)y",
}


def spec(folder: Path, body: str = BODY, **fields: Any) -> dict[str, Any]:
    step = {"name": "work", "type": "training", "code": script(folder, body), "metrics": METRICS, **fields}
    return {"name": "world", "steps": [step]}


def test_each_value_is_a_row_with_its_place(tmp_path: Path) -> None:
    done = run(tmp_path, spec(tmp_path, instance_count=2))
    found = done.metrics()
    assert list(found.columns) == ["step", "instance", "metric", "index", "x", "value"]
    own = found[(found["metric"] == "train:loss") & (found["instance"] == "algo-2")]
    assert own[["index", "x", "value"]].values.tolist() == [[1, 0, 8], [2, 10, 6], [3, 20, 4], [4, 30, 2]]
    odd = found[(found["metric"] == "odd") & (found["instance"] == "algo-1")]
    assert odd["x"].tolist() == [1, 2, 3]
    assert math.isnan(odd["value"].iloc[0])
    assert odd["value"].tolist()[1:] == [math.inf, 1]
    kinds = found[["metric", "instance"]].drop_duplicates().values.tolist()
    assert kinds == [[name, host] for name in list(METRICS)[:-1] for host in ("algo-1", "algo-2")]
    assert done.metrics("work").equals(found)
    with pytest.raises(shardr.NotFoundError, match="no step"):
        done.metrics("other")


def test_a_run_without_metrics_is_an_empty_table_and_no_picture(tmp_path: Path) -> None:
    done = run(tmp_path, spec(tmp_path, "true", metrics=[]))
    assert done.metrics().shape == (0, 6)
    with pytest.raises(shardr.DataError, match="has logged no metric"):
        done.plot_metrics()


def test_a_job_that_a_client_submitted_has_its_metrics_too(tmp_path: Path) -> None:
    done = run(tmp_path, spec(tmp_path))
    client = shardr.local_session().client("sagemaker")
    request = dict(done.requests()["work"], TrainingJobName="alone")
    client.create_training_job(**request)
    alone = shardr.Run("alone").wait()
    assert alone.metrics()["value"].equals(done.metrics()["value"])


def test_another_attempt_of_a_step_begins_anew(tmp_path: Path) -> None:
    metrics = Metrics(run(tmp_path, spec(tmp_path)))
    line = "[shardr] train:loss=1"
    metrics.take([LogLine("first", "work", "algo-1", line), LogLine("first", "work", "algo-2", line)])
    found = metrics.take([LogLine("second", "work", "algo-1", f"{line} step=7")])
    assert [(series.instance, value, x) for series, value, x in found] == [("algo-1", 1.0, 7)]
    assert [(series.instance, list(series.x)) for series in metrics.series] == [("algo-1", [7]), ("algo-2", [1])]


def test_the_pipeline_of_a_run_tells_in_the_order_of_its_steps_which_metrics_never_came(tmp_path: Path) -> None:
    made = spec(tmp_path)
    made["steps"].append({**made["steps"][0], "name": "again", "metrics": {"none": "(z)"}, "depends_on": ["work"]})
    metrics = Metrics(run(tmp_path, made))
    for lines in metrics.run.log_parts():
        metrics.take(lines)
    assert metrics.missing() == [("work", "never", "(x)y"), ("again", "none", "(z)")]
    assert metrics.missing("again") == [("again", "none", "(z)")]


def test_best_values_are_the_first_of_their_kind_and_never_nan() -> None:
    series = Series("s", "algo-1", "m")
    for value, x in ((math.nan, 0), (2, 1), (5, 2), (2, 3), (5, 4), (math.nan, 2**70)):
        series.add(value, x)
    assert (series.lowest, series.highest) == ((2, 1), (5, 2))
    assert series.x[-1] == 6  # a place that no number of 64 bits has
    nothing = Series("s", "algo-1", "m")
    nothing.add(math.nan, None)
    assert nothing.lowest is None


@pytest.mark.parametrize("case", SPARKLINES, ids=lambda case: case["ascii"])
def test_a_sparkline_agrees_with_the_contract(case: dict[str, Any]) -> None:
    values = [float(value) for value in case["values"]]
    assert sparkline(values, case["width"]) == case["blocks"]
    assert sparkline(values, case["width"], ASCII) == case["ascii"]


def test_the_picture_has_a_panel_for_each_quantity_with_train_beside_validation(tmp_path: Path) -> None:
    done = run(tmp_path, spec(tmp_path, instance_count=2))
    figure = done.plot_metrics(tmp_path / "metrics.png")
    assert [panel.get_title() for panel in figure.axes] == ["loss", "odd", "accuracy"]
    legend = figure.axes[0].get_legend()
    assert legend is not None
    named = [text.get_text() for text in legend.get_texts()]
    assert named == ["train algo-1", "train algo-2", "validation algo-1", "validation algo-2"]
    assert (tmp_path / "metrics.png").read_bytes()[:4] == b"\x89PNG"
    with pytest.raises(shardr.DataError, match="cannot be written"):
        done.plot_metrics(tmp_path / "metrics.doc")
