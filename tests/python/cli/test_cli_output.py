"""Small pieces of text: numbers for people, tables, literals of R and Python."""

from __future__ import annotations

import pytest

from shardr.cli.output import count, painted, seconds, size, table, wrapped
from shardr.cli.parser import UsageError, near, step_output
from shardr.cli.progress import uploading
from shardr.cli.summary import _python_set, _r_set


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (count(None), "–"),
        (count(41_177), "41,177"),
        (count(1, "file"), "1 file"),
        (count(0, "file"), "0 files"),
        (seconds(None), "–"),
        (seconds(0.04), "0.0"),
        (seconds(119.94), "119.9"),
        (seconds(725), "12:05"),
        (size(None), "–"),
        (size(0), "0 B"),
        (size(999), "999 B"),
        (size(1_250_000), "1.2 MB"),
        (size(7 * 10**15), "7000.0 TB"),
    ],
)
def test_numbers_are_written_for_people(found: str, expected: str) -> None:
    assert found == expected


def test_a_table_lines_up_its_columns_and_numbers_to_the_right_whatever_the_colour() -> None:
    lines = table(("step", "rows"), [["filter", ("7", "red")], [("x", "green"), "41,177"]], numbers=["rows"])
    for on in (False, True):
        plain = ["".join(painted(cell, on=on) for cell in line) for line in lines]
        if not on:
            assert plain == ["step      rows", "filter       7", "x       41,177"]
        else:
            assert plain[1] == "filter       \x1b[31m7\x1b[0m"


def test_parameters_become_literals_of_each_language() -> None:
    given = {"n": "3", "x": "-1.5e3", "on": "true", "id": "007", "text": 'a "b" ü', "_p": "1"}
    assert _r_set(given) == (', set = list(n = 3, x = -1.5e3, on = TRUE, id = "007", text = "a \\"b\\" ü", `_p` = 1)')
    assert _python_set(given) == ', n=3, x=-1.5e3, on=True, id="007", text="a \\"b\\" ü", _p=1'
    assert _python_set({"name": "x", "n": "1"}) == ', set={"name": "x", "n": 1}'
    assert (_r_set({}), _python_set({})) == ("", "")


def test_without_a_terminal_an_upload_that_takes_long_says_now_and_then_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with uploading() as told:
        told(1_000_000, 10_000_000)
        assert capsys.readouterr().err == ""
        monkeypatch.setattr("shardr.cli.progress.AMOUNT_SECONDS", 0)
        told(5_000_000, 10_000_000)
    assert capsys.readouterr().err == "uploading: 5.0 MB of 10.0 MB\n"


def test_an_output_may_have_dots_in_its_name_and_a_step_may_not() -> None:
    made = ["split.train.csv", "split.test"]
    assert step_output("split.train.csv", made) == ("split", "train.csv")
    assert step_output("train.csv", made) == ("split", "train.csv")
    assert step_output("other.one", made) == ("other", "one")
    for text in ("split", "", "nothing", None):
        with pytest.raises(UsageError, match=r"STEP\.OUTPUT|open"):
            step_output(text, made)


def test_a_near_miss_is_named_and_a_far_one_is_not() -> None:
    assert near("fliter", ["filter", "split"]) == '; did you mean "filter"?'
    assert near("zzz", ["filter", "split"]) == ""


def test_long_lines_end_at_words_under_their_margin_and_commands_stay_whole() -> None:
    cells = [("  fix: ", "dim"), "take the images with `shardr images build all` and run it again"]
    text = "".join(painted(cell, on=False) for cell in wrapped(cells, 30))
    assert text.splitlines() == ["  fix: take the images with", "  `shardr images build all`", "  and run it again"]
    assert max(len(line) for line in text.splitlines()) <= 30


@pytest.mark.parametrize("text", ["", "short", " two  blanks ", "a\n  b\n", "x" * 50, "one `open"])
def test_what_fits_or_has_no_blank_is_not_changed(text: str) -> None:
    assert "".join(painted(cell, on=False) for cell in wrapped([text, ("!", "red")], 40)) == text + "!"
