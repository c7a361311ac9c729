"""A checkpoint is read back as it was written, each host has its own, and half a one is never seen."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from instances import training

from shardr.errors import DataError
from shardr.runtime import checkpoint

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("value", [{"epoch": 3, "loss": 0.1 + 0.2}, [1, None], "text", 0, False, b"", b"\x00{"])
def test_what_was_kept_is_read_back(value: Any, base: Path) -> None:
    training(base)
    assert checkpoint() is None
    assert checkpoint(value) == value
    assert checkpoint() == value
    assert type(checkpoint()) is type(value)


def test_the_newest_counts_whatever_its_form(base: Path) -> None:
    training(base)
    checkpoint(b"bytes", "state")
    checkpoint([1], "state")
    assert checkpoint(name="state") == [1]
    checkpoint(bytearray(b"more"), "state")
    assert checkpoint(name="state") == b"more"
    assert [path.name for path in (base / "checkpoints").iterdir()] == ["algo-1-state.bin"]
    older = base / "checkpoints/algo-1-state.json"  # as an interruption between the two moves leaves it
    older.write_text("[1]")
    os.utime(older, (1, 1))
    assert checkpoint(name="state") == b"more"


def test_each_host_has_its_own_where_the_job_keeps_them(base: Path) -> None:
    training(base, host="algo-2", hosts=2)
    where = {"LocalPath": "/opt/ml/kept here"}
    (base / "input/config/checkpointconfig.json").write_text(json.dumps(where))
    checkpoint([1], "deep/state")
    assert (base / "kept here/deep/algo-2-state.json").read_text() == "[1]"
    training(base, host="algo-1", hosts=2)
    assert checkpoint(name="deep/state") is None


def test_what_is_no_checkpoint_is_refused(base: Path) -> None:
    training(base)
    with pytest.raises(DataError, match="value is None"):
        checkpoint(None)
    with pytest.raises(DataError, match="no form in JSON"):
        checkpoint(object())
    with pytest.raises(DataError, match="inside the folder of the checkpoints"):
        checkpoint(1, "../x")
    assert not (base / "checkpoints").exists()


def test_a_file_that_is_no_checkpoint_is_named(base: Path) -> None:
    training(base)
    checkpoint([1])
    (base / "checkpoints/algo-1-checkpoint.json").write_text("{")
    with pytest.raises(DataError, match=r"algo-1-checkpoint\.json is no checkpoint"):
        checkpoint()
