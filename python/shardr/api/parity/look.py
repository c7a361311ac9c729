"""Looks into the instances of jobs that are over: each request again, with a shell that tells what is there."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.api.parity.sight import PROBE, Sight, read_sight
from shardr.api.planning import job_name
from shardr.engines.base import OVER
from shardr.local import contract, jobs
from shardr.local.store import JobRow, Store
from shardr.requests.facts import TRAINING, facts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shardr.engines.local import LocalEngine

AT_ONCE = 4
LIMIT_SECONDS = 60
LOOK_SECONDS = 0.02
NOT_OF_A_LOOK = ("shardr:expect-", "shardr:interruptions")
"""Tags with what is asked of the job itself."""


@dataclass(frozen=True)
class Wish:
    """A job to look into, what its run knows of the machine, and what makes its names comparable."""

    job: JobRow
    machine: dict[str, Any]
    normal: Callable[[str], str]

    @property
    def name(self) -> str:
        """The name of the job that looks."""
        return look_name(self.job.name)


def look_name(job: str) -> str:
    """The name of the job that looks into the instances of a job."""
    return job_name(job, "look")


def look(engine: LocalEngine, wishes: Sequence[Wish]) -> dict[str, dict[str, Sight | None]]:
    """What each instance of each job saw, by the job's name; None where nobody could look, for want of a shell."""
    store = Store(engine.home.store)
    for i in range(0, len(wishes), AT_ONCE):
        batch = wishes[i : i + AT_ONCE]
        with ExitStack() as stack:
            for wish in batch:
                of_run = {"run": wish.job.run, "step": wish.job.step}  # no run of its own, which people would be shown
                jobs.launch(engine.home, wish.name, _request(engine, wish.job), wish.machine, **of_run)
                stack.callback(_stop, engine, store, wish.name)
            for wish in batch:
                while not _over(engine, store, wish.name):
                    jobs.nap(LOOK_SECONDS)
    return {wish.job.name: _sights(engine, wish) for wish in wishes}


def _request(engine: LocalEngine, job: JobRow) -> dict[str, Any]:
    """The job's request with a shell in place of the script; the service would find the shell's program too long."""
    about, to = facts(job.request), f"{engine.run_uri(job.name)}/looks"
    found = {
        **about.kind.named(job.request, look_name(job.name)),
        "StoppingCondition": {"MaxRuntimeInSeconds": LIMIT_SECONDS},
        "Tags": [tag for tag in job.request.get("Tags", []) if not tag["Key"].startswith(NOT_OF_A_LOOK)],
    }
    shell = {"ContainerEntrypoint": ["/bin/sh", "-c", PROBE]}
    if about.kind is TRAINING:
        found["AlgorithmSpecification"] = {
            "TrainingImage": about.image,
            "TrainingInputMode": job.request["AlgorithmSpecification"].get("TrainingInputMode", "File"),
            **shell,
        }
        found["OutputDataConfig"] = {"S3OutputPath": to}
        found.pop("CheckpointConfig", None)  # the job's own name is in its file
        return found
    found["AppSpecification"] = {"ImageUri": about.image, **shell}
    outputs = [
        {**item, "S3Output": {**item["S3Output"], "S3Uri": f"{to}/{item['OutputName']}/"}}
        for item in job.request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    ]
    return {**found, "ProcessingOutputConfig": {"Outputs": outputs}} if outputs else found


def _over(engine: LocalEngine, store: Store, name: str) -> bool:
    row = store.job(name)
    return row is None or jobs.look(engine.home, row).status in OVER


def _stop(engine: LocalEngine, store: Store, name: str) -> None:
    row = store.job(name)
    if row is not None and not row.over:
        jobs.stop(engine.home, row)


def _sights(engine: LocalEngine, wish: Wish) -> dict[str, Sight | None]:
    found: dict[str, Sight | None] = {}
    for host in contract.hosts(facts(wish.job.request).instances):
        log = engine.home.job(wish.name).log(host)
        found[host] = read_sight(log.read_bytes(), wish.normal) if log.exists() else None
    return found
