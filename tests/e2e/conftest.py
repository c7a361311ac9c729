"""A server of another home in the place of SageMaker: nothing but HTTP lies between the two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest

import shardr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.local.serving import Served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    there = tmp_path_factory.mktemp("there")
    try:
        yield shardr.serve(home=there, runner="process")
    finally:
        shardr.serve_stop(there)


@pytest.fixture
def served(server: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    for name in server.cleared:
        monkeypatch.delenv(name, raising=False)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name in ("FIRST_PAUSE", "LAST_PAUSE", "FRESH_SECONDS"):  # no quota is to be spared here
        monkeypatch.setattr(f"shardr.engines.sagemaker.engine.{name}", 0.1)
    return server
