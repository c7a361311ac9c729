"""The command as a whole: help, misspelt words, exit statuses, and ends that are nobody's fault."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli_world import COMMAND, Shell

from shardr.cli.app import COMMANDS


def test_help_names_every_command_and_no_argument_is_help(shardr: Shell) -> None:
    done = shardr("--help")
    assert done.status == 0
    assert set(re.findall(r"^  ([a-z-]+) ", done.out, re.MULTILINE)) == set(COMMANDS)
    assert shardr().out == done.out


@pytest.mark.parametrize("words", [["--help"], *([command, "--help"] for command in COMMANDS)])
def test_help_fits_a_terminal_of_80_columns(shardr: Shell, words: list[str]) -> None:
    assert [line for line in shardr(*words, COLUMNS="80").out.splitlines() if len(line) > 79] == []


def test_an_option_that_is_like_no_other_gets_no_suggestion(shardr: Shell) -> None:
    told = shardr("run", "job.yml", "--image", "mine").err
    assert 'there is no option "--image"\n' in told


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_its_own_options(shardr: Shell, command: str) -> None:
    done = shardr(command, "--help")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"usage: shardr {command} ")
    assert "--json" in done.out


def test_version_is_that_of_both_halves(shardr: Shell) -> None:
    written = re.search(r"(?m)^Version: (.+)$", (Path(__file__).parents[3] / "DESCRIPTION").read_text())
    assert written
    assert shardr("--version").out == f"shardr {written[1]}\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["pln", "job.yml"], 'there is no command "pln"; did you mean "plan"?'),
        (["plan", "job.yml", "--requets"], 'there is no option "--requets"; did you mean "--requests"?'),
        (["plan", "job.yml", "more"], 'there is no argument "more"'),
        (["plan"], "the following arguments are required: SPEC"),
        (["run", "job.yml", "--runner", "moon"], "argument --runner: invalid choice: 'moon'"),
        (["run", "job.yml", "--set", "instances"], '--set: found "instances", expected NAME=VALUE'),
        (["run", "job.yml", "--set", "instancs=3"], 'instancs: is not a parameter of this spec; did you mean'),
        (["run", "jib.yml"], 'no such spec file; did you mean "job.yml"?'),
        (["collect", "tiny", "split.train"], "there is no run and no job tiny"),
        (["describe", "tiny"], "there is no run and no job tiny"),
        (["logs", "tiny"], "there is no run and no job tiny"),
        (["stop", "tiny"], "there is no run and no job tiny"),
        (["attach", "tiny"], "there is no run and no job tiny"),
        (["example", "bank"], 'there is no example "bank"'),
        (["split", "no.csv", "-n", "2", "-o", "parts"], "no.csv"),
        (["jobs", "--limit", "0"], "--limit: found 0, expected 1 or more"),
        (["--jso"], 'there is no option "--jso"'),
    ],
)  # fmt: skip
def test_bad_input_is_status_2_told_on_stderr_and_with_json_in_one_object(
    shardr: Shell, words: list[str], told: str
) -> None:
    plain = shardr(*words)
    assert (plain.status, plain.out) == (2, "")
    assert told in plain.err
    assert "Traceback" not in plain.err
    done = shardr(*words, "--json")
    assert (done.status, done.err) == (2, "")
    found = done.json
    assert (found["run"], found["status"]) == (None, "Invalid")
    assert found["code"]
    assert told in " ".join([found["message"], *(f"{p['path']}: {p['message']}" for p in found["problems"])])


def test_all_problems_of_a_spec_come_at_once_with_their_places(shardr: Shell) -> None:
    text = (shardr.folder / "job.yml").read_text().replace("step: copy", "step: coppy").replace("copy.sh", "cop.sh")
    (shardr.folder / "bad.yml").write_text(text.replace("rows: preserved", "rows: preservd"))
    found = shardr("run", "bad.yml", "--json").json
    assert [problem["path"] for problem in found["problems"]] == ["steps[0].expect.rows"]
    (shardr.folder / "bad.yml").write_text(text)
    found = shardr("run", "bad.yml", "--json").json
    assert found["problems"][0]["path"] == "steps[1].inputs[0].source.step"
    assert 'did you mean "copy"?' in found["problems"][0]["message"]


def test_a_reader_that_goes_away_is_no_error(shardr: Shell) -> None:
    piped = subprocess.run(
        ["bash", "-c", '"$@" | head -n 1; echo "${PIPESTATUS[0]}"', "bash", *COMMAND, "schema"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    # what fits into the pipe is written before anyone can go away
    assert piped.stdout in {"{\n0\n", "{\n141\n"}
    assert piped.stderr == ""


def test_a_long_answer_to_a_reader_that_goes_away_is_no_error(shardr: Shell) -> None:
    rows = "".join(f"{i},x\n" for i in range(300_000))
    (shardr.folder / "data" / "p1.csv").write_text("id,name\n" + rows)
    assert shardr("run", "job.yml", "--name", "long", "--json").status == 0
    piped = subprocess.run(
        ["bash", "-c", '"$@" | head -n 1; echo "${PIPESTATUS[0]}"', "bash", *COMMAND, "collect", "long", "again.out"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (piped.stdout, piped.stderr) == ("id,name\n141\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is a device of Linux")
def test_a_full_disk_under_stdout_is_told_in_one_line(shardr: Shell) -> None:
    with Path("/dev/full").open("wb") as full:
        told = subprocess.run([*COMMAND, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (told.returncode, told.stderr) == (1, "error: No space left on device\n")


def test_a_closed_stdout_is_no_traceback(shardr: Shell) -> None:
    told = subprocess.run(["bash", "-c", '"$@" >&- 2>&-', "bash", *COMMAND, "--help"], check=False)
    assert told.returncode == 0


def test_in_a_folder_that_was_removed_what_needs_no_folder_still_works(shardr: Shell, tmp_path: Path) -> None:
    gone = 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"'

    def there(*words: str) -> subprocess.CompletedProcess[str]:
        start = ["bash", "-c", gone, str(tmp_path / "gone"), *COMMAND, *words]
        return subprocess.run(start, capture_output=True, text=True, check=False)

    spec = str(shardr.folder / "job.yml")
    assert there("run", spec, "--name", "away", "--json").returncode == 0
    assert "away" in there("jobs").stdout
    relative = there("plan", "job.yml")
    assert relative.returncode == 2
    assert "Traceback" not in relative.stderr


def test_a_home_that_cannot_be_written_is_told_in_one_line(shardr: Shell) -> None:
    (shardr.folder / "file").write_text("")
    done = shardr("jobs", SHARDR_HOME=str(shardr.folder / "file" / "home"))
    assert done.status in {1, 2}
    assert "Traceback" not in done.err
    assert "internal error" not in done.err


BROKEN = """
import sys
from shardr.cli import planning
from shardr.cli.app import main
def schema(options, out): raise ZeroDivisionError("by hand")
planning.schema = schema
sys.exit(main(sys.argv[1:]))
"""


def test_an_error_of_our_own_is_one_line_and_a_file_with_the_traceback(shardr: Shell) -> None:
    told = subprocess.run(
        [sys.executable, "-c", BROKEN, "schema"], capture_output=True, text=True, check=False, env=_without_debug()
    )
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith("internal error: ZeroDivisionError: by hand\n")
    assert "Traceback" not in told.stderr
    kept = Path(re.findall(r"details: (\S+)", told.stderr)[0])
    assert "Traceback" in kept.read_text()
    kept.unlink()


def test_shardr_debug_shows_the_traceback_of_an_error_of_our_own(shardr: Shell) -> None:
    environment = {**os.environ, "SHARDR_DEBUG": "1"}
    told = subprocess.run(
        [sys.executable, "-c", BROKEN, "schema"], capture_output=True, text=True, check=False, env=environment
    )
    assert told.returncode == 1
    assert "Traceback" in told.stderr


def _without_debug() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "SHARDR_DEBUG"}


@pytest.mark.parametrize("words", [["--help"], ["jobs"], ["plan", "job.yml"], ["validate", "job.yml"]])
def test_what_is_not_needed_is_not_imported(shardr: Shell, words: list[str]) -> None:
    program = (
        "import sys; from shardr.cli.app import main; main(sys.argv[1:]);"
        "print(*sorted({'argparse', 'boto3', 'botocore', 'pandas', 'pyarrow', 'pydantic', 'rich'} & set(sys.modules)))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=shardr.folder, capture_output=True, text=True, check=True
    )
    loaded = set(told.stdout.splitlines()[-1].split())
    assert loaded <= (set() if words == ["--help"] else {"argparse", "pydantic"})
