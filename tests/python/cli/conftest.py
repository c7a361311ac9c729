"""The command in a folder with something to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cli_world import Shell, made_in

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shardr(tmp_path: Path) -> Shell:
    """The command, started in a folder with specs and small tables."""
    return Shell(made_in(tmp_path))
