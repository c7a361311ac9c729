"""Errors have the same codes in both halves: tests/contract/errors.json is read here and by test-conditions.R."""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path
from typing import Any

import pytest

import shardr
from shardr import rdoor
from shardr.errors import Problem, ShardrError, SpecError

CONTRACT: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "contract" / "errors.json").read_text("utf-8"))
OF_PYTHON = [case for case in CONTRACT if case["python_class"]]


def _subclasses(of: type[ShardrError]) -> set[type[ShardrError]]:
    return {of, *(found for each in of.__subclasses__() for found in _subclasses(each))}


@pytest.mark.parametrize("case", OF_PYTHON, ids=lambda case: case["code"])
def test_the_class_has_the_code_and_the_exit_status_of_the_contract(case: dict[str, Any]) -> None:
    module, name = case["python_class"].rsplit(".", 1)
    found = getattr(importlib.import_module(module), name)
    assert (found.code, found.exit_status) == (case["code"], case["exit_status"])


def test_every_error_class_is_in_the_contract() -> None:
    for module in pkgutil.walk_packages(shardr.__path__, "shardr."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    raised = {f"{each.__module__}.{each.__name__}" for each in _subclasses(ShardrError) - {ShardrError}}
    assert {name for name in raised if name.startswith("shardr.")} == {case["python_class"] for case in OF_PYTHON}


def test_no_code_is_given_twice() -> None:
    codes = [case["code"] for case in CONTRACT]
    assert sorted(set(codes)) == sorted(codes)
    assert [case["r_class"] for case in CONTRACT] == [f"shardr_error_{code}" for code in codes]


def test_an_error_says_what_then_each_problem_then_why_and_how_to_fix_it() -> None:
    error = SpecError(
        "job.yml has 2 problems:",
        why="the file is old",
        fix="write it anew",
        problems=[Problem("steps[0].code", "is required"), Problem("", "found 3", fix="write 2")],
    )
    assert str(error).splitlines() == [
        "job.yml has 2 problems:",
        "  steps[0].code: is required",
        "  found 3 (write 2)",
        "  why: the file is old",
        "  fix: write it anew",
    ]


def test_an_error_as_data_leaves_out_what_is_not_there() -> None:
    assert SpecError("wrong", problems=[Problem("a", "b")]).to_dict() == {
        "code": "spec_invalid",
        "message": "wrong",
        "problems": [{"path": "a", "message": "b"}],
    }


def test_the_door_of_r_answers_with_the_error_instead_of_raising_it(tmp_path: Path) -> None:
    asked = json.dumps({"spec": {"name": "one", "steps": []}, "base": str(tmp_path)})
    answer = json.loads(rdoor.call("validate", asked))
    assert set(answer) == {"error"}
    assert answer["error"]["code"] == "spec_invalid"
    assert answer["error"]["problems"][0]["path"] == "steps"
