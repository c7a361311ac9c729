"""Files of records, made in one line, and the tables that properties are tried on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))  # random_tables, for the tests that share it

settings.register_profile("shardr", deadline=None)  # a busy machine is not a failing test
settings.load_profile("shardr")

REAL = Path(os.environ.get("SHARDR_TEST_DATA", Path(__file__).parents[4] / "shared/data/bank-marketing"))

Make = Callable[[str, str | bytes], Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a file of the given name and content; answers its path."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def bank() -> list[Path]:
    """The four files of the real bank marketing data."""
    files = sorted(REAL.glob("*.csv"))
    if not files:
        pytest.skip(f"the bank marketing data are not in {REAL}: set SHARDR_TEST_DATA to their folder")
    return files
