"""jobs, describe, logs: what ran, how it stands, and what it printed."""

from __future__ import annotations

import json
import subprocess
import time

import pytest
from cli_world import COMMAND, Shell

from shardr.cli import looking
from shardr.cli.app import main


def test_jobs_says_how_to_start_where_nothing_ran_yet(shardr: Shell) -> None:
    done = shardr("jobs")
    assert (done.status, done.err) == (0, "")
    assert "shardr example" in done.out
    assert shardr("jobs", "--json").json == {"jobs": []}


def test_jobs_lists_steps_newest_run_first(shardr: Shell) -> None:
    shardr("run", "job.yml", "--name", "first")
    time.sleep(0.01)
    shardr("run", "fails.yml", "--name", "second")
    found = shardr("jobs", "--json").json["jobs"]
    assert [(job["run"], job["step"], job["status"]) for job in found] == [
        ("second", "work", "Failed"),
        ("second", "after", "Pending"),
        ("first", "copy", "Completed"),
        ("first", "again", "Completed"),
    ]
    lines = shardr("jobs").out.splitlines()
    assert lines[0].split()[:3] == ["run", "step", "status"]
    assert lines[3].split()[:6] == ["first", "copy", "Completed", "2", "6", "6"]
    assert len(shardr("jobs", "--limit", "1").out.splitlines()) == 3


def test_describe_a_run_tells_instances_logs_and_files(shardr: Shell) -> None:
    run = shardr("run", "job.yml", "--json").json
    told = shardr("describe", run["run"]).out
    assert f"run {run['run']}  Completed" in told
    assert "algo-2  Completed, exit code 0" in told
    assert f"jobs/{run['steps'][0]['job']}/logs/algo-2.log" in told
    assert run["steps"][1]["outputs"]["out"]["files"][0] in told
    assert shardr("describe", run["run"], "--json").json == run


def test_describe_a_failed_run_has_the_whole_reason(shardr: Shell) -> None:
    (shardr.folder / "fails.R").write_text("inner <- function(x) stop('no such customer: ', x)\ninner(7)\n")
    (shardr.folder / "fails.yml").write_text("name: fails\nsteps: {name: work, code: fails.R}\n")
    shardr("run", "fails.yml", "--name", "broken")
    told = shardr("describe", "broken").out
    assert "no such customer: 7" in told
    assert "inner(7)" in told
    assert "exit code 1" in told


def test_describe_a_job_answers_as_the_service_does(shardr: Shell) -> None:
    shardr("run", "fails.yml", "--name", "broken")
    found = shardr("describe", "broken-work", "--json").json
    assert (found["ProcessingJobName"], found["ProcessingJobStatus"]) == ("broken-work", "Failed")
    assert found["Shardr"]["hosts"]["algo-2"]["exit_code"] == 3
    assert "T" in found["CreationTime"]
    assert "algo-2  Failed, exit code 3" in shardr("describe", "broken-work").out


def test_logs_name_step_and_instance_in_front_of_each_line(shardr: Shell) -> None:
    shardr("run", "job.yml", "--name", "talks")
    assert shardr("logs", "talks").out.splitlines() == [
        "copy/algo-1 | 2 files on algo-1",
        "copy/algo-2 | 1 files on algo-2",
        "again/algo-1 | 3 files on algo-1",
    ]


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        (["talks", "--step", "again"], ["again/algo-1 | 3 files on algo-1"]),
        (["talks", "--instance", "algo-2"], ["copy/algo-2 | 1 files on algo-2"]),
        (["talks-again"], ["again/algo-1 | 3 files on algo-1"]),
    ],
)
def test_logs_of_one_step_one_instance_or_one_job(shardr: Shell, words: list[str], lines: list[str]) -> None:
    shardr("run", "job.yml", "--name", "talks")
    assert shardr("logs", *words).out.splitlines() == lines


def test_logs_with_json_are_one_object(shardr: Shell) -> None:
    shardr("run", "job.yml", "--name", "talks")
    found = shardr("logs", "talks", "--step", "again", "--json").json
    line = {"step": "again", "instance": "algo-1", "job": "talks-again", "text": "3 files on algo-1"}
    assert found == {"run": "talks", "status": "Completed", "lines": [line]}


def test_logs_of_an_unknown_step_or_instance_name_those_there_are(shardr: Shell) -> None:
    shardr("run", "job.yml", "--name", "talks")
    step = shardr("logs", "talks", "--step", "coppy")
    assert (step.status, "copy, again" in step.err) == (2, True)
    instance = shardr("logs", "talks", "--instance", "algo-3")
    assert (instance.status, "it has algo-1, algo-2" in instance.err) == (2, True)


@pytest.mark.alone
def test_logs_follow_prints_lines_as_they_come_until_the_run_is_over(shardr: Shell) -> None:
    run = shardr("submit", "job.yml", "--set", "nap=1.5").out.strip()
    followed = subprocess.Popen([*COMMAND, "logs", run, "--follow"], stdout=subprocess.PIPE, text=True)
    assert followed.stdout
    first = {followed.stdout.readline() for _ in range(2)}  # of two that work at once, whoever comes first
    assert first == {"copy/algo-1 | 2 files on algo-1\n", "copy/algo-2 | 1 files on algo-2\n"}
    assert shardr("describe", run, "--json").json["status"] == "InProgress"
    rest = followed.communicate(timeout=30)[0]
    assert "again/algo-1 | 3 files on algo-1" in rest
    assert followed.returncode == 0


def test_jobs_shows_the_newest_runs_and_how_many_are_older(
    shardr: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("first", "second", "third"):
        shardr("run", "job.yml", "--name", name)
    monkeypatch.setattr(looking, "SHOWN_RUNS", 1)  # twenty runs would take long
    told = {}
    for words in ("", "--all", "--limit 2", "--json"):
        assert main(["jobs", *words.split()]) == 0
        told[words] = capsys.readouterr().out
    lines = told[""].splitlines()
    assert [line.split()[0] for line in lines] == ["run", "third", "third", "and"]
    assert lines[-1] == "and 2 older runs: shardr jobs --all"
    assert len(told["--all"].splitlines()) == 1 + 6
    assert len(told["--limit 2"].splitlines()) == 1 + 4
    assert len(json.loads(told["--json"])["jobs"]) == 6


def test_a_failed_run_that_printed_nothing_points_to_what_tells_why(shardr: Shell) -> None:
    (shardr.folder / "mute.sh").write_text("exit 3\n")
    (shardr.folder / "mute.yml").write_text("name: mute\nsteps: {name: work, code: mute.sh}\n")
    shardr("run", "mute.yml", "--name", "mute")
    told = shardr("logs", "mute")
    assert (told.status, told.out) == (0, "")
    assert "shardr describe mute" in told.err


def test_further_lines_of_a_message_stand_under_the_first(shardr: Shell) -> None:
    (shardr.folder / "says.sh").write_text("printf 'one\\ntwo\\n' > /opt/ml/output/message\n")
    (shardr.folder / "says.yml").write_text("name: says\nsteps: {name: work, code: says.sh}\n")
    assert shardr("run", "says.yml", "--name", "says").status == 0
    told = shardr("describe", "says").out
    assert "  message one\n          two\n" in told
    assert [line for line in told.splitlines() if not line.strip()] == [""]  # between the run and its step
