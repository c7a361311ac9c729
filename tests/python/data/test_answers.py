"""Answers of models as a table: their content says what they are, as their names are those of what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shardr.data.merge import merge, read
from shardr.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


def answers(folder: Path, *texts: str) -> list[Path]:
    """Files of answers, each with its text."""
    made = [folder / f"part-{i}.rec.out" for i in range(len(texts))]
    for path, text in zip(made, texts, strict=True):
        path.write_text(text)
    return made


def test_rows_without_names_have_those_that_r_gives_and_the_first_is_no_header(tmp_path: Path) -> None:
    found = read(answers(tmp_path, 'a,"x\ny",0.5\nb,,1\n', "", "c,z,2.5\n"))
    assert found.to_pydict() == {"V1": ["a", "b", "c"], "V2": ["x\ny", None, "z"], "V3": [0.5, 1.0, 2.5]}


def test_a_list_in_json_lines_has_a_column_for_each_element_where_all_are_as_long(tmp_path: Path) -> None:
    found = read(answers(tmp_path, '{"projection": [1.5, 2]}\n{"projection": [3, 4]}\n', '{"projection": [5, 6]}\n'))
    assert found.to_pydict() == {"projection_1": [1.5, 3.0, 5.0], "projection_2": [2.0, 4.0, 6.0]}
    uneven = read(answers(tmp_path, '{"near": [1], "label": 2}\n{"near": [1, 2], "label": 3}\n'))
    assert uneven.to_pydict() == {"near": [[1], [1, 2]], "label": [2, 3]}


def test_answers_are_written_with_their_names_into_any_format(tmp_path: Path) -> None:
    files = answers(tmp_path, "0.5\n", "1.5\n")
    merge(files, tmp_path / "all.csv")
    assert (tmp_path / "all.csv").read_text() == "V1\n0.5\n1.5\n"
    merge(answers(tmp_path, '{"p": [1, 2]}\n', '{"p": [3, 4]}\n'), tmp_path / "flat.csv")
    assert (tmp_path / "flat.csv").read_text() == "p_1,p_2\n1,2\n3,4\n"


def test_no_answers_at_all_are_no_rows_and_two_kinds_of_answers_no_table(tmp_path: Path) -> None:
    assert read(answers(tmp_path, "", "")).num_rows == 0
    with pytest.raises(DataError, match="different formats"):
        read(answers(tmp_path, "1\n", '{"a": 1}\n'))
