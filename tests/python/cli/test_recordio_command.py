"""``shardr recordio`` in the shell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from shardr.cli.app import main

if TYPE_CHECKING:
    from pathlib import Path


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


def test_what_is_wrong_with_a_file_is_said_with_its_place(rows: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["recordio", "info", str(rows)]) == 2
    said = capsys.readouterr().err
    assert "record 1: no recordIO: a frame must begin with 0a 23 d7 ce, found 6c 61 62 65" in said
    assert "its frame begins at byte 0" in said


def test_a_word_that_there_is_not_is_named(capsys: pytest.CaptureFixture) -> None:
    assert main(["recordio", "encod"]) == 2
    assert 'did you mean "encode"?' in capsys.readouterr().err
