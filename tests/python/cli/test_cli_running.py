"""run, submit, attach, stop: what they print, what they leave running, how they end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from cli_world import COMMAND, Shell, on_a_terminal
from worlds import until

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def test_run_with_json_prints_one_object_with_every_promised_field(shardr: Shell) -> None:
    done = shardr("run", "job.yml", "--set", "instances=3", "--json")
    assert done.status == 0
    found = done.json
    assert (found["status"], [step["name"] for step in found["steps"]]) == ("Completed", ["copy", "again"])
    step = found["steps"][0]
    assert (step["instances"], step["rows_in"], step["rows_out"], step["failure"]) == (3, 6, 6, None)
    assert step["job"].startswith(found["run"])
    assert step["seconds"] > 0
    output = step["outputs"]["out"]
    assert output["uri"].startswith("s3://")
    assert output["rows"] == 6
    assert [Path(file).name for file in output["files"]] == ["p1.csv", "p2.csv", "p3.csv"]
    assert all(Path(file).is_absolute() and Path(file).is_file() for file in output["files"])


def test_run_ends_with_a_table_the_outputs_and_the_same_in_r_python_and_the_shell(shardr: Shell) -> None:
    done = shardr("run", "job.yml", "--set", "instances=3", "--name", "seen")
    assert done.status == 0
    lines = done.out.splitlines()
    assert lines[1].split() == ["step", "status", "instances", "rows", "in", "rows", "out", "seconds"]
    assert lines[2].split()[:5] == ["copy", "Completed", "3", "6", "6"]
    assert lines[3].split()[:5] == ["again", "Completed", "1", "6", "6"]
    where = re.search(r"outputs in (.+)/\n", done.out)
    assert where
    assert (Path(where[1]) / "again" / "out" / "p1.csv").is_file()
    assert (
        'library(shardr); run <- job_run("job.yml", set = list(instances = 3)); out <- collect(run, "again", "out")'
        in (done.out)
    )
    assert 'import shardr; run = shardr.run("job.yml", instances=3); out = run.collect("again", "out")' in done.out
    assert "shardr collect seen again.out -o out.csv" in done.out


def test_a_step_that_left_a_message_is_summed_up_with_it(shardr: Shell) -> None:
    (shardr.folder / "copy.sh").write_text("printf 'one\ntwo\n' > /opt/ml/output/message\n")
    (shardr.folder / "job.yml").write_text("name: says\nsteps: {name: only, code: copy.sh}\n")
    assert "\nmessage only: one\n        two\n" in shardr("run", "job.yml").out


def test_the_line_for_python_and_the_line_for_the_shell_do_what_they_say(shardr: Shell) -> None:
    done = shardr("run", "job.yml", "--set", "instances=3")
    python = re.search(r"Python +(import shardr; .+)", done.out)
    shell = re.search(r"shell +shardr (.+)", done.out)
    assert python
    assert shell
    told = subprocess.run(
        [COMMAND[0], "-c", python[1] + "; print(len(out))"],
        cwd=shardr.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "6\n"
    assert shardr(*shell[1].split()).status == 0
    assert len((shardr.folder / "out.csv").read_text().splitlines()) == 7


def test_without_a_terminal_each_change_of_state_is_one_plain_line(shardr: Shell) -> None:
    done = shardr("run", "job.yml", "--set", "nap=0.3")
    assert "\x1b" not in done.err + done.out
    said = [line.split(",")[0] for line in done.err.splitlines()[1:]]
    assert said == ["copy: InProgress", "copy: Completed", "again: InProgress", "again: Completed"]


def test_the_runner_that_was_taken_is_told_with_its_reason(shardr: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    done = shardr("run", "job.yml", "--runner", "auto", "--name", "chosen")
    assert done.err.splitlines()[0].startswith("run chosen on this machine, auto took process, ")
    assert "docker not, as no Docker daemon answers at unix:///nowhere" in done.err


def test_a_failed_run_is_status_1_with_step_instance_and_reason(shardr: Shell) -> None:
    done = shardr("run", "fails.yml", "--name", "broken")
    assert done.status == 1
    assert "step work, instance algo-2" in done.err
    assert "algo-2 of 3 exited with code 3: Error: no such customer: 7" in done.err
    assert "shardr logs broken --step work" in done.err
    assert "the same in" not in done.out
    found = shardr("run", "fails.yml", "--json")
    assert found.status == 1
    assert [step["status"] for step in found.json["steps"]] == ["Failed", "Pending"]
    assert "no such customer: 7" in found.json["steps"][0]["failure"]


def test_a_name_in_use_is_bad_input(shardr: Shell) -> None:
    assert shardr("run", "job.yml", "--name", "once", "--json").status == 0
    again = shardr("run", "job.yml", "--name", "once", "--json")
    assert (again.status, again.json["code"]) == (2, "name_in_use")


def test_two_runs_at_once_both_complete_with_all_their_rows(shardr: Shell) -> None:
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda _: shardr("run", "job.yml", "--json").json, range(2)))
    assert both[0]["run"] != both[1]["run"]
    assert [step["rows_out"] for run in both for step in run["steps"]] == [6, 6, 6, 6]


def test_a_parameter_may_have_the_name_of_an_option(shardr: Shell) -> None:
    spec = yaml.safe_load((shardr.folder / "job.yml").read_text())
    spec["parameters"] = {
        "name": {"default": "x"},
        "instances": {"type": "integer", "default": 1},
        "nap": {"default": "0"},
    }
    (shardr.folder / "job.yml").write_text(yaml.safe_dump(spec))
    done = shardr("run", "job.yml", "--set", "name=a=b", "--name", "ours", "--json")
    assert (done.status, done.json["run"]) == (0, "ours")
    assert 'shardr.run("job.yml", set={"name": "a=b"})' in shardr("run", "job.yml", "--set", "name=a=b").out


def test_submit_prints_the_id_and_attach_follows_to_the_end(shardr: Shell) -> None:
    started = shardr("submit", "job.yml", "--set", "nap=0.4")
    assert started.status == 0
    run = started.out.strip()
    assert shardr("describe", run, "--json").json["status"] == "InProgress"
    followed = shardr("attach", run, "--json")
    assert (followed.status, followed.json["run"], followed.json["status"]) == (0, run, "Completed")
    assert shardr("attach", f"{run}-copy", "--json").json["run"] == run


def test_submit_with_json_prints_the_run_as_it_stands(shardr: Shell) -> None:
    found = shardr("submit", "job.yml", "--json").json
    assert found["status"] in {"InProgress", "Completed"}
    assert shardr("attach", found["run"]).status == 0


def test_stop_ends_a_run_and_attach_tells_that_it_did_not_complete(shardr: Shell) -> None:
    run = shardr("submit", "job.yml", "--set", "nap=30").out.strip()
    until(lambda: "InProgress" in {host["state"] for host in _hosts(shardr, run)})
    stopped = shardr("stop", run)
    assert stopped.status == 0
    assert stopped.out.startswith(f"{run} is Stopp")
    ended = shardr("attach", run, "--json")
    assert (ended.status, ended.json["status"]) == (1, "Stopped")


def test_stop_takes_the_id_of_a_job_too(shardr: Shell) -> None:
    run = shardr("submit", "job.yml", "--set", "nap=30").out.strip()
    assert shardr("stop", f"{run}-copy", "--json").json["ProcessingJobName"] == f"{run}-copy"
    assert shardr("attach", run).status == 1


def test_a_misspelt_run_is_told_the_nearest(shardr: Shell) -> None:
    shardr("run", "job.yml", "--name", "winter-2026")
    for words in (["attach", "winter-2062"], ["stop", "winter-2062"], ["describe", "winter-2062"]):
        assert 'did you mean "winter-2026"?' in shardr(*words).err


@pytest.mark.parametrize("json_too", [False, True])
def test_ctrl_c_detaches_with_status_130_and_the_run_completes(shardr: Shell, json_too: bool) -> None:
    words = ["run", "job.yml", "--name", "goes-on", "--set", "nap=1.5", *(["--json"] if json_too else [])]
    started = shardr.start(*words)
    assert started.stderr
    assert b"goes-on" in started.stderr.readline()
    assert b"copy: InProgress" in started.stderr.readline()
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=30)
    assert started.returncode == 130
    assert b"shardr attach goes-on" in err
    assert b"shardr stop goes-on" in err
    assert b"Traceback" not in err
    if json_too:
        found = json.loads(out)
        assert (found["run"], found["status"]) == ("goes-on", "InProgress")
    else:
        assert out == b""
    ended = shardr("attach", "goes-on", "--json").json
    assert (ended["status"], ended["steps"][1]["rows_out"]) == ("Completed", 6)


def test_ctrl_c_typed_at_the_terminal_reaches_the_command_only(shardr: Shell) -> None:
    def press(written: bytes) -> bytes:
        return b"\x03" if b"InProgress" in written else b""

    drawn = on_a_terminal(shardr, "run", "job.yml", "--name", "typed", "--set", "nap=1.5", press=press, status=130)
    assert "detached: the run goes on" in ESCAPE.sub("", drawn)
    assert shardr("attach", "typed", "--json").json["status"] == "Completed"


def test_ctrl_c_while_nothing_runs_yet_is_status_130_in_one_line(shardr: Shell) -> None:
    os.mkfifo(shardr.folder / "slow.yml")
    started = shardr.start("plan", "slow.yml", "--json")
    with (shardr.folder / "slow.yml").open("w"):  # opens when the command reads
        time.sleep(0.1)
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=30)
    assert (started.returncode, err) == (130, b"")
    assert json.loads(out)["status"] == "Interrupted"


def test_a_terminal_gets_live_lines_that_are_gone_at_the_end(shardr: Shell) -> None:
    drawn = on_a_terminal(shardr, "run", "job.yml", "--set", "nap=0.6")
    assert "\x1b[2K" in drawn  # lines are drawn anew
    assert re.search(r"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] copy +InProgress +0/2 instances", ESCAPE.sub("", drawn))
    assert "· again  Pending" in ESCAPE.sub("", drawn)
    assert "\x1b[32mCompleted\x1b[0m" in drawn
    assert "copy: InProgress" not in drawn


def test_no_color_is_heededon_a_terminal(shardr: Shell) -> None:
    drawn = on_a_terminal(shardr, "run", "job.yml", NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", drawn)
    assert "Completed" in drawn


def _hosts(shardr: Shell, run: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = shardr("describe", run, "--json").json["steps"][0]["hosts"]
    return found


def test_a_run_that_made_nothing_says_so(shardr: Shell) -> None:
    (shardr.folder / "nothing.sh").write_text("printf 'a\\n' > /opt/ml/processing/output/header/a.csv\n")
    (shardr.folder / "nothing.yml").write_text(
        "name: nothing\nsteps: {name: make, code: nothing.sh, outputs: [header, none]}\n"
    )
    done = shardr("run", "nothing.yml", "--name", "nothing")
    assert done.status == 0
    assert "make.header has no rows" in done.out
    assert "make.none has no file: no instance wrote one" in done.out
    assert "nothing was printed" in shardr("logs", "nothing").err
