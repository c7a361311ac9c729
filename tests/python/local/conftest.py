"""An S3 beyond this machine, and a bucket of it for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from worlds import SECRET, s3_over

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """An S3, and the folder that it serves."""
    folder = tmp_path_factory.mktemp("far")
    with s3_over(folder) as served:
        yield served.url, folder


@pytest.fixture
def far(s3: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """The folder of a bucket of the test's own at the S3 that the AWS settings name; the bucket has its name."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3[0])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    bucket = s3[1] / f"b{abs(hash(request.node.name))}"
    bucket.mkdir()
    return bucket
