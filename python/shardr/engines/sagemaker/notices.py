"""What a spec says that the service has no field for, for people who plan to run it there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardr.engines.sagemaker.requests import read_as_one
from shardr.local.contract import tag
from shardr.requests.facts import facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.engines.base import PlannedStep


def unchecked_claim(request: dict[str, Any]) -> str | None:
    """That a claim on the rows of a job holds is not known there."""
    claim = tag(request, "expect-rows")
    return f"expect rows {claim} is not checked there, only on this machine" if claim else None


def notices_of(steps: list[PlannedStep], run_uri: str) -> Iterator[str]:
    """What is not enforced there, step by step."""
    for step in steps:
        tags = {tag["Key"]: tag["Value"] for job in step.jobs for tag in job.request.get("Tags", [])}
        if step.jobs and (unchecked := unchecked_claim(step.jobs[0].request)):
            yield f"{step.name}: {unchecked}"
        chosen = [key.removeprefix("shardr:on-collision:") for key in tags if key.startswith("shardr:on-collision:")]
        several = step.instance_count > 1 and len(step.jobs) == 1
        if several and any(facts(job.request).outputs for job in step.jobs):
            named = f" (on_collision of {', '.join(chosen)} has no effect)" if chosen else ""
            yield f"{step.name}: of files that two instances give the same name, the last one written is kept{named}"
        if step.max_attempts > 1:
            yield f"{step.name}: what SageMaker itself failed at is tried again, a script that fails is not"
        if step.cache is not None and read_as_one(step, steps, run_uri):
            yield f"{step.name}: cache has no effect, as another step reads what all its balanced shards make"
        if any(spread.distribution == "ShardedByS3Key" for spread in step.spreads):
            yield f"{step.name}: which instance gets which object is up to the service; shown is how this machine deals"
        if "shardr:interruptions" in tags:
            yield f"{step.name}: interruptions are rehearsed on this machine only"
        if "shardr:csv-lines" in tags:
            yield f"{step.name}: csv_lines has no effect there: each newline ends a record, in quotes, too"
        if "shardr:permute" in tags:
            yield f"{step.name}: permute has no effect, as the service deals the objects out itself"
