"""The JSON Schema in ``inst/`` is the models', and says what they say."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from shardr._inst import inst
from shardr.spec.load import read
from shardr.spec.schema import schema_text

PAGES = Path(__file__).parents[3]
SCHEMA = json.loads(schema_text())


def test_the_schema_file_is_what_the_models_export() -> None:
    assert inst("schema", "job.schema.json").read_text(encoding="utf-8") == schema_text()


def test_the_page_of_the_spec_is_what_the_models_say() -> None:
    written = PAGES / "docs/spec.md"
    before = written.read_text(encoding="utf-8")
    assert runpy.run_path(str(PAGES / "tools/spec_page.py"))["page"]() == before


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_example_and_its_shorthands_fit_the_schema() -> None:
    jsonschema.validate(read(inst("examples", "bank-marketing", "job.yml")), SCHEMA)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "a b", "steps": [{"name": "a", "code": "a.R"}]},
        {"name": "a", "steps": []},
        {"name": "a", "steps": [{"name": "a", "instance_count": "two"}]},
        {"name": "a", "steps": [{"name": "a", "colour": "red"}]},
        {"name": "a", "steps": [{"name": "a", "inputs": [{"name": "i"}]}]},
        {"name": "a", "steps": [{"name": "a", "outputs": [{"name": "o", "on_collision": "shrug"}]}]},
        {"name": "a", "steps": [{"name": "a"}], "permute": "seven"},
    ],
)
def test_what_the_models_refuse_the_schema_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)


def test_every_field_says_what_it_is() -> None:
    for name, model in {"Pipeline": SCHEMA, **SCHEMA["$defs"]}.items():
        for field, about in model.get("properties", {}).items():
            assert about.get("description"), f"{name}.{field} has no description"


@pytest.mark.parametrize("path", sorted((PAGES / "tests/contract/specs").glob("*.json")), ids=lambda path: path.stem)
def test_each_spec_of_the_contract_fits_the_schema(path: Path) -> None:
    jsonschema.validate(json.loads(json.loads(path.read_text("utf-8"))["canonical"]), SCHEMA)


def test_what_becomes_text_may_be_written_as_what_it_is() -> None:
    step = {"name": "a", "type": "training", "code": "a.R", "arguments": ["--n", 1], "environment": {"N": True}}
    more = {"hyperparameters": {"k": 10, "on": True, "grid": [1, 2]}, "metrics": "rmse", "interruptions": 2}
    jsonschema.validate({"name": "j", "tags": {"cost": 42}, "steps": [{**step, **more}]}, SCHEMA)
