"""From the texts that hyperparameters are sent as to their values, and what is wrong with them.

R: ``hyperparameters-read.R``. Both say the same: ``tests/contract/hyperparameters.json``.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from shardr.errors import Problem
from shardr.runtime.numbers import number_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
TRUE = {"true", "True", "TRUE", "1"}
FALSE = {"false", "False", "FALSE", "0"}
SHOWN_CHARACTERS = 80
NO_VALUE = object()


@dataclass(frozen=True)
class Hyperparameter:
    """What a script says about one of its hyperparameters; made by ``hp_integer()`` and its like."""

    kind: Literal["integer", "number", "string", "logical"]
    required: bool = True
    default: Any = None
    min: float | None = None
    max: float | None = None
    choices: tuple[str, ...] | None = None
    description: str | None = None


def read(
    declared: Mapping[str, Hyperparameter], given: Mapping[str, str], *, closed: bool = True
) -> tuple[dict[str, Any], list[Problem]]:
    """The values by name, and the problems: of those declared in their order, then of those that nobody declared.

    With ``closed=False`` there may be declarations that are not known here.
    """
    values: dict[str, Any] = {}
    problems = []
    for name, rule in declared.items():
        default = name not in given
        text = as_text(rule.default) if default else unquoted(given[name])
        value = None if default and (rule.required or rule.default is None) else value_of(text, rule)
        if default and rule.required:
            problems.append(Problem(name, f"is required, {expected(rule)}"))
        elif value is NO_VALUE:
            found = "its default is" if default else "found"
            problems.append(Problem(name, f"{found} {shown(text)}, expected {expected(rule, text)}"))
        values[name] = value
    unknown = sorted(name for name in given if name not in declared and not name.startswith(("sagemaker_", "_")))
    if closed:
        problems += [Problem(n, f"is no hyperparameter of the script{did_you_mean(n, declared)}") for n in unknown]
    return values, problems


def as_text(value: Any) -> str:
    """A value as it is sent."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return number_text(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=repr)


def unquoted(text: str) -> str:
    """The text that the SageMaker SDK made JSON of, ``"\\"train\\""``; any other as it is."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            pass
    return text


def value_of(text: str, rule: Hyperparameter) -> Any:
    """The value in the rule's type; NO_VALUE where the text is none, or not one that it allows."""
    if rule.kind == "string":
        return text if rule.choices is None or text in rule.choices else NO_VALUE
    text = text.strip(" \t\r\n")
    if rule.kind == "logical":
        return True if text in TRUE else False if text in FALSE else NO_VALUE
    number = float(text) if NUMBER.fullmatch(text) else math.nan
    whole = rule.kind == "integer"
    if not math.isfinite(number) or (whole and (number != math.floor(number) or abs(number) >= 2**53)):
        return NO_VALUE
    if (rule.min is not None and number < rule.min) or (rule.max is not None and number > rule.max):
        return NO_VALUE
    return int(number) if whole else number


def expected(rule: Hyperparameter, text: str = "") -> str:
    """What a value must be, in words."""
    if rule.kind == "logical":
        return "true or false"
    if rule.kind == "string":
        return " or ".join(json.dumps(each, ensure_ascii=False) for each in rule.choices) if rule.choices else "text"
    noun = "a whole number" if rule.kind == "integer" else "a number"
    if rule.kind == "integer" and re.fullmatch(r"\s*[-+]?[0-9]{16,}\s*", text):
        noun += " below 2^53"
    if rule.min is not None and rule.max is not None:
        return f"{noun} from {number_text(rule.min)} to {number_text(rule.max)}"
    if rule.min is not None:
        return f"{noun} of at least {number_text(rule.min)}"
    return noun if rule.max is None else f"{noun} of at most {number_text(rule.max)}"


def shown(text: str) -> str:
    """A found text in quotes, cut at 80 characters."""
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted if len(quoted) <= SHOWN_CHARACTERS else quoted[: SHOWN_CHARACTERS - 3] + "..."


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """``; did you mean "top_k"?`` when a known name is close, else nothing: the rule of R's ``did_you_mean()``."""
    near = sorted((_distance(found.lower(), name.lower()), i, name) for i, name in enumerate(known))
    close = near and near[0][0] <= max(2, len(found) // 3)
    return f'; did you mean "{near[0][2]}"?' if close else ""


def _distance(one: str, other: str) -> int:
    """How many characters must be put in, left out or exchanged (Levenshtein), as R's ``adist()``."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row = row, [i]
        for j, b in enumerate(other, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b)))
    return row[-1]
