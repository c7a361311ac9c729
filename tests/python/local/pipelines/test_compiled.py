"""What our own plans become as pipelines really runs, twice, from one definition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import worlds
from pipeline_world import World

import shardr
from shardr.requests.pipeline import CompiledStep, definition_text, pipeline_definition, run_parameters

if TYPE_CHECKING:
    from pathlib import Path

IN, OUT = worlds.IN, worlds.OUT
KEPT = "/opt/ml/processing/input/kept"


def spec(folder: Path) -> dict[str, Any]:
    """Two balanced shards; a step that reads both; one that reads the latter and waits for the first, too."""
    worlds.script(folder, f"cat {IN}/* > {OUT}/$(ls {IN})", "copy.sh")
    worlds.script(folder, f"cat {KEPT}/*/* > {OUT}/all.txt", "join.sh")
    worlds.script(folder, f"wc -l < {KEPT}/all.txt > {OUT}/count.txt", "count.sh")
    raw = {"name": "raw", "source": "s3://bucket/raw/", "distribution": "balanced"}
    joined = {"name": "kept", "source": {"step": "join", "output": "out"}}
    steps = [
        {"name": "copy", "code": "copy.sh", "inputs": raw, "outputs": "out", "instance_count": 2},
        {"name": "join", "code": "join.sh", "outputs": "out",
         "inputs": {"name": "kept", "source": {"step": "copy", "output": "out"}}},
        {"name": "count", "code": "count.sh", "inputs": joined, "outputs": "out", "depends_on": "copy"},
    ]  # fmt: skip
    return {"name": "three", "steps": steps}


def compiled(world: World, folder: Path) -> tuple[str, str, str]:
    """The text of the definition, and a run's id and URI, with all that the run reads in place."""
    plan = shardr.plan(spec(folder), base=folder)
    for deposit in plan.deposits:
        if deposit.content is not None:
            world.home.storage.put(deposit.uri, deposit.content)
    steps = [CompiledStep(step.name, step.needs, job.request) for step in plan.steps for job in step.jobs]
    last = plan.steps[-1].jobs[0].request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    root = last.removesuffix("/count/out/")
    return definition_text(pipeline_definition(steps, run=plan.run, run_uri=root)), plan.run, root


def test_a_plan_runs_as_a_pipeline_and_each_run_of_it_leaves_its_outputs_in_a_place_of_its_own(
    tmp_path: Path, home: Path
) -> None:
    world = World(home)
    world.write("raw/a.txt", "one\ntwo\n")
    world.write("raw/b.txt", "three\n")
    (first, *one), (second, *two) = (compiled(world, tmp_path) for _ in range(2))
    assert first == second
    assert one != two
    world.create(first)
    for run, root in (one, two):
        parameters = {given["Name"]: given["Value"] for given in run_parameters(run, root)}
        done = world.over(world.start(parameters=parameters))
        assert done.states == dict.fromkeys(["copy-1", "copy-2", "join", "count"], "Succeeded"), done.steps
        count = world.home.storage.path(f"{root}/count/out/count.txt").read_text("utf-8")
        assert count.strip() == "3"
        arn = done.steps["count"]["Metadata"]["ProcessingJob"]["Arn"]
        tags = world.call("ListTags", ResourceArn=arn)["Tags"]
        assert {"Key": "shardr:run", "Value": run} in tags
