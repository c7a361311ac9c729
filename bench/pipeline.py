"""A spec of 50 steps as one pipeline definition: its requests compiled, its text written.

python bench/pipeline.py [steps]
"""

from __future__ import annotations

import statistics
import sys
import time

from shardr.requests.pipeline import CompiledStep, Retry, definition_text, pipeline_definition
from shardr.requests.placed import Placed
from shardr.requests.processing import processing_request
from shardr.spec.load import load

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 50
RUN_URI = "s3://bucket/runs/many-1"


def spec() -> dict[str, object]:
    """A chain whose steps also read what the step ten places before has made."""
    steps: list[dict[str, object]] = []
    for i in range(STEPS):
        sources = [f"step-{j}" for j in {i - 1, i - 10} if j >= 0]
        inputs = [{"name": source, "source": {"step": source, "output": "out"}} for source in sources]
        steps.append({"name": f"step-{i}", "code": "a.R", "inputs": inputs, "outputs": ["out"], "instance_count": 4})
    return {"name": "many", "steps": steps}


def compile_text(given: dict[str, object]) -> str:
    compiled = []
    for step in load(given).pipeline.in_order():
        request = processing_request(
            step,
            job=f"many-1-{step.name}",
            image_uri="123456789012.dkr.ecr.eu-west-1.amazonaws.com/r:1",
            role="arn:aws:iam::123456789012:role/shardr",
            inputs={name: Placed(f"{RUN_URI}/{name}/out/", "S3Prefix") for name in step.needs},
            outputs={"out": f"{RUN_URI}/{step.name}/out/"},
            code=Placed("s3://bucket/code/0123/a.R", "S3Prefix"),
            tags={"run": "many-1", "step": step.name},
        )
        compiled.append(CompiledStep(step.name, step.needs, request, cache="P30D", retry=Retry(3)))
    return definition_text(pipeline_definition(compiled, run="many-1", run_uri=RUN_URI))


def main() -> None:
    given, seconds = spec(), []
    for _ in range(21):
        start = time.perf_counter()
        text = compile_text(given)
        seconds.append(time.perf_counter() - start)
    milliseconds = statistics.median(seconds) * 1000
    print(f"a pipeline of {STEPS} steps, spec to text ({len(text)} characters): {milliseconds:.1f} ms target < 50")


if __name__ == "__main__":
    main()
