"""doctor, example, install-r: this machine, and something to start with."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cli_world import Shell


def test_doctor_tells_of_python_r_the_sandbox_and_the_home(shardr: Shell, home: Path) -> None:
    found = shardr("doctor", "--json").json
    names = {finding["name"]: finding for finding in found["findings"]}
    assert {"Python", "R", "Sandbox", "Cores", "Memory", "SHARDR_HOME"} <= names.keys()
    assert found["ok"] == all(finding["ok"] for finding in found["findings"])
    assert str(home) in names["SHARDR_HOME"]["found"]
    told = shardr("doctor")
    assert told.status == 0
    assert all(name in told.out for name in names)


def test_doctor_says_how_to_get_what_is_missing(shardr: Shell) -> None:
    (shardr.folder / "empty").mkdir()
    path = str(shardr.folder / "empty")
    told = shardr("doctor", PATH=path)
    assert told.status == 0
    assert "✖ Sandbox " in told.out
    assert "fix: install bubblewrap" in told.out
    assert shardr("doctor", "--json", PATH=path).json["ok"] is False


def test_example_is_copied_with_its_data_and_can_be_planned(shardr: Shell) -> None:
    done = shardr("example", "--to", "mine")
    assert (done.status, done.out) == (0, "mine/\n")
    assert "shardr run mine/job.yml" in done.err
    steps = shardr("plan", "mine/job.yml", "--json").json["steps"]
    assert [step["name"] for step in steps] == ["filter", "split"]
    again = shardr("example", "--to", "mine", "--json")
    assert (again.status, again.json["status"]) == (2, "Invalid")


def test_install_r_puts_the_r_half_into_the_named_library(shardr: Shell) -> None:
    done = shardr("install-r", "--library", "lib", "--json")
    if done.status:
        assert (done.status, done.json["code"]) == (2, "r_missing")
        assert shutil.which("R") is None
        return
    assert (Path(done.json["path"]) / "DESCRIPTION").is_file()
