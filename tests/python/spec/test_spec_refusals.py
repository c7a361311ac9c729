"""What is wrong with each spec of tests/contract/refusals is told at once, with its place; R is held to the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shardr.errors import Problem, SpecError
from shardr.spec.load import load

FOLDER = Path(__file__).parents[2] / "contract" / "refusals"
CASES = {path.stem: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.json")}


@pytest.mark.parametrize("case", sorted(CASES))
def test_all_problems_of_the_case_are_told(case: str) -> None:
    with pytest.raises(SpecError) as error:
        load(CASES[case]["spec"])
    assert error.value.code == "spec_invalid"
    assert list(error.value.problems) == [Problem(**problem) for problem in CASES[case]["problems"]]


def test_what_r_tells_by_itself_python_tells_too() -> None:
    """R reads the schema and no rules between fields, so it may tell less, and nothing else."""
    for case in CASES.values():
        assert {_place(text) for text in case["in_r"]} <= {_plain(found["path"]) for found in case["problems"]}


def _place(text: str) -> str:
    """``steps[[1]]$inputs$name: …`` as a path without the numbers that R leaves out where there is only one."""
    return _plain(text.partition(": ")[0].replace("$", "."))


def _plain(path: Any) -> str:
    return "".join(character for character in path if character not in "[]0123456789")
