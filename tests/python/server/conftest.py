"""A server that this process finds as any client would."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from server_world import find, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.local.serving import Served


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with serving() as found:
        find(monkeypatch, found)
        yield found
