"""Turns what pydantic found into problems that a statistician can act on."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from shardr.errors import Problem
from shardr.spec import models, parts
from shardr.spec.foreign import Refused, foreign
from shardr.spec.foreign import kind as kind_of
from shardr.spec.foreign_step import FROM_SDK
from shardr.spec.places import PROCESSING
from shardr.spec.step import WHEN
from shardr.spec.training import TrainingInput
from shardr.spec.transform import KnownModel, TrainedModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydantic import ValidationError

EXPECTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "dict_type": "a map of names to values",
    "model_type": "a map of fields",
    "model_attributes_type": "a map of fields",
}


INPUTS: dict[str, type[parts.Model]] = {"processing": parts.Input, "training": TrainingInput}
OF_KINDS = [models.KINDS, INPUTS]
"""The same part in each kind of step."""


def did_you_mean(found: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """``; did you mean "filter"?`` when one of the known names is close, else the empty string."""
    close = get_close_matches(found, list(known), n=1, cutoff=cutoff)
    return f'; did you mean "{close[0]}"?' if close else ""


def file_you_mean(found: str, known: Iterable[str]) -> str:
    """The same for names of files, which must be closer: their endings are alike without meaning anything."""
    return did_you_mean(found, known, cutoff=0.75)


def place(loc: Sequence[str | int]) -> str:
    """``steps[1].inputs[0].source.step`` from the parts of a path."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def shown(value: Any) -> str:
    """A found value as it would be written in JSON, cut at 80 characters."""
    text = json.dumps(value, ensure_ascii=False, default=str) if not foreign(value) else f"a {kind_of(value)}"
    return text if len(text) <= 80 else text[:77] + "..."


def from_pydantic(error: ValidationError) -> list[Problem]:
    """One problem for each thing pydantic found, in the order of the spec."""
    return [_problem(item) for item in error.errors(include_url=False)]


def _problem(item: Any) -> Problem:
    loc = [part for part in item["loc"] if part not in models.TAGS]
    kind, found, context = item["type"], item["input"], item.get("ctx", {})
    path = place(loc)
    if kind == "foreign":
        return Problem(path, item["msg"])
    if kind == "extra_forbidden":
        if str(loc[-1]) in FROM_SDK and isinstance(found, Refused):
            return Problem(path, found.why)
        model = _model_at(item["loc"][:-1])
        same = next((kinds for kinds in OF_KINDS if model in kinds.values()), {})
        others = [name for name, other in same.items() if loc[-1] in other.model_fields]
        if others:
            return Problem(path, f"is for {' and '.join(others)} steps only")
        known = [*model.model_fields, *(FROM_SDK if isinstance(found, Refused) else ())]
        return Problem(path, f"is not a known field{did_you_mean(str(loc[-1]), known)}")
    if isinstance(found, Refused):
        return Problem(path, found.why)
    if kind == "missing":
        return Problem(path, "is required")
    if kind == "literal_error" and loc[-1] == "type" and loc[0] == "steps":
        *first, last = (f"'{name}'" for name in models.KINDS)
        hint = did_you_mean(str(found), models.KINDS)
        return Problem(path, f"found {shown(found)}, expected {', '.join(first)} or {last}{hint}")
    if kind == "literal_error":
        hint = did_you_mean(str(found), str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", "))
        return Problem(path, f"found {shown(found)}, expected {context['expected']}{hint}")
    if kind == "string_pattern_mismatch":
        return Problem(path, f"found {shown(found)}, {_pattern_words(context['pattern'])}")
    if kind in {"too_long", "string_too_long"}:
        noun = "characters" if isinstance(found, str) else "items"
        size = len(found) if hasattr(found, "__len__") else "more"
        return Problem(path, f"found {size} {noun}, at most {context['max_length']} are allowed")
    if kind == "too_short":
        return Problem(path, f"found {len(found)} items, at least {context['min_length']} is needed")
    if kind in EXPECTED:
        return Problem(path, f"found {shown(found)}, expected {EXPECTED[kind]}")
    return Problem(path, f"found {shown(found)}: {item['msg'][:1].lower()}{item['msg'][1:]}")


def _pattern_words(pattern: str) -> str:
    if pattern == parts.NAME:
        return "expected letters, digits and single hyphens between them (the service refuses anything else)"
    if pattern == parts.CHANNEL:
        return "expected letters, digits, '.', '_' and '-', starting with a letter or digit"
    if pattern == parts.DURATION:
        return "expected a duration such as P30D (30 days) or PT12H (12 hours)"
    if pattern == parts.ROLE:
        return "expected the ARN of a role, arn:aws:iam::<account>:role/<name>"
    if pattern == WHEN:
        return "expected true, false, or a comparison, as ${mode} == script"
    return f"expected a path below {PROCESSING}/"


def _model_at(loc: Sequence[str | int]) -> type[parts.Model]:
    """The model whose field was not known: the last named part decides."""
    words = [part for part in loc if isinstance(part, str)]
    if len(words) >= 2 and words[-2] == "parameters":
        return models.Parameter
    plain = [word for word in words if word not in models.TAGS]
    last = plain[-1] if plain else ""
    kind = next((name for name in models.KINDS if f"<{name}>" in words), "processing")
    fields: dict[str, type[parts.Model]] = {
        "steps": models.KINDS[kind],
        "inputs": INPUTS.get(kind, parts.Input),
        "outputs": parts.Output,
        "source": parts.StepOutput,
        "input": parts.StepOutput,
        "expect": parts.Expect,
        "model": KnownModel if "<known>" in words else TrainedModel,
    }
    return fields.get(last, models.Pipeline)
