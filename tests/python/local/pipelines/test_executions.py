"""Executions of pipelines: order, branches, ends, and what people and processes do to them meanwhile."""

from __future__ import annotations

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import worlds
from pipeline_world import IN, OUT, Execution, World, condition, defined, fail, get, output_of, processing

import shardr
from shardr.local.pipelines.store import PipelineStore, StepRow
from shardr.local.store import Store

if TYPE_CHECKING:
    from pathlib import Path

NAP = f"sleep $(cat {IN}/seconds)"


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


def test_steps_that_need_nothing_of_each_other_run_at_once_unless_their_number_is_limited(world: World) -> None:
    world.create(defined(*(processing(name, "sleep 0.3") for name in "abc")))
    beside = world.over(world.start())
    limit = {"MaxParallelExecutionSteps": 1}
    after = world.over(world.start(ParallelismConfiguration=limit))
    assert (beside.status, after.status) == ("Succeeded", "Succeeded")
    assert max(s["StartTime"] for s in beside.steps.values()) < min(s["EndTime"] for s in beside.steps.values())
    first, second, third = sorted(after.steps.values(), key=lambda step: step["StartTime"])
    assert first["EndTime"] <= second["StartTime"] < second["EndTime"] <= third["StartTime"]
    assert after.about["ParallelismConfiguration"] == limit


def test_a_step_waits_for_what_it_depends_on_and_for_conditions_too(world: World) -> None:
    gate = condition("gate", get("Parameters.n"), "Equals", 2, [processing("then")], [processing("else")])
    last = processing("last", DependsOn=["gate", "first"])
    never = processing("never", DependsOn=["then"])
    parameters = [{"Name": "n", "Type": "Integer", "DefaultValue": 1}]
    done = world.run(never, last, gate, processing("first"), Parameters=parameters)
    assert (done.status, set(done.states)) == ("Succeeded", {"gate", "first", "else", "last"})
    assert done.steps["first"]["EndTime"] <= done.steps["last"]["StartTime"]
    assert set(world.over(world.start(parameters={"n": "2"})).states) == {"gate", "first", "then", "never", "last"}


def test_after_a_failure_what_runs_is_finished_and_nothing_else_begins(world: World) -> None:
    bad = processing("bad", "printf 'no such\\nthing' >&2; exit 3")
    done = world.run(bad, processing("after", DependsOn=["bad"]), processing("beside", "sleep 0.4"))
    assert (done.status, done.states) == ("Failed", {"bad": "Failed", "beside": "Succeeded"})
    assert "thing" in done.steps["bad"]["FailureReason"]
    assert "thing" in done.about["FailureReason"], "in one line, as the service has it"


def test_what_cannot_be_worked_out_or_run_fails_the_step_with_the_reason(world: World) -> None:
    late = get("Steps.first.ExitMessage")
    many = processing("many", DependsOn=["first"])
    many["Arguments"]["AppSpecification"]["ContainerEntrypoint"] = [
        "bash",
        {"Std:Join": {"On": "", "Values": [late] * 300}},
    ]
    world.create(
        defined(processing("first", "printf x > /opt/ml/output/message"), condition("gate", late, "GreaterThan", 1))
    )
    world.create(defined(processing("first", "printf x > /opt/ml/output/message"), many), name="long")
    gate = world.over(world.start()).steps["gate"]
    assert (gate["StepStatus"], gate["FailureReason"]) == (
        "Failed",
        'ClientError: GreaterThan cannot compare "x" with 1 (int)',
    )
    assert "ContainerEntrypoint[1]: found" in world.over(world.start("long")).steps["many"]["FailureReason"]


def test_an_execution_is_stopped_with_its_jobs_and_retried_from_where_it_was(world: World) -> None:
    world.write("naps/seconds", "60")
    world.create(
        defined(
            processing("first"),
            processing("long", NAP, "s3://bucket/naps/", DependsOn=["first"]),
            processing("last", DependsOn=["long"]),
        )
    )
    arn = world.start()
    worlds.until(lambda: Execution(world, arn).states.get("long") == "Executing")
    world.call("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=world.token())
    assert Execution(world, arn).status in {"Stopping", "Stopped"}
    stopped = world.over(arn)
    assert (stopped.status, stopped.states) == ("Stopped", {"first": "Succeeded", "long": "Stopped"})
    with pytest.raises(shardr.RequestError, match="is Stopped: only one that is under way"):
        world.call("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=world.token())
    world.write("naps/seconds", "0")
    world.call("RetryPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=world.token())
    again = world.over(arn)
    assert (again.status, again.states) == ("Succeeded", dict.fromkeys(["first", "long", "last"], "Succeeded"))
    assert again.steps["first"] == stopped.steps["first"]
    assert again.job("long") != stopped.job("long")


def test_an_execution_that_a_fail_step_ended_or_that_succeeded_is_not_retried(world: World) -> None:
    world.create(defined(fail("bad", "no")))
    world.create(defined(processing("good")), name="good")
    for arn, says in ((world.start(), "the Fail step bad"), (world.start("good"), "is Succeeded")):
        world.over(arn)
        with pytest.raises(shardr.RequestError, match=says):
            world.call("RetryPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=world.token())


def test_a_result_is_taken_again_while_it_is_young_and_the_request_is_the_same(world: World) -> None:
    cached = processing("cached", "echo $WORD", CacheConfig={"Enabled": True, "ExpireAfter": "PT1H"})
    cached["Arguments"]["Environment"] = {"WORD": get("Parameters.word")}
    reader = processing("reader", f"cat {IN}/* || true", output_of("cached"))
    cached["Arguments"]["AppSpecification"]["ContainerEntrypoint"][2] += f"; echo $WORD > {OUT}/a"
    parameters = [{"Name": "word", "Type": "String", "DefaultValue": "a"}]
    first = world.run(cached, reader, Parameters=parameters)
    again, other = world.over(world.start()), world.over(world.start(parameters={"word": "b"}))
    assert [done.status for done in (first, again, other)] == ["Succeeded"] * 3
    assert again.steps["cached"]["CacheHitResult"] == {"SourcePipelineExecutionArn": first.arn}
    assert (again.job("cached"), again.job("reader") == first.job("reader")) == (first.job("cached"), False)
    assert "CacheHitResult" not in other.steps["cached"]
    third = world.over(world.start())
    assert third.steps["cached"]["CacheHitResult"] == {"SourcePipelineExecutionArn": first.arn}, "the one that ran"
    cached["CacheConfig"]["ExpireAfter"] = "PT0S"
    world.call(
        "UpdatePipeline", PipelineName="pipe", PipelineDefinition=json.dumps(defined(cached, Parameters=parameters))
    )
    assert "CacheHitResult" not in world.over(world.start()).steps["cached"]


@pytest.mark.parametrize(("attempts", "status"), [(1, "Succeeded"), (0, "Failed")])
def test_a_job_that_was_lost_is_tried_again_as_the_policy_says(world: World, attempts: int, status: str) -> None:
    world.write("naps/seconds", "60")
    policy = {"ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR"], "IntervalSeconds": 1, "MaxAttempts": attempts}
    world.create(defined(processing("lost", NAP, "s3://bucket/naps/", RetryPolicies=[policy])))
    arn = world.start()
    worlds.until(lambda: Execution(world, arn).states["lost"] == "Executing")
    row = Store(world.home.store).job(Execution(world, arn).job("lost"))
    assert row is not None
    assert row.pid is not None
    world.write("naps/seconds", "0")
    os.kill(row.pid, signal.SIGKILL)
    done = world.over(arn)
    assert (done.status, done.steps["lost"]["AttemptCount"]) == (status, 1 + attempts)


def test_a_scripts_own_failure_is_in_no_retry_policy(world: World) -> None:
    policy = {"ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR"], "IntervalSeconds": 1, "MaxAttempts": 3}
    done = world.run(processing("bad", "exit 1", RetryPolicies=[policy]))
    assert (done.status, done.steps["bad"]["AttemptCount"]) == ("Failed", 1)


def test_an_execution_goes_on_when_nobody_looks(world: World) -> None:
    steps = [processing("s0", f"echo 0 > {OUT}/a")]
    steps += [
        processing(f"s{i}", f"cp {IN}/a {OUT}/a; echo {i} >> {OUT}/a", output_of(f"s{i - 1}")) for i in range(1, 4)
    ]
    world.create(defined(*steps))
    world.start()
    end = world.home.storage.path("s3://bucket/s3/a")
    worlds.until(end.exists)
    assert world.read("s3/a") == "0\n1\n2\n3\n"


def test_what_a_crash_left_undone_is_done_at_the_next_look(world: World) -> None:
    world.create(defined(processing("first"), processing("second", DependsOn=["first"])))
    arn = world.start()
    assert world.over(arn).status == "Succeeded"
    store = PipelineStore(world.home.store)
    row = store.execution(arn)
    assert row is not None
    crashed = replace(row, arn=f"{arn[:-1]}0", token="x" * 32, status="Executing")
    store.add_execution(crashed)  # whoever took it in died before it began a step
    store.add_step(StepRow(crashed.arn, "first", "Executing", time.time(), job="claimed"))  # and another before the job
    done = world.over(crashed.arn)
    assert (done.status, set(done.states), done.job("first")) == ("Succeeded", {"first", "second"}, "claimed")


def test_each_step_starts_once_however_many_look(world: World) -> None:
    names = [f"s{i}" for i in range(6)]
    first = processing("first", "sleep 0.2")
    world.create(
        defined(first, *(processing(name, f"echo > {OUT}/$RANDOM$RANDOM", DependsOn=["first"]) for name in names))
    )
    arn = world.start()
    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(lambda _: world.over(arn).status, range(8)))
    assert ends == ["Succeeded"] * 8
    jobs = [job.step for job in Store(world.home.store).jobs(run=arn)]
    assert sorted(map(str, jobs)) == sorted(["first", *names])


def test_selected_steps_run_alone_with_what_others_gave_before(world: World) -> None:
    steps = [processing("a", f"echo $RANDOM > {OUT}/a"), processing("b", f"cp {IN}/a {OUT}/b", output_of("a"))]
    done = world.run(*steps, processing("c", DependsOn=["b"]))
    config = {"SelectedSteps": [{"StepName": "b"}], "SourcePipelineExecutionArn": done.arn}
    again = world.over(world.start(SelectiveExecutionConfig=config))
    assert (again.status, again.states) == ("Succeeded", {"b": "Succeeded"})
    assert again.about["SelectiveExecutionConfig"] == config
    for wrong in ({"SelectedSteps": [{"StepName": "b"}]}, {"SelectedSteps": [{"StepName": "z"}]}):
        with pytest.raises(shardr.RequestError, match="cannot be started"):
            world.start(SelectiveExecutionConfig=wrong)


def test_steps_that_wait_for_a_failure_run_after_it_and_the_execution_completes_with_failures(world: World) -> None:
    bad = processing("bad", "echo broken >&2; exit 1")
    tell = processing("tell", 'echo "$WHY"', DependsOn=[{"Step": "bad", "Trigger": "Failed"}])
    tell["Arguments"]["Environment"] = {"WHY": get("Steps.bad.ProcessingJobStatus")}
    tidy = processing("tidy", DependsOn=[{"Step": "bad", "Trigger": "Any"}, "tell"])
    done = world.run(bad, tell, tidy, processing("after", DependsOn=["bad"]))
    assert done.states == {"bad": "Failed", "tell": "Succeeded", "tidy": "Succeeded"}
    assert (done.status, "broken" in done.about["FailureReason"]) == ("CompletedWithFailures", True)


def test_steps_that_wait_for_a_failure_do_not_run_without_one(world: World) -> None:
    never = processing("never", DependsOn=[{"Step": "good", "Trigger": "Failed"}])
    done = world.run(processing("good"), never, processing("after", DependsOn=[{"Step": "good", "Trigger": "Any"}]))
    assert (done.status, set(done.states)) == ("Succeeded", {"good", "after"})
