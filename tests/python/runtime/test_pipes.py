"""Streamed channels as scripts read them, in jobs: Python and R find the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import worlds

from shardr.recordio.encoding import encode

if TYPE_CHECKING:
    from pathlib import Path

LINES = {
    "script.py": """
        from shardr.runtime import pipe_lines
        for epoch in range(2):
            print(epoch, *pipe_lines("train", epoch))
        """,
    "script.R": """
        library(shardr)
        for (epoch in 0:1) {
          more <- pipe_lines("train", epoch, n = 2)
          all <- character()
          while (!is.null(lines <- more())) all <- c(all, lines)
          cat(epoch, all, "\\n")
        }
        """,
}


def ran(folder: Path, body: str, name: str, mode: str = "Pipe") -> list[str]:
    """What an instance prints whose channel ``train`` has the files of ``data``."""
    step: dict[str, Any] = {
        "name": "work",
        "type": "training",
        "code": worlds.script(folder, body, name),
        "inputs": [{"name": "train", "source": "data/", "input_mode": mode}],
    }
    return worlds.printed(worlds.run(folder, {"name": "world", "steps": [step]}, runner="process"))


@pytest.mark.parametrize("name", sorted(LINES))
def test_lines_of_two_epochs(tmp_path: Path, name: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").write_text("é,1\nb,2\n", encoding="utf-8")
    (tmp_path / "data" / "b").write_text("c,3")
    printed = ran(tmp_path, LINES[name], name)
    assert [line.strip() for line in printed] == ["0 é,1 b,2 c,3", "1 é,1 b,2 c,3"]


BLOCKS = {
    "script.py": """
        from shardr.runtime import pipe_blocks
        for block in pipe_blocks("train", rows=10, ahead=AHEAD):
            print(len(block), int(block.features.sum()), int(block.label.sum()))
        """,
    "script.R": """
        library(shardr)
        more <- pipe_blocks("train", rows = 10)
        while (!is.null(block <- more())) cat(block$rows, sum(block$features), sum(block$labels$values), "\\n")
        """,
}


@pytest.mark.parametrize(("name", "ahead"), [("script.py", "0"), ("script.py", "1"), ("script.R", "")])
def test_blocks_of_rows_come_as_they_were_written(tmp_path: Path, name: str, ahead: str) -> None:
    rows = np.arange(60, dtype=np.float32).reshape(20, 3)
    (tmp_path / "data").mkdir()
    for part in (0, 1):
        half = slice(10 * part, 10 * part + 10)
        (tmp_path / "data" / str(part)).write_bytes(encode(rows[half], {"values": rows[half, 0]}).content)
    body = BLOCKS[name].replace("AHEAD", ahead)
    expected = [f"{len(part)} {part.sum():.0f} {part[:, 0].sum():.0f}" for part in (rows[:10], rows[10:])]
    assert [line.strip() for line in ran(tmp_path, body, name)] == expected


@pytest.mark.parametrize("name", sorted(LINES))
def test_of_a_channel_with_files_it_is_told_that_it_is_none_to_stream(tmp_path: Path, name: str) -> None:
    worlds.files(tmp_path / "data", 1)
    told = " ".join(ran(tmp_path, LINES[name], name, mode="File"))
    assert "is not there" in told
    assert "Pipe" in told
