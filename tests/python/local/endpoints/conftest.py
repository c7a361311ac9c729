"""A world for endpoints, in which none is left running."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from endpoint_world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(home: Path) -> Iterator[World]:
    made = World(home)
    yield made
    made.close()
