"""Fixtures for all tests: a home of its own for each, no secrets of the developer's, a Docker daemon, nothing left."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import daemon
import leftovers
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pytest_configure() -> None:
    """Ctrl-C reaches what the tests start, also when they run in the background of a shell, which ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty SHARDR_HOME; what a test leaves running in it dies with its supervisor at the latest."""
    folder = tmp_path / "home of shardr"
    monkeypatch.setenv("SHARDR_HOME", str(folder))
    monkeypatch.setenv("SHARDR_RUNNER", "process")  # a daemon that is there or not changes no test that is not about it
    return folder


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """Fails the session when tests leave containers, networks, volumes or temporary files behind."""
    yield from _clean(daemon.answering())


@pytest.fixture(scope="session")
def docker_host() -> Iterator[str]:
    """The address of a daemon with the base image, also as ``DOCKER_HOST``; one is started where none answers."""
    with daemon.daemon() as found, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", found.host)
        for _ in _clean(found if found.ours else None):  # another was there before and is looked at by then
            yield found.host


@pytest.fixture(scope="session")
def processing_image(docker_host: str) -> str:
    """The name of shardr's image ``processing``, built of this checkout."""
    import shardr

    return str(shardr.build_image("processing").uri)


def _clean(at: daemon.Daemon | None) -> Iterator[None]:
    before = leftovers.seen(at)
    yield
    if left := leftovers.left(before, at):
        pytest.fail("the tests left behind:\n  " + "\n  ".join(left), pytrace=False)
