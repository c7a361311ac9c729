"""collect and split: one table out of many files, and many out of one."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from cli_world import COMMAND

if TYPE_CHECKING:
    from cli_world import Shell

WHOLE = "id,name\n11,Zoë\n12,Bob\n21,Zoë\n22,Bob\n31,Zoë\n32,Bob\n"


@pytest.fixture
def ran(shardr: Shell) -> Shell:
    """A folder in which the run ``done`` is complete."""
    assert shardr("run", "job.yml", "--name", "done", "--json").status == 0
    return shardr


def test_collect_without_a_file_prints_the_csv_and_nothing_else(ran: Shell) -> None:
    done = ran("collect", "done", "again.out")
    assert (done.status, done.out, done.err) == (0, WHOLE, "")


def test_collect_at_a_terminal_shows_the_first_20_rows_and_how_many_there_are(shardr: Shell) -> None:
    rows = "".join(f'{i},"two\nlines"\n' for i in range(30))
    (shardr.folder / "data" / "p1.csv").write_text(f"id,name\n{rows}")
    shardr("run", "job.yml", "--name", "long", "--json")
    ours, theirs = pty.openpty()
    words = [*COMMAND, "collect", "long", "again.out"]
    told = subprocess.run(words, cwd=shardr.folder, stdout=theirs, stderr=subprocess.PIPE, text=True, check=True)
    os.close(theirs)
    shown = os.read(ours, 65536).decode().replace("\r\n", "\n")
    os.close(ours)
    assert shown == "id,name\n" + "".join(f'{i},"two\nlines"\n' for i in range(20))
    assert told.stderr == "the first 20 of 34 rows; all of them: shardr collect long again.out -o FILE\n"


def test_collect_writes_the_file_that_is_named(ran: Shell) -> None:
    done = ran("collect", "done", "again.out", "-o", "all of it.csv")
    assert done.status == 0
    assert "all of it.csv" in done.out
    assert (ran.folder / "all of it.csv").read_text(encoding="utf-8") == WHOLE


def test_collect_with_json_says_where_the_file_is(ran: Shell) -> None:
    found = ran("collect", "done", "copy.out", "-o", "all.parquet", "--json").json
    assert (found["run"], found["step"], found["output"], found["files"]) == ("done", "copy", "out", 3)
    assert Path(found["path"]).is_absolute()
    assert len(pd.read_parquet(found["path"])) == 6
    assert found["bytes"] == Path(found["path"]).stat().st_size


def test_collect_with_json_demands_a_file(ran: Shell) -> None:
    done = ran("collect", "done", "again.out", "--json")
    assert (done.status, done.json["code"], done.json["fix"]) == (2, "usage", "name a file: -o FILE")


def test_collect_of_json_lines_demands_a_file(shardr: Shell) -> None:
    (shardr.folder / "lines.sh").write_text("echo '{\"a\": 1}' > /opt/ml/processing/output/out/a.jsonl\n")
    (shardr.folder / "lines.yml").write_text("name: lines\nsteps: {name: make, code: lines.sh, outputs: out}\n")
    shardr("run", "lines.yml", "--name", "lines")
    done = shardr("collect", "lines", "make.out")
    assert (done.status, done.out) == (2, "")
    assert "its files are jsonl" in done.err
    assert "-o FILE" in done.err


def test_collect_of_records_prints_csv_and_writes_what_is_named(shardr: Shell) -> None:
    (shardr.folder / "pack.py").write_text(
        "import numpy as np, socket\n"
        "from shardr.recordio.encoding import encode\n"
        "rows = np.array([[1, 2], [3, np.nan]], 'f4')\n"
        "held = encode(rows, {'values': rows[:, 0]}).content\n"
        "open(f'/opt/ml/processing/output/out/{socket.gethostname()}.pbr', 'wb').write(held)\n"
    )
    fields = "{name: make, code: pack.py, outputs: out, instance_count: 2}"
    (shardr.folder / "pack.yml").write_text(f"name: pack\nsteps: {fields}\n")
    assert shardr("run", "pack.yml", "--name", "pack").status == 0
    assert shardr("collect", "pack").out == "label,V1,V2\n1,1,2\n3,3,nan\n1,1,2\n3,3,nan\n"
    found = shardr("collect", "pack", "make.out", "-o", "all.pbr", "--json").json
    assert (found["rows"], found["files"]) == (4, 2)
    assert shardr("recordio", "info", "all.pbr", "--json").json["records"] == 4


def test_collect_of_unknown_steps_and_outputs_names_those_there_are(ran: Shell) -> None:
    step = ran("collect", "done", "agin.out")
    assert (step.status, "it has copy, again" in step.err) == (2, True)
    output = ran("collect", "done", "again.ot")
    assert (output.status, "it has out" in output.err) == (2, True)


def test_collect_from_a_failed_step_is_status_1_with_the_reason(shardr: Shell) -> None:
    shardr("run", "fails.yml", "--name", "broken")
    done = shardr("collect", "broken", "work.out", "--json")
    assert (done.status, done.json["status"], done.json["code"]) == (1, "Failed", "job_failed")
    assert "no such customer: 7" in done.json["why"]


def test_columns_that_differ_name_the_shard_before_a_byte_is_printed_unless_filled(shardr: Shell) -> None:
    (shardr.folder / "data" / "p2.csv").write_text("id,name,more\n21,Eve,x\n")
    shardr("run", "job.yml", "--name", "differ", "--json")
    done = shardr("collect", "differ", "copy.out")
    assert (done.status, done.out) == (2, "")
    assert "p2.csv" in done.err
    filled = shardr("collect", "differ", "copy.out", "--fill").out.splitlines()
    assert filled[0] == "id,name,more"
    assert "21,Eve,x" in filled
    assert len(filled) == 6


def test_split_makes_whole_records_under_the_same_header(shardr: Shell) -> None:
    (shardr.folder / "big.csv").write_text("id\n" + "".join(f"{i}\n" for i in range(100)))
    done = shardr("split", "big.csv", "-n", "3", "-o", "parts")
    assert done.status == 0
    parts = sorted((shardr.folder / "parts").iterdir())
    assert [line.split()[0] for line in done.out.splitlines()] == [f"parts/{part.name}" for part in parts]
    texts = [part.read_text().splitlines() for part in parts]
    assert [text[0] for text in texts] == ["id"] * 3
    assert [row for text in texts for row in text[1:]] == [str(i) for i in range(100)]


def test_split_refuses_a_folder_with_shards_in_it_unless_told(shardr: Shell) -> None:
    (shardr.folder / "big.csv").write_text("id\n1\n2\n3\n")
    assert shardr("split", "big.csv", "-n", "2", "-o", "parts").status == 0
    again = shardr("split", "big.csv", "-n", "2", "-o", "parts", "--json")
    assert (again.status, again.json["code"]) == (2, "data")
    over = shardr("split", "big.csv", "-n", "2", "-o", "parts", "--overwrite", "--json").json
    assert [Path(file).is_file() for file in over["files"]] == [True, True]
    assert over["bytes"] == [Path(file).stat().st_size for file in over["files"]]


def test_collect_takes_the_only_output_that_fits_and_names_those_of_the_run_otherwise(ran: Shell) -> None:
    assert ran("collect", "done", "again").out == WHOLE
    open_ = ran("collect", "done")
    assert (open_.status, "this run has copy.out, again.out" in open_.err) == (2, True)
    assert "this run has copy.out, again.out" in ran("collect", "done", "out").err


def test_split_says_when_shards_hold_no_record(shardr: Shell) -> None:
    (shardr.folder / "few.csv").write_text("a\n1\n2\n")
    done = shardr("split", "few.csv", "-n", "5", "-o", "few")
    assert done.status == 0
    assert "3 shards of 5 hold no record" in done.err


def test_collect_prints_the_files_of_an_output_for_other_programs(ran: Shell) -> None:
    done = ran("collect", "done", "copy.out", "--files")
    files = [Path(line) for line in done.out.splitlines()]
    assert [file.name for file in files] == ["p1.csv", "p2.csv", "p3.csv"]
    assert all(file.is_file() for file in files)
    assert ran("collect", "done", "copy.out", "--files", "--json").json["files"] == [str(file) for file in files]
