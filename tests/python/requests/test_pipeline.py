"""A plan's jobs as one pipeline definition that is the same for every run of a spec."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardr.errors import RequestError
from shardr.requests.check import check_request
from shardr.requests.pipeline import (
    CompiledStep,
    Retry,
    definition_text,
    pipeline_definition,
    pipeline_name,
    run_parameters,
    step_names,
)
from shardr.requests.placed import Placed
from shardr.requests.processing import processing_request
from shardr.spec.parts import Input, Output, StepOutput
from shardr.spec.processing import ProcessingStep

GET = re.compile(r"Steps\.([A-Za-z0-9-]+)\.ProcessingOutputConfig\.Outputs\['out'\]\.S3Output\.S3Uri")


def compiled(name: str, reads: list[str], run: str = "bank-1", needs: list[str] | None = None) -> CompiledStep:
    """A step as a plan of the run compiles it; it reads what the steps ``reads`` make and writes ``out``."""
    root = f"s3://bucket/runs/{run}"
    step = ProcessingStep(
        name=name,
        code="a.R",
        inputs=[Input(name=read, source=StepOutput(step=read, output="out")) for read in reads],
        outputs=[Output(name="out")],
    )
    request = processing_request(
        step,
        job=f"{run}-{name}"[:63],
        image_uri="123456789012.dkr.ecr.eu-west-1.amazonaws.com/r:1",
        role="arn:aws:iam::123456789012:role/shardr",
        inputs={read: Placed(f"{root}/{read}/out/", "S3Prefix") for read in reads},
        outputs={"out": f"{root}/{name}/out/"},
        code=Placed("s3://bucket/code/0123/a.R", "S3Prefix"),
        tags={"run": run, "step": name},
    )
    return CompiledStep(name, reads if needs is None else needs, request)


def definition(*steps: CompiledStep, run: str = "bank-1") -> dict[str, Any]:
    return pipeline_definition(steps, run=run, run_uri=f"s3://bucket/runs/{run}")


def test_an_output_of_a_step_before_is_referred_to_and_that_is_order_enough() -> None:
    made = definition(compiled("filter", []), compiled("split", ["filter"]))
    split = made["Steps"][1]
    where = {"Get": "Steps.filter.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"}
    assert split["Arguments"]["ProcessingInputs"][0]["S3Input"]["S3Uri"] == where
    assert split["Arguments"]["ProcessingInputs"][1]["S3Input"]["S3Uri"] == "s3://bucket/code/0123/a.R"
    assert "DependsOn" not in split


def test_a_need_that_no_input_shows_is_in_depends_on() -> None:
    made = definition(compiled("a", []), compiled("b", []), compiled("c", ["a"], needs=["a", "b"]))
    assert made["Steps"][2]["DependsOn"] == ["b"]


def test_every_run_of_a_spec_has_the_same_definition_to_the_byte() -> None:
    runs = ("bank-1", "bank-2")
    first, second = (definition(compiled("a", [], run), compiled("b", ["a"], run), run=run) for run in runs)
    assert definition_text(first) == definition_text(second)
    assert "bank-1" not in definition_text(first)
    output = first["Steps"][0]["Arguments"]["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    assert output == {"Std:Join": {"On": "/", "Values": [{"Get": "Parameters.RunUri"}, "a/out/"]}}
    started = run_parameters("bank-1", "s3://bucket/runs/bank-1")
    assert [p["Name"] for p in started] == [p["Name"] for p in first["Parameters"]]


def test_arguments_are_the_request_without_what_the_service_gives_and_refuses_there() -> None:
    step = compiled("a", [])
    made = definition(CompiledStep("a", [], {**step.request, "ExperimentConfig": {"RunName": "x"}}))["Steps"][0]
    assert set(step.request) - set(made["Arguments"]) == {"ProcessingJobName"}
    assert "ExperimentConfig" not in made["Arguments"]
    assert step.request["ProcessingJobName"] == "bank-1-a", "what was given stays as it was"


def test_jobs_of_one_step_are_numbered_and_all_are_waited_for() -> None:
    shards = [compiled("filter", []) for _ in range(2)]
    for i, shard in enumerate(shards):
        shard.request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] += f"shard-{i}/"
    made = definition(*shards, compiled("split", ["filter"]))
    assert [step["Name"] for step in made["Steps"]] == ["filter-1", "filter-2", "split"]
    assert made["Steps"][2]["DependsOn"] == ["filter-1", "filter-2"]
    read = made["Steps"][2]["Arguments"]["ProcessingInputs"][0]["S3Input"]["S3Uri"]
    assert read["Std:Join"]["Values"][1] == "filter/out/", "the folder that holds all shards is no step's output"


def test_caching_and_retries_are_in_the_service_s_words() -> None:
    step = compiled("a", [])
    made = definition(CompiledStep("a", [], step.request, cache="P30D", retry=Retry(3)))["Steps"][0]
    assert made["CacheConfig"] == {"Enabled": True, "ExpireAfter": "P30D"}
    (policy,) = made["RetryPolicies"]
    assert (policy["MaxAttempts"], policy["IntervalSeconds"], policy["BackoffRate"]) == (2, 30, 2.0)
    assert "SageMaker.CAPACITY_ERROR" in policy["ExceptionType"]
    assert "RetryPolicies" not in definition(CompiledStep("a", [], step.request, retry=Retry(1)))["Steps"][0]


def test_what_create_pipeline_gets_it_takes() -> None:
    request = {
        "PipelineName": pipeline_name("Ünï_code bank"),
        "PipelineDefinition": definition_text(definition(compiled("a", []), compiled("b", ["a"]))),
        "ClientRequestToken": "0" * 32,
        "RoleArn": "arn:aws:iam::123456789012:role/shardr",
    }
    assert check_request("CreatePipeline", request) == []
    start = {
        "PipelineName": request["PipelineName"],
        "PipelineParameters": run_parameters("r", "s3://b/runs/r"),
        "ClientRequestToken": "0" * 32,
    }
    assert check_request("StartPipelineExecution", start) == []


def test_steps_that_are_no_pipeline_are_refused() -> None:
    with pytest.raises(RequestError, match="steps: a, b form a cycle"):
        definition(compiled("a", ["b"]), compiled("b", ["a"]))
    with pytest.raises(RequestError, match='"missing" is not a step'):
        definition(compiled("a", [], needs=["missing"]))


@st.composite
def graphs(draw: st.DrawFn) -> list[CompiledStep]:
    """Steps that read and need some of those made before them, in any order."""
    names = draw(st.lists(st.from_regex(r"[a-zA-Z0-9](-?[a-zA-Z0-9]){0,30}", fullmatch=True), max_size=8, unique=True))
    some = [draw(st.lists(st.sampled_from(names[:i]), max_size=4, unique=True)) if i else [] for i in range(len(names))]
    hidden = [draw(st.lists(st.sampled_from(names[:i]), max_size=2)) if i else [] for i in range(len(names))]
    steps = [compiled(name, some[i], needs=[*some[i], *hidden[i]]) for i, name in enumerate(names)]
    return draw(st.permutations(steps))


@given(graphs())
def test_every_reference_names_a_step_before_it_and_every_need_is_kept(steps: list[CompiledStep]) -> None:
    before: set[str] = set()
    needs = {step.name: set(step.needs) for step in steps}
    for step in definition(*steps)["Steps"]:
        referred = set(GET.findall(json.dumps(step["Arguments"])))
        depends = set(step.get("DependsOn", []))
        assert referred | depends == needs[step["Name"]]
        assert referred.isdisjoint(depends)
        assert referred | depends <= before
        before.add(step["Name"])
    assert before == needs.keys()


@given(st.lists(st.from_regex(r"[ab](-?[12]){0,2}|x{55,63}", fullmatch=True), max_size=12))
def test_names_of_steps_are_unique_and_the_service_takes_them(names: list[str]) -> None:
    found = step_names([CompiledStep(name, [], {}) for name in names])
    assert len(set(found)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9\-_]{1,64}", name) for name in found)
