"""The JSON Schema of the spec, exported from the models for editors and for the R half."""

from __future__ import annotations

import json
from typing import Any

from shardr.spec.models import Pipeline
from shardr.spec.parts import Output

STEPS = ("ProcessingStep", "TrainingStep", "TransformStep")
LISTS = frozenset({"inputs", "outputs", "arguments", "depends_on", "subnets", "security_group_ids", "interruptions"})
NO_TEXT = ["integer", "boolean"]
REFERENCE = {"type": "string", "pattern": r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$"}


def job_schema() -> dict[str, Any]:
    """The schema as plain data; what is not text may also be one ``${parameter}``."""
    schema = Pipeline.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "shardr job spec"
    for step in STEPS:
        _allow_shorthand(schema["$defs"][step]["properties"])
    for model in (*STEPS, "Pipeline"):
        holder = schema if model == "Pipeline" else schema["$defs"][model]
        for about in holder["properties"].values():
            if about.get("type") in NO_TEXT:
                about["anyOf"] = [{key: about.pop(key) for key in _rules(about)}]
            if any(option.get("type") in NO_TEXT for option in about.get("anyOf", [])):
                about["anyOf"].append(REFERENCE)
    return schema


def _rules(about: dict[str, Any]) -> list[str]:
    return [key for key in about if key in {"type", "minimum", "maximum"}]


def _allow_shorthand(step: dict[str, Any]) -> None:
    """One where a list of one is meant, and an output by its name alone."""
    if "outputs" in step:
        name = Output.model_json_schema()["properties"]["name"]
        step["outputs"]["items"] = {"anyOf": [step["outputs"]["items"], name]}
    for field in LISTS & step.keys():
        rules = {key: step[field].pop(key) for key in ("type", "items", "maxItems") if key in step[field]}
        step[field]["anyOf"] = [rules, rules["items"]]
    if "metrics" in step:
        step["metrics"]["oneOf"].append(step["metrics"]["oneOf"][0]["items"])
    if "command" in step:
        options = step["command"]["anyOf"]
        options.insert(1, options[0]["items"])


def schema_text() -> str:
    """The schema file's exact text."""
    return json.dumps(job_schema(), indent=2, ensure_ascii=False) + "\n"
