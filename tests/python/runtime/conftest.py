"""A folder that stands for /opt/ml."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, with what is odd in names, as SHARDR_BASE_DIR."""
    folder = tmp_path / "opt ml é"
    monkeypatch.setenv("SHARDR_BASE_DIR", f"{folder}/")
    return folder
