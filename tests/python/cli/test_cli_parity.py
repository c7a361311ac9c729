"""``shardr parity``: its exit status, what it prints, and how it is interrupted."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import worlds

import shardr as api
from shardr.local.docker.daemon import connect
from shardr.local.docker.traces import HOME, labels

if TYPE_CHECKING:
    from cli_world import Shell

REPO = Path(__file__).resolve().parents[3]
OUT = "/opt/ml/processing/output/out"
pytestmark = pytest.mark.usefixtures("processing_image")


def spec(shell: Shell, script: str) -> str:
    (shell.folder / "parity.sh").write_text(script)
    step = "{name: work, code: parity.sh, command: [/bin/sh], image: processing, outputs: out}"
    (shell.folder / "parity.yml").write_text(f"name: parity\nsteps:\n  - {step}\n")
    return "parity.yml"


def test_the_bank_example_has_no_difference_and_status_0(shardr: Shell) -> None:
    shutil.copytree(
        REPO / "inst/examples/bank-marketing", shardr.folder / "bank", ignore=shutil.ignore_patterns("dataset")
    )
    assert shardr("example", "--to", "made").status == 0
    shutil.copytree(shardr.folder / "made/dataset", shardr.folder / "bank/dataset")
    done = shardr("parity", "bank/job.yml")
    assert (done.status, done.out.splitlines()[0]) == (
        0, "no difference between process and docker in 2 steps, 3 instances and 7 files of output",
    )  # fmt: skip
    assert "process: run bank-marketing-parity-" in done.err


def test_differences_are_printed_and_make_status_1(shardr: Shell) -> None:
    done = shardr("parity", spec(shardr, f"test -e /.dockerenv; echo $? > {OUT}/x.txt"))
    assert (done.status, done.out.splitlines()[:5]) == (
        1,
        [
            "work: output out/x.txt",
            '  process  line 1: "1"',
            '  docker   line 1: "0"',
            "",
            "1 difference between process and docker in 1 step, 1 instance and 1 file of output",
        ],
    )


def test_json_holds_the_same_and_names_both_runs(shardr: Shell) -> None:
    done = shardr("parity", spec(shardr, "test -e /.dockerenv || echo here > /opt/ml/output/message"), "--json")
    assert (done.status, done.json["same"]) == (1, False)
    difference = {"step": "work", "instance": None, "what": "message", "process": '"here\\n"', "docker": None}
    assert done.json["differences"] == [difference]
    for runner in ("process", "docker"):
        assert shardr("describe", done.json[runner], "--json").json["runner"] == runner


def test_what_is_wrong_with_the_spec_is_told_before_anything_runs(shardr: Shell) -> None:
    done = shardr("parity", spec(shardr, "true"), "--set", "m=2", "--json")
    assert (done.status, done.json["code"], shardr("jobs", "--json").json) == (2, "spec_invalid", {"jobs": []})


@pytest.mark.parametrize("runner", ["process", "docker"])
def test_an_interrupt_stops_the_run_and_ends_with_130(shardr: Shell, home: Path, runner: str) -> None:
    waits = "test -e /.dockerenv" if runner == "docker" else "test ! -e /.dockerenv"
    started = shardr.start("parity", spec(shardr, f"if {waits}; then echo up; exec sleep 60; fi"))

    def printed() -> list[str]:
        runs = [job["run"] for job in api.jobs() if job["run"].endswith(runner)]
        return [line.text for line in api.Run(runs[0]).logs()] if runs else []

    worlds.until(lambda: printed() == ["up"])
    started.send_signal(signal.SIGINT)
    _, told = started.communicate(timeout=30)
    assert (started.returncode, told.decode().splitlines()[-1]) == (130, "interrupted")
    assert next(api.Run(job["run"]).wait().status for job in api.jobs()) == "Stopped"
    value = labels(home / "jobs" / "any")[HOME]
    worlds.until(lambda: not connect().containers(all=True, filters={"label": [f"{HOME}={value}"]}))
