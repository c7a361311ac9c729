"""What goes wrong in a job: the right state, the reason in the script's words, and nothing half-written."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import worlds
from worlds import IN, OUT, one_step, printed, run, script, submit, until

import shardr
from shardr.local import jobs
from shardr.local.home import Home
from shardr.local.store import Store


def published(home: Path) -> list[Path]:
    """Every file below the places where outputs go."""
    return [path for path in (home / "s3/shardr-local/runs").rglob("*") if path.is_file()]


def test_an_r_error_on_instance_2_of_3_is_named_with_its_traceback_and_the_logs_stay(
    tmp_path: Path, home: Path
) -> None:
    body = """
        host <- Sys.info()[["nodename"]]
        cat("working on", host, "\\n")
        writeLines(c("x", "1"), file.path("/opt/ml/processing/output/out", paste0(host, ".csv")))
        inner <- function(x) stop("no such customer: ", x)
        outer <- function(x) inner(x)
        if (host == "algo-2") outer(7)
    """
    done = run(tmp_path, one_step(tmp_path, body, "script.R", instance_count=3))
    about = shardr.describe(str(done.step("work").job))
    assert (done.status, about["ProcessingJobStatus"]) == ("Failed", "Failed")
    assert "algo-2 of 3 exited with code 1" in about["FailureReason"]
    assert "no such customer: 7" in about["FailureReason"]
    assert "outer(7)" in about["FailureReason"]
    assert [h["exit_code"] for h in about["Shardr"]["hosts"].values()] == [0, 1, 0]
    assert "working on algo-3" in " ".join(printed(done, "algo-3"))
    assert done.step("work").outputs == {}
    assert published(home) == []


def test_the_other_instances_run_to_their_end_when_one_fails(tmp_path: Path) -> None:
    body = "if [ $(hostname) = algo-1 ]; then exit 3; fi; sleep 0.4; echo finished"
    done = run(tmp_path, one_step(tmp_path, body, instance_count=2))
    assert printed(done, "algo-2") == ["finished"]
    assert "algo-1 of 2 exited with code 3" in str(done.step("work").failure)


def test_a_later_step_does_not_start_after_a_failure(tmp_path: Path) -> None:
    spec = one_step(tmp_path, "exit 1")
    spec["steps"].append({"name": "after", "code": "script.sh", "depends_on": "work"})
    done = run(tmp_path, spec)
    assert (done.status, done.step("after").status, done.step("after").job) == ("Failed", "Pending", None)


def test_a_script_that_rscript_does_not_find_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, one_step(tmp_path, "", command=["Rscript", "other.R"]))
    assert "cannot open file 'other.R'" in str(done.step("work").failure)


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = run(tmp_path, one_step(tmp_path, "", command=["Rscrpt"]))
    assert 'the program "Rscrpt" is not on this machine' in str(done.step("work").failure)


def test_same_names_of_two_instances_are_an_error_that_names_both(tmp_path: Path, home: Path) -> None:
    done = run(tmp_path, one_step(tmp_path, f"hostname > {OUT}/same.txt", instance_count=2))
    assert done.status == "Failed"
    assert "out/same.txt was written by algo-1 and by algo-2" in str(done.step("work").failure)
    assert published(home) == []


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("prefix_host", {"algo-1-same.txt": "algo-1\n", "algo-2-same.txt": "algo-2\n"}),
        ("last_wins", {"same.txt": "algo-2\n"}),
    ],
)
def test_same_names_are_fine_when_a_rule_says_so(tmp_path: Path, rule: str, expected: dict[str, str]) -> None:
    outputs = [{"name": "out", "on_collision": rule}]
    done = run(tmp_path, one_step(tmp_path, f"hostname > {OUT}/same.txt", instance_count=2, outputs=outputs))
    assert {Path(f).name: Path(f).read_text() for f in done.step("work").outputs["out"].files} == expected


def test_a_job_past_its_time_is_stopped_and_says_so(tmp_path: Path) -> None:
    done = run(tmp_path, one_step(tmp_path, "sleep 60", max_runtime_seconds=1))
    assert done.status == "Stopped"
    assert "did not end within 1 seconds" in str(done.step("work").failure)


def test_stop_gives_the_script_sigterm_and_shows_no_output(tmp_path: Path, home: Path) -> None:
    body = f"trap 'echo saving; exit 0' TERM; echo ready; echo a > {OUT}/a.txt; while true; do sleep 0.05; done"
    started = submit(tmp_path, one_step(tmp_path, body, instance_count=2))
    until(lambda: printed(started, "algo-1") and printed(started, "algo-2"))
    started.stop()
    assert started.wait().status == "Stopped"
    assert printed(started, "algo-2") == ["ready", "saving"]
    assert published(home) == []


def test_a_script_that_ignores_sigterm_is_killed_after_the_grace_time(tmp_path: Path) -> None:
    body = "trap '' TERM; echo ready; while true; do sleep 0.05; done"
    spec = one_step(tmp_path, body)
    planned = shardr.plan(spec, base=tmp_path)
    request = planned.steps[0].jobs[0].request
    request["Tags"].append({"Key": "shardr:stop-grace-seconds", "Value": "0.3"})
    started = shardr.Run(submit_plan(planned))
    until(lambda: printed(started))
    started.stop()
    assert started.wait().status == "Stopped"


def submit_plan(planned: shardr.api.runs.Plan) -> str:  # type: ignore[name-defined]
    """The id of a run of a plan that a test has changed."""
    from shardr.engines.local import LocalEngine

    LocalEngine().submit(planned)
    return str(planned.run)


def test_a_stopped_run_starts_no_further_step(tmp_path: Path) -> None:
    spec = one_step(tmp_path, "echo ready; sleep 60")
    spec["steps"].append({"name": "after", "code": "script.sh", "depends_on": "work"})
    started = submit(tmp_path, spec)
    until(lambda: printed(started))
    assert started.stop().wait().status == "Stopped"
    assert started.step("after").job is None


def test_killing_the_supervisor_fails_the_job_ends_its_instances_and_shows_no_output(
    tmp_path: Path, home: Path
) -> None:
    nap = f"sleep 61.{os.getpid()}"  # nobody else on the machine sleeps so
    body = f"echo a > {OUT}/a.txt; echo ready; exec {nap}"
    started = submit(tmp_path, one_step(tmp_path, body, instance_count=2))
    until(lambda: printed(started))
    row = Store(home / "jobs.sqlite").job(str(started.step("work").job))
    assert row is not None
    assert row.pid is not None
    os.kill(row.pid, signal.SIGKILL)
    assert started.wait().status == "Failed"
    assert "supervisor of this job has died" in str(started.step("work").failure)
    assert published(home) == []
    until(lambda: nap not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout)
    assert sorted(p.name for p in Home(home).job(row.name).root.iterdir() if p.is_dir()) == ["logs"]


def test_a_supervisor_that_dies_while_publishing_leaves_nothing_in_fresh_places(tmp_path: Path, home: Path) -> None:
    started = submit(tmp_path, one_step(tmp_path, "echo ready; sleep 60"))
    until(lambda: printed(started))
    row = Store(home / "jobs.sqlite").job(str(started.step("work").job))
    assert row is not None
    assert row.pid is not None
    folder = Home(home).job(row.name)
    half = home / "s3/shardr-local/runs" / started.id / "work/out"
    half.mkdir(parents=True)
    (half / "a.txt").write_text("half")
    folder.publishing.write_text(f'["{half}"]')
    os.kill(row.pid, signal.SIGKILL)
    until(lambda: not jobs.alive(folder))
    assert started.refresh().status == "Failed"
    assert published(home) == []


def test_a_disk_that_fills_up_fails_the_job_and_shows_no_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with worlds.disk(tmp_path / "small", 2) as small:
        monkeypatch.setenv("SHARDR_HOME", str(small / "home"))
        done = run(tmp_path, one_step(tmp_path, f"head -c 8000000 /dev/zero > {OUT}/big.bin"))
        assert done.status == "Failed"
        assert "No space left on device" in str(done.step("work").failure)
        assert published(small / "home") == []


def test_a_prefix_that_matches_nothing_and_a_missing_script_are_both_told_before_anything_runs(
    tmp_path: Path, home: Path
) -> None:
    (tmp_path / "empty").mkdir()
    spec = one_step(tmp_path, "", inputs=[{"name": "raw", "source": "empty/"}, {"name": "b", "source": "no/*.csv"}])
    spec["steps"][0]["code"] = "scrpt.sh"
    with pytest.raises(shardr.SpecError) as error:
        run(tmp_path, spec)
    text = str(error.value)
    assert 'steps[0].inputs[0].source: "empty/" matches no file' in text
    assert 'steps[0].inputs[1].source: "no/*.csv" matches no file' in text
    assert 'steps[0].code: "scrpt.sh" is not there; did you mean "script.sh"?' in text
    assert not (home / "jobs.sqlite").exists()


def test_an_input_that_vanishes_after_submission_fails_the_job_by_name(tmp_path: Path) -> None:
    data = worlds.files(tmp_path / "data", 1)
    spec = one_step(tmp_path, "sleep 0.5", depends_on=[])
    spec["steps"].append(
        {"name": "after", "code": "script.sh", "depends_on": "work", "inputs": [{"name": "raw", "source": "data/"}]}
    )
    started = submit(tmp_path, spec)
    shutil.rmtree(data)
    started.wait()
    assert "No S3 objects found under S3 URL" in str(started.step("after").failure)


def test_an_unreadable_input_is_named(tmp_path: Path) -> None:
    data = worlds.files(tmp_path / "data", 2)
    (data / "part-01.csv").unlink()
    (data / "part-01.csv").symlink_to(tmp_path / "nowhere.csv")
    with pytest.raises(shardr.SpecError, match=r"part-01\.csv, which is not there"):
        run(tmp_path, one_step(tmp_path, f"cat {IN}/*", inputs=[{"name": "raw", "source": "data/"}]))


def test_a_failed_job_is_tried_again_up_to_max_attempts(tmp_path: Path) -> None:
    done = run(tmp_path, one_step(tmp_path, "exit 1", max_attempts=3))
    names = [record["job"] for record in shardr.jobs()]
    assert names == [f"{done.id}-work-r2"]
    assert done.status == "Failed"


def test_what_follows_a_training_step_has_the_model_of_the_attempt_that_came_through(tmp_path: Path) -> None:
    body = "case $TRAINING_JOB_NAME in *-r1) echo kept > /opt/ml/model/found.txt ;; *) exit 1 ;; esac"
    fit = {"name": "fit", "type": "training", "code": script(tmp_path, body, "fit.sh"), "max_attempts": 2}
    model = {"name": "model", "source": {"step": "fit", "output": "model"}}
    spec = one_step(tmp_path, "tar -xzOf /opt/ml/processing/input/model/model.tar.gz", inputs=[model])
    done = run(tmp_path, {**spec, "steps": [fit, *spec["steps"]]})
    assert done.status == "Completed", done.step("work").failure
    assert [line.text for line in done.logs(step="work")] == ["kept"]
    assert done.collect("fit", "model", merge=lambda files: files[0].read_text()) == "kept\n"


def test_what_a_script_says_of_a_broken_table_comes_before_what_the_ledger_says(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/x.csv").write_text('a,b\n1,"x\n')
    spec = one_step(tmp_path, "echo Error: a quote is open; exit 2", inputs=[{"name": "raw", "source": "data/"}])
    assert "Error: a quote is open" in str(run(tmp_path, spec).step("work").failure)


def test_a_time_limit_holds_against_a_script_that_ignores_sigterm(tmp_path: Path) -> None:
    spec = one_step(tmp_path, "trap '' TERM; (trap '' TERM; sleep 60) & while true; do sleep 0.05; done")
    spec["steps"][0]["max_runtime_seconds"] = 1
    planned = shardr.plan(spec, base=tmp_path)
    planned.steps[0].jobs[0].request["Tags"].append({"Key": "shardr:stop-grace-seconds", "Value": "0.3"})
    began = time.monotonic()
    assert shardr.Run(submit_plan(planned)).wait().status == "Stopped"
    assert 1.2 < time.monotonic() - began < 4
