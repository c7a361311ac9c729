"""S3 over a folder of its own, and a bucket for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import worlds
from s3_door import PART, client_of

from shardr.storage import s3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shardr.local.objects import Objects


@pytest.fixture(scope="module")
def served_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s3")


@pytest.fixture(scope="module")
def objects(served_folder: Path) -> Iterator[Objects]:
    with worlds.s3_over(served_folder) as served:
        yield served


@pytest.fixture
def client(objects: Objects, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(s3, "PART_BYTES", PART)
    return client_of(objects.url)


@pytest.fixture
def bucket(client: Any, request: pytest.FixtureRequest) -> str:
    """A bucket of the test's own."""
    name = f"b{abs(hash(request.node.name))}"
    client.create_bucket(Bucket=name)
    return f"s3://{name}"
