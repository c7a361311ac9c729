"""Writes docs/spec.md, the page of every field, from the models; a test refuses drift."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shardr.spec.models import Parameter, Pipeline
from shardr.spec.parts import Expect, Input, Manifest, Model, Output, StepOutput
from shardr.spec.processing import ProcessingStep
from shardr.spec.training import TrainingInput, TrainingStep
from shardr.spec.transform import KnownModel, TrainedModel, TransformStep

PAGE = Path(__file__).parents[1] / "docs" / "spec.md"
HEAD = """# The spec, field by field

YAML or JSON, or built by the verbs of R and Python, which give the same canonical JSON. Words are the service's own, in
snake_case; values are spelled as in the service. This page is written from the models (`make docs`).

Where a list is meant, one is enough (`outputs: kept`). Paths are relative to the spec's file. `${name}` stands for a
parameter: alone it keeps the parameter's type, inside a longer text it becomes text.
"""
PARTS: list[tuple[type[Model], str]] = [
    (Pipeline, "The spec"),
    (Parameter, "A parameter: `parameters: {instances: {type: integer, default: 2}}`, set by `--set instances=4`"),
    (ProcessingStep, "A step: one processing job"),
    (Input, "An input of a processing step"),
    (TrainingStep, "A step: one training job; its outputs are `model` and `output`"),
    (TrainingInput, "An input of a training step"),
    (TransformStep, "A step: one transform job; its output is `transformed`"),
    (TrainedModel, "A model that is the output of a training step"),
    (KnownModel, "A model that is there already"),
    (StepOutput, "A source that is the output of another step"),
    (Manifest, 'A source that is a list: a file with `[{"prefix": "s3://… or a folder"}, "a.csv", "b.csv"]`'),
    (Output, "An output of a processing step; its name alone is enough"),
    (Expect, "What the row ledger must find"),
]


def page() -> str:
    """The page's exact text."""
    return HEAD + "".join(f"\n## {title}\n\n{_table(model)}" for model, title in PARTS)


def _table(model: type[Model]) -> str:
    schema = model.model_json_schema()
    rows = ["| field | type | default | what it is |", "|---|---|---|---|"]
    for name, about in schema["properties"].items():
        default = "required" if name in schema.get("required", []) else _default(about)
        rows.append(
            f"| `{name}` | {_type(about)} | {default} | {about['description'].replace('|', '∣').replace('<', '&lt;')} |"
        )
    return "\n".join(rows) + "\n"


def _default(about: dict[str, Any]) -> str:
    value = about.get("default")
    return "" if value in (None, [], {}) else f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _type(about: dict[str, Any]) -> str:
    if "$ref" in about:
        return "see below"
    if "const" in about:
        return f"`{about['const']}`"
    if "enum" in about:
        return ", ".join(f"`{value}`" for value in about["enum"])
    options = [_type(option) for option in about.get("anyOf", about.get("oneOf", [])) if option.get("type") != "null"]
    if options:
        return " or ".join(dict.fromkeys(options))
    words = {"string": "text", "integer": "whole number", "array": "list", "object": "map", "boolean": "true or false"}
    return words.get(about.get("type", ""), about.get("type", "see below")) + _bounds(about)


def _bounds(about: dict[str, Any]) -> str:
    low, high = about.get("minimum"), about.get("maximum", about.get("maxItems", about.get("maxProperties")))
    if low is not None and high is not None:
        return f", {low} to {high}"
    return f", at most {high}" if high is not None else f", from {low}" if low is not None else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
