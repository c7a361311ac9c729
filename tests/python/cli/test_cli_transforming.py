"""``shardr transform``: a model asked about files, without a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

import endpoint_world
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from cli_world import Shell

LINES = ["--split-type", "Line", "--assemble-with", "Line", "--content-type", "text/csv"]


@pytest.fixture
def ask(shardr: Shell) -> Shell:
    """A folder with a model that says about 1, and two files to ask it about."""
    (shardr.folder / "model.tar.gz").write_bytes(endpoint_world.archive())
    (shardr.folder / "rows").mkdir()
    for name, text in (("a.csv", "1,2\n3,4\n"), ("b.csv", "5,6\n")):
        (shardr.folder / "rows" / name).write_text(text)
    return shardr


def answers(folder: Path) -> dict[str, list[int]]:
    return {path.name: [round(float(line)) for line in path.read_text().split()] for path in sorted(folder.iterdir())}


def test_a_model_is_asked_about_each_record_and_the_answers_lie_where_they_were_wanted(ask: Shell) -> None:
    done = ask("transform", "model.tar.gz", "rows", "out", "--image", "xgboost", "--strategy", "MultiRecord", *LINES,
               "--accept", "text/csv", "--join-source", "Input", "--name", "first", "--json")  # fmt: skip
    assert (done.status, done.json["steps"][0]["rows_out"]) == (0, 3)
    assert sorted(path.name for path in (ask.folder / "out").iterdir()) == ["a.csv.out", "b.csv.out"]
    printed = ask("collect", "first").out.splitlines()
    assert printed[0] == "V1,V2,V3"
    assert [line.rsplit(",", 1)[0] for line in printed[1:]] == ["1,2", "3,4", "5,6"]


def test_a_model_of_that_name_is_asked_again_and_a_bad_record_is_told_with_its_place(ask: Shell) -> None:
    assert ask("transform", "model.tar.gz", "rows", "--image", "xgboost", *LINES, "--name", "first").status == 0
    assert ask("transform", "first-transform", "rows", "again", *LINES).status == 0
    assert answers(ask.folder / "again") == {"a.csv.out": [1, 1], "b.csv.out": [1]}
    (ask.folder / "rows/b.csv").write_text("5,6\nfive,six\n")
    done = ask("transform", "first-transform", "rows", "bad", *LINES, "--strategy", "SingleRecord")
    assert done.status == 1
    assert "b.csv: record 2: Bad HTTP status received from algorithm: 4" in done.out + done.err
    assert answers(ask.folder / "bad") == {"a.csv.out": [1, 1]}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nothing", "rows"), 'found "nothing", which is no file, no run and no model'),
        (("model.tar.gz", "rows"), "image: is required: an archive does not say which image serves it"),
        (("model.tar.gz", "rosw", "--image", "xgboost"), '"rosw" is not there; did you mean "rows"?'),
        (("model.tar.gz", "rows", "--split-type", "Lines"), "invalid choice: 'Lines'"),
        (("model.tar.gz", "rows", "--env", "A"), 'found "A", expected NAME=VALUE'),
    ],
)
def test_what_cannot_be_asked_is_told_before_anything_runs(ask: Shell, words: tuple[str, ...], told: str) -> None:
    done = ask("transform", *words)
    assert done.status == 2
    assert told in done.err
    assert ask("jobs", "--json").json["jobs"] == []
