"""Fixtures for all tests: a home of its own for each, and no secrets of the developer's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty SHARDR_HOME; what a test leaves running in it dies with its supervisor at the latest."""
    folder = tmp_path / "home of shardr"
    monkeypatch.setenv("SHARDR_HOME", str(folder))
    return folder
