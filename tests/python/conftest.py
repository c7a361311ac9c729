"""Fixtures for all tests: a home of its own for each, and no secrets of the developer's."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty SHARDR_HOME; what a test leaves running in it dies with its supervisor at the latest."""
    folder = tmp_path / "home of shardr"
    monkeypatch.setenv("SHARDR_HOME", str(folder))
    return folder
