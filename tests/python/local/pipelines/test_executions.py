"""Executions of pipelines: order, branches, ends, and what people and processes do to them meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pipeline_world import IN, OUT, World, condition, fail, get, output_of, processing

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(home: Path) -> World:
    return World(home)


def test_a_step_starts_when_the_step_whose_output_it_reads_is_over(world: World) -> None:
    second = processing("second", f"cat {IN}/a.txt > {OUT}/b.txt; echo two >> {OUT}/b.txt", output_of("first"))
    done = world.run(second, processing("first", f"echo one > {OUT}/a.txt"))
    assert (done.status, done.states) == ("Succeeded", {"first": "Succeeded", "second": "Succeeded"})
    assert done.order == ["second", "first"], "newest first"
    assert world.read("second/b.txt") == "one\ntwo\n"
    assert done.job("first").startswith(f"pipelines-{done.arn[-12:]}-first-")
    assert done.steps["first"]["EndTime"] <= done.steps["second"]["StartTime"]


def test_a_condition_on_a_property_file_chooses_a_branch_and_the_other_one_does_not_run(world: World) -> None:
    evaluate = processing("evaluate", f'echo \'{{"m": {{"rmse": [5.5]}}}}\' > {OUT}/e.json')
    evaluate["PropertyFiles"] = [{"PropertyFileName": "ev", "OutputName": "out", "FilePath": "e.json"}]
    value = {"Std:JsonGet": {"PropertyFile": get("Steps.evaluate.PropertyFiles.ev"), "Path": "m.rmse[0]"}}
    gate = condition("gate", value, "LessThanOrEqualTo", 6.0, [processing("good")], [fail("bad", "no")])
    done = world.run(gate, evaluate)
    assert (done.status, done.states) == ("Succeeded", dict.fromkeys(["evaluate", "gate", "good"], "Succeeded"))
    assert done.steps["gate"]["Metadata"] == {"Condition": {"Outcome": "True"}}


def test_a_fail_step_ends_the_execution_when_what_runs_beside_it_is_over(world: World) -> None:
    message = {"Std:Join": {"On": " ", "Values": ["x", get("Execution.PipelineExecutionId")]}}
    gate = condition("gate", 1, "GreaterThan", 2, [], [fail("bad", message)])
    done = world.run(
        gate, processing("beside", f"sleep 0.5; echo yes > {OUT}/a"), processing("after", DependsOn=["beside"])
    )
    assert (done.status, done.states) == ("Failed", {"gate": "Succeeded", "bad": "Failed", "beside": "Succeeded"})
    assert done.steps["bad"]["FailureReason"] == f"x {done.arn[-12:]}"
    assert "bad: x" in done.about["FailureReason"]
