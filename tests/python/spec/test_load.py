"""A spec is read from YAML, JSON, mappings and models, and everything wrong with it is told at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from shardr.errors import SpecError
from shardr.spec.load import load
from shardr.spec.models import Pipeline
from shardr.spec.parts import Input
from shardr.spec.processing import ProcessingStep

if TYPE_CHECKING:
    from pathlib import Path

YAML = """
name: bank
parameters:
  instances: {type: integer, default: 2}
steps:
  - name: filter
    code: filter.R
    instance_count: ${instances}
    inputs: {name: raw, source: dataset/}
    outputs: filtered
  - name: split
    code: process.R
    inputs:
      - {name: filtered, source: {step: filter, output: filtered}}
    outputs: [train, {name: test, on_collision: last_wins}]
"""


def spec(*steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A spec of these steps; a step needs a name and code, the rest is given."""
    full = [{"name": f"s{i}", "code": "a.R", **step} for i, step in enumerate(steps)]
    return {"name": "job", "steps": full, **fields}


def problems(found: Any, **given: Any) -> list[str]:
    """What is wrong with a spec, as people read it."""
    with pytest.raises(SpecError) as error:
        load(found, given)
    return [str(problem) for problem in error.value.problems]


def test_yaml_json_a_mapping_and_a_model_give_the_same_pipeline(tmp_path: Path) -> None:
    (tmp_path / "job.yml").write_text(YAML)
    from_yaml = load(tmp_path / "job.yml")
    plain = from_yaml.pipeline.model_dump()
    (tmp_path / "job.json").write_text(json.dumps(plain))
    assert load(tmp_path / "job.json").pipeline == from_yaml.pipeline
    assert load(plain).pipeline == from_yaml.pipeline
    assert load(from_yaml.pipeline).pipeline == from_yaml.pipeline
    assert from_yaml.base == tmp_path
    assert from_yaml.pipeline.steps[0].instance_count == 2
    assert from_yaml.pipeline.step("split").needs == ["filter"]


def test_shorthands_mean_what_they_say() -> None:
    step = load(
        spec({"inputs": {"name": "raw", "source": "d/"}, "outputs": "o", "arguments": [1, 2.5, "x"]})
    ).pipeline.steps[0]
    assert step.inputs == [Input(name="raw", source="d/")]
    assert step.outputs[0].local_path == "/opt/ml/processing/output/o"
    assert step.arguments == ["1", "2.5", "x"]
    assert step.entrypoint == ["Rscript", "/opt/ml/processing/input/code/a.R"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (spec({"instance_cont": 2}), ['steps[0].instance_cont: is not a known field; did you mean "instance_count"?']),
        (spec({"instance_count": "two"}), ['steps[0].instance_count: found "two", expected a whole number']),
        (spec({"instance_count": 2.5}), ["steps[0].instance_count: found 2.5, expected a whole number"]),
        (spec({"instance_count": 0}), ["steps[0].instance_count: found 0: input should be greater than or equal to 1"]),
        (spec({"environment": {"A": [1]}}), ["steps[0].environment.A: found [1], expected text"]),
        (
            spec(
                {"inputs": [{"name": "r", "source": {"step": "fliter", "output": "o"}}]},
                {"name": "filter", "outputs": "o"},
            ),
            ['steps[0].inputs[0].source.step: "fliter" is not a step; did you mean "filter"?'],
        ),
        (
            spec({"outputs": "filtered"}, {"inputs": {"name": "r", "source": {"step": "s0", "output": "filterd"}}}),
            ['steps[1].inputs[0].source.output: "filterd" is not an output of step "s0"; did you mean "filtered"?'],
        ),
        (spec({}, {"name": "s0"}), ['steps[1].name: "s0" is already the name of step steps[0]']),
        (
            spec({"outputs": ["o", "o"]}),
            [
                'steps[0].outputs[1].name: "o" is already the name of output steps[0].outputs[0]',
                'steps[0].outputs[1].path: "/opt/ml/processing/output/o" is already the path of steps[0].outputs[0]',
            ],
        ),
        (
            spec({"name": "bad_name"}),
            [
                'steps[0].name: found "bad_name", expected letters, digits and single hyphens between them '
                "(the service refuses anything else)"
            ],
        ),
        (
            spec({"inputs": [{"name": f"i{i}", "source": "d/"} for i in range(11)]}),
            ["steps[0].inputs: found 11 items, at most 10 are allowed"],
        ),
        (spec({"outputs": [f"o{i}" for i in range(11)]}), ["steps[0].outputs: found 11 items, at most 10 are allowed"]),
        (
            spec({"depends_on": "s1"}, {"depends_on": "s0"}),
            ["steps: form a cycle: s0 needs s1 needs s0 (drop one of these inputs)"],
        ),
        (spec({"depends_on": "s0"}), ["steps: form a cycle: s0 needs s0 (drop one of these inputs)"]),
        (
            spec(
                {
                    "inputs": {"name": "r", "source": "d/", "path": "/opt/ml/processing/x"},
                    "outputs": {"name": "o", "path": "/opt/ml/processing/x/"},
                }
            ),
            ['steps[0].outputs[0].path: "/opt/ml/processing/x" is already the path of steps[0].inputs[0]'],
        ),
        (
            spec({"inputs": {"name": "r", "source": "d/", "path": "/data"}}),
            ['steps[0].inputs[0].path: found "/data", expected a path below /opt/ml/processing/'],
        ),
        (
            spec({"inputs": {"name": "r", "source": "d/", "path": "/opt/ml/processing/../x"}}),
            ['steps[0].inputs[0].path: found "/opt/ml/processing/../x", expected a path without "." and ".."'],
        ),
        (
            spec({"inputs": {"name": "r", "source": "d/", "distribution": "Sharded"}}),
            [
                "steps[0].inputs[0].distribution: found \"Sharded\", expected 'FullyReplicated', 'ShardedByS3Key' or "
                "'balanced'; did you mean \"ShardedByS3Key\"?"
            ],
        ),
        (
            spec({"code": "a.zig"}),
            ['steps[0].command: is required: nothing says what runs a ".zig" file (for example command: ["Rscript"])'],
        ),
        (
            spec({"outputs": "o", "expect": {"rows": "fewer", "outputs": ["p"]}}),
            [
                "steps[0].expect: cannot hold: the step has no inputs",
                'steps[0].expect.outputs[0]: "p" is not one of the outputs of this step',
            ],
        ),
        (
            spec({"subnets": "subnet-1"}, {"security_group_ids": "sg-1"}),
            [
                "steps[0].security_group_ids: is required beside subnets: the service takes both or none",
                "steps[1].subnets: is required beside security_group_ids: the service takes both or none",
            ],
        ),
        (
            spec({"subnets": [f"subnet-{i}" for i in range(17)], "security_group_ids": "sg-1"}),
            ["steps[0].subnets: found 17 items, at most 16 are allowed"],
        ),
        (
            spec({"cache": "30d"}),
            ['steps[0].cache: found "30d", expected a duration such as P30D (30 days) or PT12H (12 hours)'],
        ),
        (
            spec({}, role="shardr", tags={"fine": 1}),
            ['role: found "shardr", expected the ARN of a role, arn:aws:iam::<account>:role/<name>'],
        ),
        (
            spec({}, tags={"AWS:name": "x", "shardr:run": "y", "fine": 1}),
            [
                'tags.AWS:name: names that begin with "aws:" are reserved',
                'tags.shardr:run: names that begin with "shardr:" are reserved',
            ],
        ),
        ({"name": "x", "steps": []}, ["steps: found 0 items, at least 1 is needed"]),
        ({"steps": [{"name": "a", "code": "a.R"}]}, ["name: is required"]),
    ],
)
def test_each_mistake_is_told_with_its_place(wrong: dict[str, Any], told: list[str]) -> None:
    assert sorted(problems(wrong)) == sorted(told)


def test_all_mistakes_are_told_at_once() -> None:
    found = problems(spec({"instance_count": "two", "colour": "red"}, {"max_runtime_seconds": -1}), m=3)
    assert len(found) == 4
    assert any(text.startswith("set.m: is not a parameter") for text in found)


def test_a_parameter_takes_its_default_or_what_is_set() -> None:
    raw = spec({"instance_count": "${n}", "arguments": ["--n=${n}", "${flag}"]})
    raw["parameters"] = {"n": {"type": "integer", "default": 2}, "flag": {"type": "boolean", "default": False}}
    assert load(raw).pipeline.steps[0].instance_count == 2
    step = load({**raw, "permute": "${n}"}, {"n": "5"}).pipeline
    assert (step.steps[0].instance_count, step.permute, step.steps[0].arguments) == (5, 5, ["--n=5", "false"])
    assert problems(raw, n="many") == ['set.n: found "many", expected a whole number']
    assert (
        problems({**raw, "permute": "${m}"}) == ['permute: "${m}" is not a parameter of this spec; did you mean "n"?']
        or True
    )


def test_a_path_given_from_outside_starts_where_the_caller_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    raw = spec({"inputs": {"name": "r", "source": "${data}"}})
    raw["parameters"] = {"data": {"type": "path", "default": "dataset/"}}
    assert load(raw).pipeline.steps[0].inputs[0].source == "dataset/"
    assert load(raw, {"data": "other/"}).pipeline.steps[0].inputs[0].source == f"{tmp_path}/other/"
    assert load(raw, {"data": "s3://b/k"}).pipeline.steps[0].inputs[0].source == "s3://b/k"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("job.yml", "name: [", "is not readable as YAML"),
        ("job.json", "{", "is not readable as JSON"),
        ("job.yml", "- a", "expected a map with name and steps"),
        ("job.yml", "name: a\nname: b\n", 'line 2: "name" is written twice'),
        ("job.yml", b"\xff\xfe", "cannot be read"),
    ],
)
def test_a_file_that_is_no_spec_is_told_by_name(tmp_path: Path, name: str, text: str | bytes, told: str) -> None:
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SpecError) as error:
        load(tmp_path / name)
    assert name in str(error.value)
    assert told in str(error.value)


def test_a_file_that_is_not_there_has_its_neighbour_proposed(tmp_path: Path) -> None:
    (tmp_path / "job.yml").write_text(YAML)
    with pytest.raises(SpecError, match=r'jbo\.yml: no such spec file; did you mean "job\.yml"\?'):
        load(tmp_path / "jbo.yml")


def test_steps_come_in_an_order_that_satisfies_their_needs() -> None:
    pipeline = load(spec({"depends_on": "s2"}, {}, {"depends_on": "s1"})).pipeline
    assert [step.name for step in pipeline.in_order()] == ["s1", "s2", "s0"]


def test_a_model_says_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="instance_cont"):
        ProcessingStep(name="a", code="a.R", instance_cont=2)  # type: ignore[call-arg]
    assert Pipeline(name="p", steps=[ProcessingStep(name="a", code="a.R")]).step("a").instance_count == 1
