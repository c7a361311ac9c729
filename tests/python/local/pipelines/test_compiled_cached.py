"""What a spec's plan compiles to is a definition that runs here, again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_world import World

from shardr.requests.pipeline import CompiledStep, Retry, definition_text, pipeline_definition, run_parameters
from shardr.requests.placed import Placed
from shardr.requests.processing import processing_request
from shardr.spec.parts import Input, Output, StepOutput
from shardr.spec.processing import ProcessingStep

if TYPE_CHECKING:
    from pathlib import Path

MAKE = "echo $RANDOM$RANDOM > /opt/ml/processing/output/out/a.txt"
COPY = "cp /opt/ml/processing/input/make/a.txt /opt/ml/processing/output/out/b.txt"


def compiled(world: World, name: str, script: str, reads: list[str], run: str) -> CompiledStep:
    world.write(f"code/{name}.sh", script)
    step = ProcessingStep(
        name=name,
        code=f"{name}.sh",
        command=["bash"],
        inputs=[Input(name=read, source=StepOutput(step=read, output="out")) for read in reads],
        outputs=[Output(name="out")],
    )
    request = processing_request(
        step,
        job=f"{run}-{name}",
        image_uri="image",
        role="arn:aws:iam::000000000000:role/shardr",
        inputs={read: Placed(f"s3://bucket/{run}/{read}/out/", "S3Prefix") for read in reads},
        outputs={"out": f"s3://bucket/{run}/{name}/out/"},
        code=Placed(f"s3://bucket/code/{name}.sh", "S3Prefix"),
        tags={"run": run, "step": name},
    )
    return CompiledStep(name, reads, request, cache="P30D" if name == "make" else None, retry=Retry(2))


def test_the_definition_of_a_spec_runs_twice_and_takes_what_is_cached(home: Path) -> None:
    world = World(home)
    steps = [compiled(world, "make", MAKE, [], "one"), compiled(world, "copy", COPY, ["make"], "one")]
    world.create(definition_text(pipeline_definition(steps, run="one", run_uri="s3://bucket/one")))
    runs = {}
    for run in ("one", "two"):
        given = {item["Name"]: item["Value"] for item in run_parameters(run, f"s3://bucket/{run}")}
        runs[run] = world.over(world.start(parameters=given))
    assert [done.status for done in runs.values()] == ["Succeeded", "Succeeded"]
    assert runs["two"].steps["make"]["CacheHitResult"] == {"SourcePipelineExecutionArn": runs["one"].arn}
    assert world.read("two/copy/out/b.txt") == world.read("one/make/out/a.txt") == world.read("one/copy/out/b.txt")
