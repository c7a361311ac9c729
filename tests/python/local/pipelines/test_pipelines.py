"""The operations on pipelines, held against the service's own model and words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import worlds
from pipeline_world import ROLE, Execution, World, condition, defined, fail, get, processing

import shardr

if TYPE_CHECKING:
    from pathlib import Path

SIMPLE = defined(processing("only"))


@pytest.fixture
def world(home: Path) -> World:
    return World(home)


def test_a_pipeline_is_created_described_updated_and_deleted(world: World) -> None:
    tags = [{"Key": "team", "Value": "a"}]
    arn = world.create(SIMPLE, PipelineDescription="one", PipelineDisplayName="shown", Tags=tags)
    about = world.call("DescribePipeline", PipelineName="pipe")
    assert (about["PipelineArn"], about["PipelineStatus"], about["PipelineDescription"]) == (arn, "Active", "one")
    assert json.loads(about["PipelineDefinition"]) == SIMPLE
    world.call("AddTags", ResourceArn=arn, Tags=[{"Key": "more", "Value": "b"}])
    assert world.call("ListTags", ResourceArn=arn)["Tags"] == [*tags, {"Key": "more", "Value": "b"}]
    other = json.dumps(defined(processing("other")))
    limit = {"MaxParallelExecutionSteps": 2}
    changed = world.call(
        "UpdatePipeline", PipelineName="pipe", PipelineDefinition=other, ParallelismConfiguration=limit, RoleArn=ROLE
    )
    assert changed == {"PipelineArn": arn, "PipelineVersionId": 2}
    now = world.call("DescribePipeline", PipelineName=arn)
    assert (now["PipelineDefinition"], now["ParallelismConfiguration"], now["PipelineDescription"]) == (
        other,
        limit,
        "one",
    )
    before = world.call("DescribePipeline", PipelineName="pipe", PipelineVersionId=1)
    assert json.loads(before["PipelineDefinition"]) == SIMPLE
    versions = world.call("ListPipelineVersions", PipelineName="pipe")["PipelineVersionSummaries"]
    assert [version["PipelineVersionId"] for version in versions] == [2, 1]
    assert world.call("DeletePipeline", PipelineName="pipe", ClientRequestToken=world.token()) == {"PipelineArn": arn}
    with pytest.raises(shardr.NotFoundError, match="does not exist"):
        world.call("DescribePipeline", PipelineName="pipe")
    assert world.call("ListTags", ResourceArn=world.create(SIMPLE))["Tags"] == [], "the new one is another"


def test_a_name_that_is_taken_is_refused_in_the_words_for_which_the_sdk_looks_before_it_updates(world: World) -> None:
    world.create(SIMPLE)
    with pytest.raises(shardr.RequestError, match=r"Pipeline with name \(pipe\) already exists"):
        world.create(SIMPLE)


def test_what_is_asked_twice_with_one_token_is_done_once(world: World) -> None:
    token = "t" * 32
    assert world.create(SIMPLE, ClientRequestToken=token) == world.create(SIMPLE, ClientRequestToken=token)
    first, second = world.start(ClientRequestToken=token), world.start(ClientRequestToken=token)
    assert first == second
    assert world.over(first).status == "Succeeded"
    assert len(world.call("ListPipelineExecutions", PipelineName="pipe")["PipelineExecutionSummaries"]) == 1


def test_a_token_that_was_used_for_something_else_is_a_conflict(world: World) -> None:
    world.create(defined(processing("only"), Parameters=[{"Name": "n", "Type": "Integer", "DefaultValue": 1}]))
    world.over(world.start(ClientRequestToken="t" * 32))
    with pytest.raises(shardr.ConflictError, match="ClientRequestToken"):
        world.start(ClientRequestToken="t" * 32, parameters={"n": "2"})


def test_a_definition_may_lie_in_a_bucket(world: World) -> None:
    world.write("defs/pipe.json", json.dumps(SIMPLE))
    place = {"Bucket": "bucket", "ObjectKey": "defs/pipe.json"}
    request = {"PipelineName": "pipe", "RoleArn": ROLE, "ClientRequestToken": world.token()}
    for wrong in ({}, {"PipelineDefinitionS3Location": {**place, "ObjectKey": "none"}}):
        with pytest.raises(shardr.RequestError, match="PipelineDefinition"):
            world.call("CreatePipeline", **request, **wrong)
    world.call("CreatePipeline", **request, PipelineDefinitionS3Location=place)
    assert world.over(world.start()).status == "Succeeded"


def test_a_wrong_definition_changes_nothing(world: World) -> None:
    for text in ("not json", json.dumps(defined(processing("a", DependsOn=["b"])))):
        with pytest.raises(shardr.RequestError, match="definition has a problem"):
            world.create(text)
    assert world.call("ListPipelines")["PipelineSummaries"] == []
    world.create(SIMPLE)
    with pytest.raises(shardr.RequestError):
        world.call("UpdatePipeline", PipelineName="pipe", PipelineDefinition="{}")
    assert json.loads(world.call("DescribePipeline", PipelineName="pipe")["PipelineDefinition"]) == SIMPLE


def test_pipelines_are_listed_by_prefix_and_by_pages(world: World) -> None:
    for name in ("b-1", "b-2", "a", "b-3"):
        world.create(SIMPLE, name=name)
    first = world.call("ListPipelines", PipelineNamePrefix="b", MaxResults=2, SortBy="Name", SortOrder="Ascending")
    rest = world.call(
        "ListPipelines", PipelineNamePrefix="b", SortBy="Name", SortOrder="Ascending", NextToken=first["NextToken"]
    )
    found = [row["PipelineName"] for page in (first, rest) for row in page["PipelineSummaries"]]
    assert found == ["b-1", "b-2", "b-3"]
    assert [row["PipelineName"] for row in world.call("ListPipelines")["PipelineSummaries"]] == [
        "b-3",
        "a",
        "b-2",
        "b-1",
    ]


def test_a_pipeline_is_not_deleted_under_its_execution_which_keeps_its_version(world: World) -> None:
    arn = world.create(defined(processing("long", "sleep 60")))
    execution = world.start(arn)
    world.call("UpdatePipeline", PipelineName="pipe", PipelineDefinition=json.dumps(SIMPLE))
    with pytest.raises(shardr.ConflictError, match="under way"):
        world.call("DeletePipeline", PipelineName="pipe", ClientRequestToken=world.token())
    text = world.call("DescribePipelineDefinitionForExecution", PipelineExecutionArn=execution)["PipelineDefinition"]
    assert json.loads(text)["Steps"][0]["Name"] == "long"
    world.call("StopPipelineExecution", PipelineExecutionArn=execution, ClientRequestToken=world.token())
    assert world.over(execution).status == "Stopped"
    world.call("DeletePipeline", PipelineName="pipe", ClientRequestToken=world.token())
    with pytest.raises(shardr.NotFoundError):
        world.call("DescribePipelineExecution", PipelineExecutionArn=execution)


def test_executions_are_listed_newest_first_with_their_parameters(world: World) -> None:
    parameters = [
        {"Name": "n", "Type": "Integer", "DefaultValue": 1},
        {"Name": "word", "Type": "String", "DefaultValue": "x"},
        {"Name": "yes", "Type": "Boolean", "DefaultValue": True},
    ]
    experiment = {"ExperimentName": get("Execution.PipelineName"), "TrialName": get("Execution.PipelineExecutionId")}
    world.create(defined(fail("no", "never"), Parameters=parameters, PipelineExperimentConfig=experiment))
    first = world.start()
    second = world.start(parameters={"n": "02"}, PipelineExecutionDisplayName="again", PipelineExecutionDescription="d")
    listed = world.call("ListPipelineExecutions", PipelineName="pipe")["PipelineExecutionSummaries"]
    assert [row["PipelineExecutionArn"] for row in listed] == [second, first]
    assert {row["PipelineExecutionStatus"] for row in listed} == {"Failed"}
    given = world.call("ListPipelineParametersForExecution", PipelineExecutionArn=second)["PipelineParameters"]
    assert {item["Name"]: item["Value"] for item in given} == {"n": "02", "word": "x", "yes": "true"}
    about = Execution(world, second).about
    assert about["PipelineExperimentConfig"] == {"ExperimentName": "pipe", "TrialName": second[-12:]}
    assert about["PipelineExecutionDisplayName"] == "again"
    world.call("UpdatePipelineExecution", PipelineExecutionArn=second, PipelineExecutionDisplayName="third")
    assert Execution(world, second).about["PipelineExecutionDisplayName"] == "third"


def test_more_steps_start_when_more_may_run_at_once(world: World) -> None:
    world.create(defined(*(processing(name, "sleep 60") for name in "abc")))
    arn = world.start(ParallelismConfiguration={"MaxParallelExecutionSteps": 1})
    assert len(Execution(world, arn).steps) == 1
    limit = {"MaxParallelExecutionSteps": 3}
    world.call("UpdatePipelineExecution", PipelineExecutionArn=arn, ParallelismConfiguration=limit)
    assert len(Execution(world, arn).steps) == 3
    world.call("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=world.token())
    assert set(world.over(arn).states.values()) == {"Stopped"}


def test_what_cannot_be_started_is_refused_with_every_reason(world: World) -> None:
    model: dict[str, Any] = {"ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": "image"}}
    other = {"Name": "other", "Type": "RegisterModel", "Arguments": model}
    sized = processing("sized")
    sized["Arguments"]["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = get("Parameters.n")
    sized["Arguments"]["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3UploadMode"] = "Continuous"
    parameters = [{"Name": "n", "Type": "Integer", "DefaultValue": 0}]
    world.create(defined(other, condition("if", 1, "Equals", 1, [sized]), Parameters=parameters))
    world.create(defined(sized, Parameters=parameters), name="sized")

    def refused(name: str, **given: str) -> list[str]:
        with pytest.raises(shardr.RequestError) as error:
            world.start(name, parameters=given)
        return [problem.path for problem in error.value.problems]

    assert refused("pipe", n="x", m="1") == ["PipelineParameters[0].Value", "PipelineParameters[1].Name", "Steps[0]"]
    cluster = "Steps[0].Arguments.ProcessingResources.ClusterConfig.InstanceCount"
    assert refused("sized") == [cluster]
    mode = "Steps[0].Arguments.ProcessingOutputConfig.Outputs[0].S3Output.S3UploadMode"
    assert refused("sized", n="1") == [mode]
    assert world.call("ListPipelineExecutions", PipelineName="sized")["PipelineExecutionSummaries"] == []


def test_what_is_not_there_is_not_found(world: World) -> None:
    arn = "arn:aws:sagemaker:us-east-1:000000000000:pipeline/none/execution/abc123def456"
    for operation in ("DescribePipeline", "ListPipelineExecutions", "DeletePipeline", "StartPipelineExecution"):
        token = {} if operation in {"DescribePipeline", "ListPipelineExecutions"} else {"ClientRequestToken": "t" * 32}
        with pytest.raises(shardr.NotFoundError, match="pipeline/none' does not exist"):
            world.call(operation, PipelineName="none", **token)
    for operation in ("DescribePipelineExecution", "ListPipelineExecutionSteps", "UpdatePipelineExecution"):
        with pytest.raises(shardr.NotFoundError, match="does not exist"):
            world.call(operation, PipelineExecutionArn=arn)
    for operation in ("StopPipelineExecution", "RetryPipelineExecution"):
        with pytest.raises(shardr.NotFoundError, match="does not exist"):
            world.call(operation, PipelineExecutionArn=arn, ClientRequestToken="t" * 32)


def test_steps_are_described_while_they_run(world: World) -> None:
    world.create(defined(processing("slow", "sleep 60", DisplayName="Slow one", Description="sleeps")))
    arn = world.start()
    worlds.until(lambda: Execution(world, arn).states == {"slow": "Executing"})
    step = Execution(world, arn).steps["slow"]
    assert (step["StepDisplayName"], step["StepDescription"], "EndTime" in step) == ("Slow one", "sleeps", False)
    world.call("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=world.token())
    assert world.over(arn).states == {"slow": "Stopped"}
