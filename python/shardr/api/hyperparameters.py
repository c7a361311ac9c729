"""The hyperparameters of a training step: what the spec sets of what the script declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.api.declaration import NOT_KNOWN
from shardr.api.declared import check, declared
from shardr.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shardr.api.declared import Declared


def told(script: Path | None, given: Mapping[str, str], at: str) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Every hyperparameter with its value and its declaration, and what the script would refuse."""
    declarations = (declared(script) if script is not None else None) or []
    found = [_entry(each, given.get(each.name)) for each in declarations if each.name is not NOT_KNOWN]
    known = {each["name"] for each in found}
    found += [{"name": name, "value": value} for name, value in given.items() if name not in known]
    problems = check(declarations, given) if declarations else []
    return found, [Problem(f"{at}.hyperparameters.{p.path}", p.message, p.fix) for p in problems]


def _entry(each: Declared, value: str | None) -> dict[str, Any]:
    about = {name: part for name, part in vars(each).items() if part is not None}
    if each.choices not in (None, NOT_KNOWN):
        about["choices"] = list(each.choices or ())
    return {**{name: str(part) if part is NOT_KNOWN else part for name, part in about.items()}, "value": value}
