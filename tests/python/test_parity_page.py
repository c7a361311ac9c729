"""The page on parity lists every operation that this machine answers, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from shardr.local.operations import HOMES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "parity.md"


def test_the_page_lists_the_operations_that_are_answered() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## Operations")[2].partition("## ")[0]
    listed = [
        name for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    ]
    assert sorted(listed) == sorted(name for operations in HOMES.values() for name in operations)
