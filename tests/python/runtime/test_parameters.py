"""Hyperparameters are read, checked and told of as in R: tests/contract/hyperparameters.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from instances import training

from shardr.errors import DataError, HyperparameterError, NotFoundError
from shardr.runtime import Hyperparameter, hp_integer, hp_logical, hp_number, hp_string, hyperparameters

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "contract" / "hyperparameters.json").read_text(encoding="utf-8")
)
MAKERS = {"integer": hp_integer, "number": hp_number, "string": hp_string, "logical": hp_logical}


def declarations(case: dict[str, Any]) -> dict[str, Hyperparameter]:
    return {
        name: MAKERS[each["kind"]](**{key: each[key] for key in each if key not in {"kind", "required"}})
        for name, each in case["declared"].items()
    }


@pytest.mark.parametrize("case", [c for c in CASES if "values" in c], ids=lambda case: case["name"])
def test_values_agree_with_the_contract(case: dict[str, Any], base: Path) -> None:
    training(base, hyperparameters=case["given"])
    found = vars(hyperparameters(**declarations(case)))
    assert found == case["values"]
    kinds = {"integer": int, "number": float, "string": str, "logical": bool}
    expected = {name: kinds[each["kind"]] for name, each in case["declared"].items()}
    assert all(value is None or type(value) is expected[name] for name, value in found.items())
    assert not (base / "output/failure").exists()


@pytest.mark.parametrize("case", [c for c in CASES if "problems" in c], ids=lambda case: case["name"])
def test_problems_agree_with_the_contract_and_become_the_failure_reason(case: dict[str, Any], base: Path) -> None:
    training(base, hyperparameters=case["given"])
    with pytest.raises(HyperparameterError) as caught:
        hyperparameters(**declarations(case))
    assert [problem.to_dict() for problem in caught.value.problems] == case["problems"]
    lines = [f"  {each['path']}: {each['message']}" for each in case["problems"]]
    reason = ["the hyperparameters do not fit what the script declares", *lines]
    assert (base / "output/failure").read_text(encoding="utf-8").splitlines() == reason


def test_a_file_written_by_hand_may_hold_other_than_text(base: Path) -> None:
    training(base, hyperparameters={"a": 3, "b": True, "c": 0.1, "d": None, "e": ["x", 1]})
    found = hyperparameters(a=hp_integer(), b=hp_logical(), c=hp_number(), d=hp_integer(4), e=hp_string())
    assert vars(found) == {"a": 3, "b": True, "c": 0.1, "d": 4, "e": '["x",1]'}


def test_an_instance_without_hyperparameters_has_the_defaults(base: Path) -> None:
    training(base)
    (base / "input/config/hyperparameters.json").unlink()
    assert hyperparameters(a=hp_integer(3)).a == 3


def test_outside_an_instance_it_says_how_to_get_in(base: Path) -> None:
    with pytest.raises(NotFoundError, match="not inside an instance") as caught:
        hyperparameters(a=hp_integer(3))
    assert "shardr run" in str(caught.value)


@pytest.mark.parametrize(
    ("declare", "why"),
    [
        (lambda: hp_integer(1, min="0"), "min must be a number"),  # type: ignore[arg-type]
        (lambda: hp_number(1, max=True), "max must be a number"),
        (lambda: hp_string("a", choices="abc"), "choices must be a list of texts"),
        (lambda: hp_string("a", choices=[1]), "choices must be a list of texts"),  # type: ignore[list-item]
        (lambda: hyperparameters(a=10), "a must be declared by hp_integer"),  # type: ignore[arg-type]
    ],
)
def test_a_declaration_that_cannot_be_meant_is_refused(declare: Any, why: str) -> None:
    with pytest.raises(DataError, match=why):
        declare()


def test_hyperparameters_that_are_not_json_are_named(base: Path) -> None:
    training(base)
    (base / "input/config/hyperparameters.json").write_text("{")
    with pytest.raises(DataError, match=r"hyperparameters\.json is not JSON"):
        hyperparameters()
