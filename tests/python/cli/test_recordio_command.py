"""``shardr recordio`` in the shell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shardr.cli.app import main


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text("label,V1,V2\n1,0.5,2\n0,-1,NA\n")
    return path


def test_a_table_is_encoded_looked_over_printed_and_decoded(rows: Path, capsysbinary: pytest.CaptureFixture) -> None:
    packed, back = rows.with_suffix(".pbr"), rows.with_name("back.csv")
    assert main(["recordio", "encode", str(rows), str(packed), "--label", "label"]) == 0
    assert capsysbinary.readouterr().out.decode() == f"{packed}  2 rows, 104 B\n"
    assert main(["recordio", "info", str(packed), "--json"]) == 0
    told = json.loads(capsysbinary.readouterr().out)
    assert (told["records"], told["columns"], told["missing"], told["first_missing"]) == (2, 2, 1, 2)
    assert main(["recordio", "cat", str(packed), str(packed)]) == 0
    lines = ["1,0.5,2", "0,-1,nan"]
    assert capsysbinary.readouterr().out.decode().splitlines() == ["label,V1,V2", *lines, *lines]
    assert main(["recordio", "decode", str(packed), str(back), "--json"]) == 0
    assert json.loads(capsysbinary.readouterr().out)["rows"] == 2
    assert back.read_text().splitlines() == ["label,V1,V2", *lines]


def test_several_files_are_looked_over_printed_and_decoded_as_one(
    rows: Path, capsysbinary: pytest.CaptureFixture
) -> None:
    given = [str(rows), str(rows.with_suffix(".pbr")), "--label", "label", "--uid", "id", "--shard-rows", "1"]
    rows.write_text("id,label,V1\na,1,0.5\nb,0,NA\nc,1,2\n")
    assert main(["recordio", "encode", *given, "--json"]) == 0
    files = [one["path"] for one in json.loads(capsysbinary.readouterr().out)["files"]]
    assert main(["recordio", "info", *files, "--json"]) == 0
    told = json.loads(capsysbinary.readouterr().out)
    assert [(one["records"], one["missing"], one["uids"]) for one in told["files"]] == [(1, 0, 1), (1, 1, 1), (1, 0, 1)]
    assert (told["records"], told["missing"]) == (3, 1)
    assert main(["recordio", "info", *files]) == 0
    assert capsysbinary.readouterr().out.decode().splitlines()[-1].startswith("3 files  3 records, ")
    lines = ["uid,label,V1", "a,1,0.5", "b,0,nan", "c,1,2"]
    assert main(["recordio", "cat", *files]) == 0
    assert capsysbinary.readouterr().out.decode().splitlines() == lines
    assert main(["recordio", "decode", *files, str(rows.with_name("back.csv"))]) == 0
    assert rows.with_name("back.csv").read_text().splitlines() == lines
    assert main(["recordio", "encode", files[1], str(rows.with_name("same.pbr"))]) == 0
    assert rows.with_name("same.pbr").read_bytes() == Path(files[1]).read_bytes()


def test_of_several_files_the_one_is_named_that_does_not_fit(rows: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["recordio", "encode", str(rows), str(rows.with_name("a.pbr"))]) == 0
    assert main(["recordio", "encode", str(rows), str(rows.with_name("b.pbr")), "--label", "label"]) == 0
    for word in ("info", "cat"):
        assert main(["recordio", word, str(rows.with_name("a.pbr")), str(rows.with_name("b.pbr"))]) == 2
        assert "b.pbr, record 1: expected 3 columns, found 2" in capsys.readouterr().err


def test_what_is_wrong_with_a_file_is_said_with_its_place(rows: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["recordio", "info", str(rows)]) == 2
    said = capsys.readouterr().err
    assert "record 1: no recordIO: a frame must begin with 0a 23 d7 ce, found 6c 61 62 65" in said
    assert "its frame begins at byte 0" in said


def test_a_word_that_there_is_not_is_named(capsys: pytest.CaptureFixture) -> None:
    assert main(["recordio", "encod"]) == 2
    assert 'did you mean "encode"?' in capsys.readouterr().err
