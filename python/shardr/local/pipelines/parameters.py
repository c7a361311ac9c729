"""Parameters of a pipeline: typed in the definition, always text when an execution starts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shardr.errors import Problem
from shardr.requests.found import nearest, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shardr.local.pipelines.definition import Parameter

_FORMS = {
    "String": re.compile(r".*", re.DOTALL),
    "Integer": re.compile(r"[+-]?\d{1,19}", re.ASCII),
    "Float": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII),
    "Boolean": re.compile(r"true|false", re.IGNORECASE),
}
TYPES = tuple(_FORMS)
_WORDS = {"String": "a string", "Integer": "a whole number", "Float": "a number", "Boolean": "true or false"}


def misfit(parameter: Parameter, value: object) -> str | None:
    """What is wrong with a value that a definition gives a parameter; None when it fits."""
    kinds = {"String": (str,), "Integer": (int,), "Float": (int, float), "Boolean": (bool,)}[parameter.type]
    if not isinstance(value, kinds) or (isinstance(value, bool) and parameter.type != "Boolean"):
        return f"found {shown(value)}, expected {_WORDS[parameter.type]}"
    return _not_in_enum(parameter, value)


def values_of(
    parameters: Mapping[str, Parameter], given: Sequence[Mapping[str, str]]
) -> tuple[dict[str, Any], list[Problem]]:
    """The values that an execution has, given as text or by default, and everything that is wrong with them."""
    values = {name: parameter.default for name, parameter in parameters.items() if parameter.default is not None}
    problems = []
    seen: set[str] = set()
    for i, item in enumerate(given):
        name, text, place = item["Name"], item["Value"], f"PipelineParameters[{i}]"
        if name in seen:
            problems.append(Problem(f"{place}.Name", f'"{name}" is given twice'))
        seen.add(name)
        if name not in parameters:
            close = nearest(name, parameters, 1)
            hint = f'; did you mean "{close[0]}"?' if close else ""
            problems.append(Problem(f"{place}.Name", f'the pipeline has no parameter "{name}"{hint}'))
            continue
        kind = parameters[name].type
        if not _FORMS[kind].fullmatch(text):
            problems.append(Problem(f"{place}.Value", f"found {shown(text)}, expected {_WORDS[kind]} for {name}"))
            continue
        values[name] = _parsed(kind, text)
        if wrong := _not_in_enum(parameters[name], values[name]):
            problems.append(Problem(f"{place}.Value", f"{wrong} for {name}"))
    missing = [name for name in parameters if name not in values and name not in seen]
    problems += [Problem("PipelineParameters", f'"{name}" has no default and is not given') for name in missing]
    return values, problems


def _parsed(kind: str, text: str) -> Any:
    if kind == "Boolean":
        return text.lower() == "true"
    return {"String": str, "Integer": int, "Float": float}[kind](text)


def _not_in_enum(parameter: Parameter, value: object) -> str | None:
    if not parameter.enum or value in parameter.enum:
        return None
    return f"found {shown(value)}, expected one of {', '.join(str(each) for each in parameter.enum)}"
