"""Which daemon is taken, from files and variables alone, and what is said of one that cannot be had."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from shardr.errors import RunnerError
from shardr.local.docker import daemon
from shardr.local.docker.daemon import Address, address, connect
from shardr.local.runners.choice import choose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of docker's settings, and no variable that names a daemon."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path


def context(settings: Path, name: str, text: str) -> str:
    key = hashlib.sha256(name.encode()).hexdigest()
    folder = settings / "contexts/meta" / key
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(text)
    return key


MINE = json.dumps({"Name": "mine", "Metadata": {}, "Endpoints": {"docker": {"Host": "unix:///mine.sock"}}})


def test_the_context_in_use_is_taken(settings: Path) -> None:
    (settings / "config.json").write_text('{"currentContext": "mine"}')
    context(settings, "mine", MINE)
    assert address() == Address("unix:///mine.sock")


def test_a_context_can_be_named_where_docker_has_no_settings(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "mine")
    context(settings, "mine", MINE)
    assert address() == Address("unix:///mine.sock")


def test_docker_host_goes_before_the_context(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "mine")
    monkeypatch.setenv("DOCKER_HOST", "unix:///other.sock")
    assert address() == Address("unix:///other.sock")


def test_the_certificates_of_a_context_are_used(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "mine")
    certificates = settings / "contexts/tls" / context(settings, "mine", MINE) / "docker"
    certificates.mkdir(parents=True)
    assert address() == Address("unix:///mine.sock", str(certificates))


@pytest.mark.parametrize("text", ["{bad", "[]", '{"Endpoints": {"docker": 3}}', '{"Endpoints": {"docker": {}}}'])
def test_a_context_that_tells_no_address_is_not_there(
    settings: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "mine")
    context(settings, "mine", text)
    with pytest.raises(RunnerError, match='context "mine" is not there'):
        address()
    assert choose("auto", [("any", "")])[0] == "process"


@pytest.mark.parametrize("text", ["{bad", "[]", '{"currentContext": ""}', '{"currentContext": "default"}'])
def test_settings_that_name_no_context_name_the_usual_socket(
    settings: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (settings / "config.json").write_text(text)
    monkeypatch.setattr(daemon, "DEFAULT_SOCKET", str(settings / "config.json"))
    assert address() == Address(f"unix://{settings}/config.json")


def test_who_has_no_home_can_have_a_daemon(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a user id without a name has none."""
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)  # raises KeyError, as for an id without a name
    monkeypatch.setattr(daemon, "DEFAULT_SOCKET", str(settings))
    assert address() == Address(f"unix://{settings}")


@pytest.mark.parametrize(
    ("url", "remote"),
    [
        ("unix:///var/run/docker.sock", False),
        ("npipe:////./pipe/docker", False),
        ("tcp://localhost:2375", False),
        ("tcp://127.0.0.1", False),
        ("tcp://[::1]:2375", False),
        ("tcp://[::1]", False),
        ("foo://bar", False),  # wrong, not remote
        ("/var/run/docker.sock", False),
        ("tcp://", False),
        ("tcp://build.example.org:2376", True),
        ("ssh://me@build.example.org", True),
    ],
)
def test_a_daemon_on_another_machine_is_told_by_its_address(url: str, remote: bool) -> None:
    assert Address(url).remote is remote


@pytest.mark.parametrize("url", ["foo://bar", "relative.sock", "tcp://", "npipe:////./pipe/docker", "unix:///no.sock"])
def test_an_address_that_leads_nowhere_is_told_with_it(settings: Path, url: str) -> None:
    with pytest.raises(RunnerError, match="no Docker daemon answers at " + url.split("/")[0]):
        connect(Address(url))


def test_certificates_that_are_not_there_are_no_traceback(settings: Path) -> None:
    with pytest.raises(RunnerError, match="no Docker daemon answers"):
        connect(Address("tcp://127.0.0.1:1", str(settings)))


def test_settings_that_are_none_are_no_traceback(settings: Path) -> None:
    (settings / "config.json").write_text('{"proxies": 3}')
    with pytest.raises(RunnerError, match="no Docker daemon answers"):
        connect(Address("unix:///no.sock"))


@contextmanager
def listening(kind: int, at: object, answer: Callable[[socket.socket], object]) -> Iterator[socket.socket]:
    with socket.socket(kind) as server:
        server.bind(at)
        server.listen()

        def serve() -> None:
            with suppress(OSError):
                while True:
                    answer(server.accept()[0])

        threading.Thread(target=serve, daemon=True).start()
        yield server
        server.shutdown(socket.SHUT_RDWR)


def test_a_daemon_that_is_silent_holds_nobody_up(settings: Path) -> None:
    kept: list[socket.socket] = []
    path = settings / "s"
    with listening(socket.AF_UNIX, str(path), kept.append):
        began = time.monotonic()
        with pytest.raises(RunnerError, match="timed out"):
            connect(Address(f"unix://{path}"))
        assert time.monotonic() - began < 10


def test_who_may_not_use_the_socket_is_told_of_the_group(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "connect", denied)  # root, who may run this, is never denied
    with pytest.raises(RunnerError, match="Permission denied") as caught:
        connect(Address(f"unix://{settings}/s"))
    assert "group" in (caught.value.fix or "")


def test_a_proxy_is_not_asked_for_a_daemon_of_this_machine(docker_host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def relay(client: socket.socket) -> None:
        theirs = socket.socket(socket.AF_UNIX)
        theirs.connect(docker_host.removeprefix("unix://"))
        for source, target in ((client, theirs), (theirs, client)):
            threading.Thread(target=_pump, args=(source, target), daemon=True).start()

    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with listening(socket.AF_INET, ("127.0.0.1", 0), relay) as server:
        client = connect(Address(f"tcp://127.0.0.1:{server.getsockname()[1]}"))
        assert client.info()["ID"] == connect(Address(docker_host)).info()["ID"]
        client.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def test_the_user_s_own_folder_is_looked_into(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(settings))
    monkeypatch.setattr(daemon, "DEFAULT_SOCKET", "/no.sock")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/no")
    socket_of_mine = settings / ".docker/run/docker.sock"
    socket_of_mine.parent.mkdir(parents=True)
    socket_of_mine.touch()
    assert address() == Address(f"unix://{socket_of_mine}")
