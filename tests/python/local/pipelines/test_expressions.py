"""What expressions, conditions, parameters and durations are worth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pipeline_world import get

from shardr.local.home import Home
from shardr.local.pipelines.conditions import all_hold
from shardr.local.pipelines.definition import Definition, Parameter, PropertyFile, Step
from shardr.local.pipelines.durations import duration_seconds
from shardr.local.pipelines.expressions import World, resolve
from shardr.local.pipelines.parameters import values_of
from shardr.local.pipelines.paths import follow, parse_path
from shardr.local.pipelines.store import ExecutionRow, StepRow
from shardr.local.pipelines.world import StartWorld, StepWorld
from shardr.local.store import JobRow
from shardr.requests.check import check_request
from shardr.requests.later import Later

if TYPE_CHECKING:
    from pathlib import Path

ARN = "arn:aws:sagemaker:us-east-1:000000000000:pipeline/pipe/execution/abc123def456"


@pytest.fixture
def row() -> ExecutionRow:
    values = {"n": 4, "x": 0.5, "yes": True, "text": "a"}
    return ExecutionRow(ARN, "pipe", 1, None, None, [], values, None, None, {}, "Executing", 0.0, 0.0, None, "")


@pytest.fixture
def world(home: Path, row: ExecutionRow) -> World:
    """The step ``done`` is over; its property file holds some values."""
    request = {
        "ProcessingJobName": "job",
        "ProcessingResources": {"ClusterConfig": {"InstanceCount": 3}},
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "S3Output": {"S3Uri": "s3://bucket/out"}}]},
    }
    job = JobRow("job", "processing", request, "Completed", 0, 0, 1.5, 2, "fine", None, None, ARN, "done", {})
    step = Step("done", "Processing", {}, "Steps[0]", files={"ev": PropertyFile("out", "e.json")})
    Home(home).storage.put("s3://bucket/out/e.json", json.dumps({"m": {"a.b": [1, 2.5]}, "no": None}).encode())
    steps = {
        "done": StepRow(ARN, "done", "Succeeded", 0, job="job"),
        "if": StepRow(ARN, "if", "Succeeded", 0, outcome="True"),
    }
    return StepWorld(
        Home(home),
        row,
        Definition({}, {"done": step}, {"TrialName": get("Execution.PipelineName")}),
        steps,
        lambda _: job,
        "mine",
    )


def json_get(path: str, **source: Any) -> dict[str, Any]:
    return {"Std:JsonGet": {"Path": path, **(source or {"PropertyFile": get("Steps.done.PropertyFiles.ev")})}}


@pytest.mark.parametrize(
    ("expression", "worth"),
    [
        (get("Parameters.n"), 4),
        ({"a": [get("Parameters.yes"), 1]}, {"a": [True, 1]}),
        (get("Execution.PipelineName"), "pipe"),
        (get("PipelineExperimentConfig.TrialName"), "pipe"),
        (get("Execution.PipelineArn"), ARN.removesuffix("/execution/abc123def456")),
        (get("Execution.PipelineExecutionId"), "abc123def456"),
        (get("Execution.PipelineExecutionArn"), ARN),
        (get("Execution.StartDateTime"), "1970-01-01T00:00:00Z"),
        (get("Execution.ProcessingJobName"), "mine"),
        (get("Steps.done.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"), "s3://bucket/out"),
        (get("Steps.done.ProcessingOutputConfig.Outputs[0].OutputName"), "out"),
        (get("Steps.done.ProcessingResources.ClusterConfig.InstanceCount"), 3),
        (get("Steps.done.ProcessingStartTime"), "1970-01-01T00:00:01Z"),
        (get("Steps.done.ExitMessage"), "fine"),
        (get("Steps.if.Outcome"), "True"),
        (json_get("m['a.b'][1]"), 2.5),
        (json_get('m["a.b"][0]', S3Uri={"Std:Join": {"On": "/", "Values": ["s3://bucket/out", "e.json"]}}), 1),
        (
            {"Std:Join": {"On": "-", "Values": [get("Parameters.n"), get("Parameters.x"), get("Parameters.yes"), "b"]}},
            "4-0.5-true-b",
        ),
    ],
    ids=str,
)
def test_an_expression_is_worth(world: World, expression: Any, worth: Any) -> None:
    assert resolve(expression, world) == worth


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        (get("Steps.done.FailureReason"), "no FailureReason"),
        (json_get("m.c"), "there is no m.c"),
        (json_get("m['a.b'][2]"), r"there is no m\['a.b'\]\[2\]"),
        (json_get("m"), "no plain value"),
        (json_get("no"), "no plain value"),
        (json_get("a", S3Uri="s3://bucket/other.json"), "cannot be read: No such file"),
        (json_get("a", S3Uri="s3://bucket/../x"), "cannot be read"),
    ],
    ids=str,
)
def test_what_is_not_there_is_named(world: World, expression: Any, says: str) -> None:
    with pytest.raises((LookupError, ValueError), match=says):
        resolve(expression, world)


def test_what_is_known_later_only_passes_the_check_of_a_request_where_a_plain_value_may_stand(
    row: ExecutionRow,
) -> None:
    given: dict[str, Any] = {"ProcessingJobName": get("Steps.done.ExitMessage"), "Tags": json_get("m")}
    assert (
        check_request(
            "DescribeProcessingJob",
            resolve({"ProcessingJobName": given["ProcessingJobName"]}, StartWorld(row, Definition({}, {}))),
        )
        == []
    )
    found = check_request("CreatePipeline", {"Tags": Later("Parameters.n"), "RoleArn": Later("Parameters.text")})
    assert "Tags: found the expression Parameters.n, expected a list" in map(str, found)
    assert not [problem for problem in found if problem.path == "RoleArn"]


@pytest.mark.parametrize("text", ["", ".a", "a..b", "a[", "a['b]", "a[x]", "a['b'c]", "a.[0]", "[0]b"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_path(text)


def test_a_list_of_named_things_is_entered_by_a_name_of_any_kind() -> None:
    found = {"Channels": [{"ChannelName": "a", "x": 1}, {"ChannelName": "b c", "x": 2}]}
    assert follow(found, parse_path("Channels['b c'].x")) == 2
    with pytest.raises(LookupError, match="there are a, b c"):
        follow(found, parse_path("Channels['d'].x"))


def compare(kind: str, left: Any, right: Any) -> dict[str, Any]:
    return {"Type": kind, "LeftValue": left, "RightValue": right}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (compare("Equals", get("Parameters.n"), 4.0), True),
        (compare("Equals", "a", "b"), False),
        (compare("Equals", True, get("Parameters.yes")), True),
        (compare("GreaterThan", 4, get("Parameters.n")), False),
        (compare("GreaterThanOrEqualTo", 4, get("Parameters.n")), True),
        (compare("LessThan", get("Parameters.x"), 1), True),
        (compare("LessThanOrEqualTo", 2, get("Parameters.x")), False),
        ({"Type": "In", "QueryValue": get("Parameters.text"), "Values": ["b", get("Parameters.text")]}, True),
        ({"Type": "In", "QueryValue": 4, "Values": ["4", True]}, False),
        ({"Type": "Not", "Condition": compare("Equals", 1, 1)}, False),
        ({"Type": "Or", "Conditions": [compare("Equals", 1, 2), compare("Equals", 1, 1)]}, True),
        ({"Type": "Or", "Conditions": [compare("Equals", 1, 2)]}, False),
    ],
    ids=str,
)
def test_a_condition_holds(world: World, condition: dict[str, Any], holds: bool) -> None:
    assert all_hold([condition], world) is holds
    assert all_hold([compare("Equals", 1, 1), condition], world) is holds
    assert all_hold([compare("Equals", 1, 2), condition], world) is False


@pytest.mark.parametrize(("left", "right"), [("4", 4), (True, 1), ("true", True)])
def test_values_of_different_kinds_cannot_be_compared(world: World, left: Any, right: Any) -> None:
    with pytest.raises(ValueError, match="cannot compare"):
        all_hold([compare("Equals", left, right)], world)


PARAMETERS = {
    p.name: p
    for p in (
        Parameter("s", "String"),
        Parameter("i", "Integer", 1),
        Parameter("f", "Float", 0.5),
        Parameter("b", "Boolean", False),
        Parameter("e", "String", "x", ("x", "y")),
    )
}


def given(**values: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


def test_parameters_are_text_that_becomes_their_type() -> None:
    values, problems = values_of(PARAMETERS, given(s="4", i="-12", f="1e3", b="True", e="y"))
    assert (values, problems) == ({"s": "4", "i": -12, "f": 1000.0, "b": True, "e": "y"}, [])
    assert values_of(PARAMETERS, given(s=""))[0] == {"s": "", "i": 1, "f": 0.5, "b": False, "e": "x"}


def test_all_that_is_wrong_with_parameters_is_told_at_once() -> None:
    wrong = [*given(i="1.5", f="nan", b="1", e="z", j="1"), *given(i="2")]
    _, problems = values_of(PARAMETERS, wrong)
    assert [problem.path for problem in problems] == [
        "PipelineParameters[0].Value",
        "PipelineParameters[1].Value",
        "PipelineParameters[2].Value",
        "PipelineParameters[3].Value",
        "PipelineParameters[4].Name",
        "PipelineParameters[5].Name",
        "PipelineParameters",
    ]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("P30D", 2_592_000), ("PT1H", 3600), ("P1DT2H3M4S", 93_784), ("P2W", 1_209_600), ("P1Y", 31_536_000)]
    + [("30d", 2_592_000), ("T16m", 960), ("p1dt1h", 90_000)]
    + [(text, None) for text in ("30", "day", "P", "PT", "P1DT", "PT1D", "", 5, None)],
)
def test_a_duration_is_so_many_seconds(text: Any, seconds: int | None) -> None:
    assert duration_seconds(text) == seconds
