"""Metrics are lines that their definition finds again, as in R: tests/contract/metrics.json."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from shardr.errors import DataError
from shardr.runtime import log_metric
from shardr.runtime.metrics import metric_regex

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "contract" / "metrics.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["line"])
def test_lines_and_regexes_agree_with_the_contract(case: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    value = float(case["value"])
    assert log_metric(case["metric"], value, case["step"]) == case["line"]
    assert capsys.readouterr().out == case["line"] + "\n"
    assert metric_regex(case["metric"]) == case["regex"]
    found = re.findall(case["regex"], case["line"])
    assert len(found) == 1
    assert float(found[0]) == value or (math.isnan(value) and found == ["nan"])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("", 1), "name must be one line"),
        (("a\nb", 1), "name must be one line"),
        (("a" * 256, 1), "name must be one line"),
        (("a", "1"), "value must be one number"),
        (("a", None), "value must be one number"),
        (("a", [1, 2]), "value must be one number"),
        (("a", True), "value must be one number"),
        (("a", 1, 1.5), "step must be a whole number"),
    ],
)
def test_what_is_no_metric_is_refused(given: tuple[Any, ...], why: str) -> None:
    with pytest.raises(DataError, match=why):
        log_metric(*given)
