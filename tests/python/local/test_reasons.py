"""Why a job failed, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shardr.local.contract import REASON_CHARACTERS, failure_reason
from shardr.local.home import JobFolder
from shardr.local.reasons import host_failure, next_step

if TYPE_CHECKING:
    from pathlib import Path

REQUEST: dict[str, Any] = {
    "AppSpecification": {"ImageUri": "fit", "ContainerEntrypoint": ["Rscript", "/opt/ml/processing/input/code/fit.R"]}
}


FRAME = '  File "/opt/ml/processing/input/code/fit.py", line {}, in deeper\n    return deeper(n - 1)\n'
HEAD = "Traceback (most recent call last):\n"


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


def kept(folder: Path, log: str) -> str:
    """What the service keeps of a job that left this log."""
    return failure_reason(host_failure({"algo-1": 1}, {}, logged(folder, log), 1))


def test_of_a_long_traceback_the_error_is_kept_and_the_frames_next_to_it(tmp_path: Path) -> None:
    message = "shardr.errors.DataError: train.csv, line 7: found 3 fields\n  fix: expected 4"
    reason = kept(tmp_path, "begun\n" + HEAD + "".join(FRAME.format(i) for i in range(40)) + message + "\n")
    head, frames, error = reason.partition("  …\n")[0], reason.count("  File "), reason[-len(message) :]
    assert head == f"AlgorithmError: algo-1 of 1 exited with code 1: {HEAD}"
    assert reason == f"{head}  …\n{''.join(FRAME.format(i) for i in range(40 - frames, 40))}{error}"
    assert error == message
    assert REASON_CHARACTERS - len(FRAME.format(10)) < len(reason) <= REASON_CHARACTERS


def test_an_error_too_long_for_any_frame_loses_its_end(tmp_path: Path) -> None:
    reason = kept(tmp_path, HEAD + FRAME.format(1) + "KeyError: " + "🦔" * 600)
    assert reason.startswith(f"AlgorithmError: algo-1 of 1 exited with code 1: {HEAD}  …\nKeyError: 🦔")
    assert reason.endswith("🦔…")
    assert len(reason.encode("utf-16-le")) // 2 in {REASON_CHARACTERS - 1, REASON_CHARACTERS}


def test_a_traceback_that_fits_is_whole_and_what_r_says_keeps_its_beginning(tmp_path: Path) -> None:
    log = HEAD + FRAME.format(1) + "ValueError: no luck"
    assert kept(tmp_path / "python", log).endswith(log)
    log = "Error in fit(x) : no luck\nTraceback (innermost call first):\n" + " deeper(n - 1)\n" * 200
    reason = kept(tmp_path / "r", log)
    assert reason.startswith("AlgorithmError: algo-1 of 1 exited with code 1: Error in fit(x) : no luck\nTraceback")
    assert len(reason) == REASON_CHARACTERS


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
