"""What a script declares is read without running it, and checked in the words of the runtime."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shardr.api.declaration import NOT_KNOWN
from shardr.api.declared import Declared, check, declared

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "contract" / "hyperparameters.json").read_text(encoding="utf-8")
)


def python(value: Any) -> str:
    return repr(value)


def r(value: Any) -> str:
    if isinstance(value, list):
        return f"c({', '.join(map(r, value))})"
    return (
        {None: "NULL", True: "TRUE", False: "FALSE"}.get(value, "")
        if value is None or isinstance(value, bool)
        else json.dumps(value, ensure_ascii=False)
    )


def scripts(case: dict[str, Any]) -> dict[str, str]:
    """The contract's declarations as a script of each language."""
    found = {}
    for language, literal in {"R": r, "py": python}.items():
        calls = []
        for name, each in case["declared"].items():
            given = [f"{key}={literal(each[key])}" for key in each if key not in {"kind", "required"}]
            call = f"hp_{each['kind']}({', '.join(given)})"
            calls.append(f"`{name}` = {call}" if language == "R" else f"**{{{name!r}: {call}}}")
        call = f"hyperparameters(\n  {', '.join(calls)}\n)\n"
        found[language] = (
            f"library(shardr)\nhp <- {call}" if language == "R" else f"from shardr.runtime import *\nhp = {call}"
        )
    return found


def said(tmp_path: Path, name: str, code: str) -> list[Declared] | None:
    path = tmp_path / name
    path.write_text(code, encoding="utf-8")
    return declared(path)


@pytest.mark.parametrize("language", ["R", "py"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_script_is_checked_as_the_contract_says(case: dict[str, Any], language: str, tmp_path: Path) -> None:
    found = said(tmp_path, f"train.{language}", scripts(case)[language])
    assert found is not None
    assert [each.name for each in found] == list(case["declared"])
    assert [problem.to_dict() for problem in check(found, case["given"])] == case.get("problems", [])


R_CODE = r"""
# hyperparameters(not = hp_integer(1))
library(shardr)
print("hyperparameters(nor = hp_integer(1))")
most <- 1000
hp <- shardr::hyperparameters(
  top_k = hp_integer(10L, 1, max = most, description = "the \"k\" \u00e9"),
  'col rate' = shardr::hp_number(-1e-3, min = -Inf, max = 0x10),
  mode = hp_string(choices = c("top_k", 'block')),  # required
  center = hp_logical(T),
  eta = hp_number(default = 1 / 3), lambda = hp_number(NULL, max = 2^3), seed = make(1),
  raw = hp_string(r"(a\n)")
)
"""
PYTHON_CODE = r"""
# hyperparameters(not=hp_integer(1))
import shardr.runtime as rt
from shardr.runtime import hp_integer as whole, hyperparameters as ours

print("ours(nor=hp_integer(1))")
most = 1000
hp = ours(
    top_k=whole(10, min=1, max=most, description="the \"k\" " "é"),
    **{"col rate": rt.hp_number(-1e-3, min=-float("inf"), max=0x10)},
    mode=rt.hp_string(choices=["top_k", "block"]),
    center=rt.hp_logical(True),
    eta=rt.hp_number(default=1 / 3), lambda_=rt.hp_number(None, max=2**3), seed=make(1),
    raw=rt.hp_string(r"a\n"),
)
"""


@pytest.mark.parametrize(("name", "code"), [("train.R", R_CODE), ("train.py", PYTHON_CODE)])
def test_literals_are_known_and_everything_else_is_not(name: str, code: str, tmp_path: Path) -> None:
    found = said(tmp_path, name, code)
    low = float("-inf") if name == "train.R" else NOT_KNOWN
    assert found == [
        Declared("top_k", "integer", False, 10, 1, NOT_KNOWN, description='the "k" é'),
        Declared("col rate", "number", False, -0.001, low, 16),
        Declared("mode", "string", True, choices=("top_k", "block")),
        Declared("center", "logical", False, True),
        Declared("eta", "number", False, NOT_KNOWN),
        Declared("lambda" if name == "train.R" else "lambda_", "number", False, None, None, NOT_KNOWN),
        Declared("seed", NOT_KNOWN),
        Declared("raw", "string", False, "a\\n"),
    ]
    assert str(found[0].max) == "not known before it runs"
    assert check(found, {"mode": "block", "top_k": "99999", "seed": "any", "eta": "9"}) == []
    assert [problem.path for problem in check(found, {"top_k": "0", "mod": "x"})] == ["top_k", "mode", "mod"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("train.R", "do.call(hyperparameters, declared)"),
        ("train.R", "if (quick) hyperparameters(a = hp_integer()) else hyperparameters(b = hp_integer())"),
        ("train.R", "hyperparameters(make(1))"),
        ("train.py", "from shardr import runtime\nruntime.hyperparameters(**declared)"),
        ("train.py", "import shardr.runtime\nshardr.runtime.hyperparameters(*declared)"),
    ],
)
def test_where_names_are_not_known_nothing_is_misspelt_or_missing(name: str, code: str, tmp_path: Path) -> None:
    found = said(tmp_path, name, code)
    assert found == [Declared(NOT_KNOWN, NOT_KNOWN)]
    assert check(found, {"anything": "1"}) == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("train.R", "x <- 1"),
        ("train.R", "hyperparameters <- function(x) x\nhyperparameters(a = 1)"),
        ("train.R", "tuner$hyperparameters(a = 1); tune::hyperparameters(a = 1)"),
        ("train.R", "hyperparameters(a = hp_integer("),
        ("train.py", "def hyperparameters(**x): ...\nhyperparameters(a=1)"),
        ("train.py", "from optuna import hyperparameters\nhyperparameters(a=1)\nx.hyperparameters(a=1)"),
        ("train.py", "from shardr.runtime import ("),
        ("train.sh", "hyperparameters(a = 1)"),
    ],
)
def test_a_script_without_the_call_declares_nothing(name: str, code: str, tmp_path: Path) -> None:
    assert said(tmp_path, name, code) is None
    assert declared(tmp_path / "not there.R") is None


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("train.R", "hyperparameters(a = hp_integer(...), b = hp_integer(1) + 1)"),
        ("train.py", "from shardr.runtime import *\nhyperparameters(a=hp_integer(*x), b=hp_integer(1) + 1)"),
        ("train.py", "from shardr.runtime import *\nhyperparameters(a=hp_integer(**x), b=hp_integer(1) + 1)"),
    ],
)
def test_a_declaration_with_further_arguments_is_known_by_its_kind(name: str, code: str, tmp_path: Path) -> None:
    found = said(tmp_path, name, code)
    assert found is not None
    assert [each.kind for each in found] == ["integer", NOT_KNOWN]
    assert (found[0].required, found[0].default, found[0].min) == (False, NOT_KNOWN, NOT_KNOWN)
    assert check(found, {}) == []
    assert [str(problem) for problem in check(found, {"a": "x"})] == ['a: found "x", expected a whole number']


def test_no_declaration_is_a_script_that_takes_no_hyperparameter(tmp_path: Path) -> None:
    found = said(tmp_path, "train.R", "hyperparameters()")
    assert found == []
    assert [problem.path for problem in check(found, {"a": "1"})] == ["a"]
