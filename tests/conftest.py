"""Fixtures for all tests: a home of its own for each, no secrets of the developer's, a Docker daemon, nothing left."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import daemon
import leftovers
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


BEFORE = pytest.StashKey[tuple["daemon.Daemon | None", set[str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What tools/check.py says, which runs suites beside one another."""
    beside = (
        "others use this machine's daemon and temporary folder at the same time, and who started all looks at the end"
    )
    parser.addoption("--beside", action="store_true", help=beside)


def pytest_configure() -> None:
    """Ctrl-C reaches what the tests start, also when they run in the background of a shell, which ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Looks at what there is before any test."""
    if not session.config.getoption("beside") and not hasattr(session.config, "workerinput"):
        at = daemon.answering()
        session.stash[BEFORE] = at, leftovers.seen(at)


@pytest.hookimpl(trylast=True)  # after the last fixture, and after the last worker of `-n`
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails the session when tests left containers, networks, volumes or temporary files behind."""
    if BEFORE not in session.stash:
        return
    at, before = session.stash[BEFORE]
    if left := leftovers.left(before, at):
        session.config.get_terminal_writer().write(f"\n{_told(left)}\n", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(tryfirst=True)  # before `-m` looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs a Docker daemon with ``docker``, whichever fixtures bring it there."""
    for item in items:
        if isinstance(item, pytest.Function) and "docker_host" in item.fixturenames:
            item.add_marker("docker")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty SHARDR_HOME and no AWS; what a test leaves running in it dies with its supervisor at the latest."""
    folder = tmp_path / "home of shardr"
    monkeypatch.setenv("SHARDR_HOME", str(folder))
    for name in [name for name in os.environ if name.startswith("AWS_") and name != "AWS_CA_BUNDLE"]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "no AWS"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("SHARDR_RUNNER", "process")  # a daemon that is there or not changes no test that is not about it
    return folder


@pytest.fixture(scope="session")
def docker_host() -> Iterator[str]:
    """The address of a daemon with the base image, also as ``DOCKER_HOST``; one is started where none answers."""
    with daemon.daemon() as found, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", found.host)
        # Another daemon was there before the session and is looked at when it ends.
        mine = found if found.ours else None
        before = leftovers.held(mine)
        yield found.host
        # Temporary files may be those of tests that run beside: they too are looked at in the end.
        if left := leftovers.left(before, mine, leftovers.held):
            pytest.fail(_told(left), pytrace=False)


@pytest.fixture(scope="session")
def processing_image(docker_host: str) -> str:
    """The name of shardr's image ``processing``, built of this checkout."""
    import shardr

    return str(shardr.build_image("processing").uri)


def _told(left: list[str]) -> str:
    return "the tests left behind:\n  " + "\n  ".join(left)
