"""Why a job failed, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shardr.local.home import JobFolder
from shardr.local.reasons import host_failure, next_step

if TYPE_CHECKING:
    from pathlib import Path

REQUEST: dict[str, Any] = {
    "AppSpecification": {"ImageUri": "fit", "ContainerEntrypoint": ["Rscript", "/opt/ml/processing/input/code/fit.R"]}
}


def logged(folder: Path, text: str) -> JobFolder:
    job = JobFolder(folder / "home" / "jobs" / "j")
    job.log("algo-1").parent.mkdir(parents=True)
    job.log("algo-1").write_text(text)
    return job


def test_instances_that_end_alike_are_told_once(tmp_path: Path) -> None:
    job = logged(tmp_path, "Error: no luck\n")
    alike = {f"algo-{i}": 1 for i in (1, 2, 3)}
    assert host_failure(alike, {}, job, 3) == "AlgorithmError: all 3 instances exited with code 1: Error: no luck"
    assert host_failure({"algo-1": 1}, {}, job, 3) == "AlgorithmError: algo-1 of 3 exited with code 1: Error: no luck"


def test_of_many_that_end_apart_the_first_are_named(tmp_path: Path) -> None:
    reason = host_failure({f"algo-{i}": i for i in range(1, 9)}, {}, logged(tmp_path, ""), 20)
    assert reason.startswith("AlgorithmError: algo-1 of 20 exited with code 1, algo-2 of 20")
    assert reason.endswith("algo-5 of 20 exited with code 5, and 3 more")


@pytest.mark.parametrize(
    ("reason", "runner", "step"),
    [
        ("Error in library(digest) : there is no package called ‘digest’", "docker", "`shardr images init fit.R`"),
        ("ModuleNotFoundError: No module named 'pandas'", "docker", "`shardr images init fit.R`"),
        ("SIGKILL; out of memory: its limit is 8.0 GiB (ml.m5.large)", "docker", "take a larger instance_type"),
        ("Error in library(digest) : there is no package called ‘digest’", "process", 'install.packages("digest")'),
        ("ModuleNotFoundError: No module named 'xgboost'", "process", "pip install xgboost"),
        ("Error: no luck", "docker", None),
    ],
)
def test_the_next_step_is_told_where_it_is_known(reason: str, runner: str, step: str | None) -> None:
    found = next_step(reason, REQUEST, runner)
    assert found is None if step is None else step in str(found)
