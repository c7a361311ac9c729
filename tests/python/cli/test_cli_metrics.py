"""metrics: a table for people, one JSON object for programs, lines or a live table while the run goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cli_world import on_a_terminal

if TYPE_CHECKING:
    from cli_world import Shell

SCRIPT = """
for i in 1 2 3 4; do echo "[shardr] loss=$((5 - i)) step=$i"; sleep "${NAP:-0}"; done
echo "[shardr] far=inf"
"""
SPEC = """
name: learns
parameters: {nap: {type: number, default: 0}}
steps:
  - {name: learn, type: training, code: learn.sh, metrics: [loss, far, never], environment: {NAP: "${nap}"}}
"""


@pytest.fixture
def learns(shardr: Shell) -> Shell:
    """The command, beside a spec that logs metrics."""
    (shardr.folder / "learn.sh").write_text(SCRIPT)
    (shardr.folder / "learns.yml").write_text(SPEC)
    return shardr


def test_the_table_has_last_best_and_trend_and_says_what_never_came(learns: Shell) -> None:
    learns("run", "learns.yml", "--name", "r1")
    done = learns("metrics", "r1", "--plot", "m.png", PYTHONIOENCODING="utf-8")
    assert done.status == 0
    assert [line.split() for line in done.out.splitlines()] == [
        ["step", "metric", "values", "last", "min", "at", "max", "at", "trend"],
        ["learn", "loss", "4", "1", "1", "4", "4", "1", "█▆▃▁"],
        ["learn", "far", "1", "inf", "inf", "1", "inf", "1", "↑"],
    ]
    assert "metric never: no line of the log matches" in done.err
    assert (learns.folder / "m.png").stat().st_size > 2000
    assert "#" in learns("metrics", "r1", PYTHONIOENCODING="ascii").out


def test_json_is_one_object_also_of_values_that_json_has_no_number_for(learns: Shell) -> None:
    learns("run", "learns.yml", "--name", "r1")
    text = learns("metrics", "r1", "--json")
    assert "Infinity" not in text.out
    found = text.json
    assert (found["run"], found["status"]) == ("r1", "Completed")
    loss, far = found["metrics"]
    assert loss["series"] == {"x": [1, 2, 3, 4], "value": [4, 3, 2, 1]}
    assert (loss["last"], loss["min"], loss["min_x"], loss["values"]) == (1, 1, 4, 4)
    assert far["last"] == "inf"
    assert [item["metric"] for item in found["missing"]] == ["never"]
    assert learns("run", "learns.yml", "--json").json["steps"][0]["metrics"] == {"loss": 1, "far": "inf"}


@pytest.mark.alone
def test_follow_prints_each_value_as_it_comes_then_the_table(learns: Shell) -> None:
    learns("submit", "learns.yml", "--name", "r1", "--set", "nap=0.1")
    early = learns("metrics", "r1")
    assert "no line of the log" not in early.err  # it may come yet
    lines = learns("metrics", "r1", "--follow").out.splitlines()
    assert lines[:4] == [f"learn/algo-1 | loss {5 - i} at {i}" for i in (1, 2, 3, 4)]
    assert lines[5].split()[:2] == ["step", "metric"]


def test_follow_redraws_the_table_on_a_terminal(learns: Shell) -> None:
    learns("submit", "learns.yml", "--name", "r1", "--set", "nap=0.3")
    written = on_a_terminal(learns, "metrics", "r1", "--follow")
    assert written.count("trend") > 2
    assert "█▆▃▁" in written


def test_progress_of_a_run_on_a_terminal_shows_the_newest_values(learns: Shell) -> None:
    written = on_a_terminal(learns, "run", "learns.yml", "--set", "nap=0.5")
    assert "loss 2" in written or "loss 3" in written


def test_what_has_no_metrics_says_so_and_what_is_not_there_is_named(learns: Shell) -> None:
    learns("run", "job.yml", "--name", "copied")
    assert "no step has metrics to look for" in learns("metrics", "copied").out
    assert learns("metrics", "copied", "--json").json["metrics"] == []
    wrong = learns("metrics", "copyed")
    assert wrong.status == 2
    assert 'did you mean "copied"?' in wrong.err
    assert learns("metrics", "copied", "--step", "nope").status == 2
    assert "has logged no metric" in learns("metrics", "copied", "--plot", "m.png").err
