"""Requests and answers are those of the R half: tests/contract/serving.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from shardr.runtime.serving import RequestError
from shardr.runtime.serving.answers import answer_text, answer_type, elements
from shardr.runtime.serving.requests import TYPES, request_data, request_text

CONTRACT: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[3] / "contract" / "serving.json").read_text(encoding="utf-8")
)


def named(case: dict[str, Any]) -> str:
    return str(case["name"])


def body_of(case: dict[str, Any]) -> bytes:
    return bytes.fromhex(case["body_hex"]) if "body_hex" in case else str(case["body"]).encode()


@pytest.mark.parametrize("case", [case for case in CONTRACT["requests"] if "rows" in case], ids=named)
def test_a_request_is_read_as_the_contract_has_it(case: dict[str, Any]) -> None:
    found = request_data(body_of(case), case["content_type"], case.get("columns", ()))
    assert found == case["rows"]


@pytest.mark.parametrize("case", [case for case in CONTRACT["requests"] if "told" in case], ids=named)
def test_a_request_is_refused_as_the_contract_has_it(case: dict[str, Any]) -> None:
    with pytest.raises(RequestError) as refused:
        request_data(body_of(case), case["content_type"], case.get("columns", ()))
    assert refused.value.status == case["status"]
    assert case["told"] in str(refused.value)


@pytest.mark.parametrize(
    ("body", "told"), [(b"a\n\xff", "line 2: not in UTF-8"), (b"a\0", "the request has bytes of zero")]
)
def test_text_that_is_none_is_refused_with_its_line(body: bytes, told: str) -> None:
    with pytest.raises(RequestError, match=told):
        request_text(body)


@pytest.mark.parametrize("case", CONTRACT["answers"], ids=named)
def test_an_answer_is_written_as_the_contract_has_it(case: dict[str, Any]) -> None:
    written = {form: answer_text(elements(case["prediction"]), kind) for form, kind in TYPES.items()}
    assert written == {form: case[form] for form in TYPES}


@pytest.mark.parametrize("case", CONTRACT["types"], ids=str)
def test_an_answer_has_the_type_that_is_accepted_or_the_form_of_the_request(case: dict[str, Any]) -> None:
    if "type" in case:
        assert answer_type(case["accept"], case["content_type"]) == case["type"]
    else:
        with pytest.raises(RequestError, match=case["told"]):
            answer_type(case["accept"], case["content_type"])


def test_arrays_and_frames_have_elements_of_plain_values() -> None:
    assert elements(np.array([1.5, np.nan])) == [1.5, None]
    assert elements(np.array([[1, 2], [3, 4]])) == [[1, 2], [3, 4]]
    assert elements([np.float64(1.5), np.int64(2)]) == [1.5, 2]
    assert elements(pd.DataFrame({"a": [1], "b": ["x"]})) == [{"a": 1, "b": "x"}]
    assert elements(pd.Series([1, 2])) == [1, 2]


@pytest.mark.parametrize("body", [b"[" * 100_000, b"[" + b"1" * 5000 + b"]"], ids=["brackets", "digits"])
def test_json_beyond_what_python_reads_is_the_callers_mistake(body: bytes) -> None:
    with pytest.raises(RequestError, match="line 1: ") as refused:
        request_data(body, "application/json")
    assert refused.value.status == 400
