"""Executions of pipelines are runs for people: the verbs list them, describe them, show their logs, stop them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import worlds
from pipeline_world import OUT, World, condition, defined, fail, processing

import shardr
from shardr.api.jobs import run_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def world(home: Path) -> World:
    return World(home)


def test_an_execution_is_listed_described_and_collected_from_as_a_run(world: World) -> None:
    work = processing("work", f"echo hello; printf 'a,b\\n1,2\\n' > {OUT}/t.csv")
    arn = world.run(work, condition("gate", 1, "Equals", 2, [], [fail("bad", "no luck")], DependsOn=["work"])).arn
    short = f"pipe/{arn[-12:]}"
    rows = [(row["run"], row["step"], row["status"], row["rows_out"]) for row in shardr.jobs()]
    assert rows == [
        (short, "work", "Completed", 1),
        (short, "gate", "Completed", None),
        (short, "bad", "Failed", None),
    ]
    for id in (short, arn, arn[-12:]):
        assert shardr.describe(id)["run"] == short
    run = shardr.Run(short)
    assert (run.status, run.step("bad").failure) == ("Failed", "no luck")
    assert [line.text for line in run.logs()] == ["hello"]
    assert run.collect("work", "out").to_dict("list") == {"a": [1], "b": [2]}
    with pytest.raises(shardr.JobFailedError, match="no luck"):
        run.require_completed()


def test_a_job_of_an_execution_leads_to_its_execution(world: World) -> None:
    done = world.run(processing("work", "echo hello"))
    job = shardr.describe(done.job("work"))
    assert (job["Shardr"]["run"], job["Shardr"]["step"]) == (done.arn, "work")
    run, step = run_of(done.job("work"))
    assert (step, [line.text for line in run.logs()]) == ("work", ["hello"])


def test_an_execution_under_way_is_stopped_as_a_run_is(world: World) -> None:
    world.create(defined(processing("long", "sleep 60"), processing("later", DependsOn=["long"])))
    run = shardr.Run(world.start()[-12:])
    worlds.until(lambda: run.refresh().step("long").hosts)
    assert {step.name: step.status for step in run.steps} == {"long": "InProgress", "later": "Pending"}
    shardr.stop(run.id)
    assert run.wait().status == "Stopped"
    assert {step.name: step.status for step in run.steps} == {"long": "Stopped"}
    assert shardr.stop(run.id)["status"] == "Stopped"
