"""The Docker daemon for the tests: ours starts, serves and ends without a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import base_image
import daemon
import leftovers
import pytest
from docker import APIClient

# Beside the daemon that the other tests use: in a network of its own, for both have a bridge docker0, and also a daemon
# that is told to have none (--bridge=none) removes it.
ALONE = ["unshare", "--net"]


@pytest.fixture
def _no_daemon_answers(docker_host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")


def test_a_daemon_that_answers_is_taken_and_not_another_started(docker_host: str) -> None:
    with daemon.daemon() as found:
        assert found == daemon.Daemon(docker_host, ours=False)
    assert daemon.silence(docker_host) is None


def test_it_has_the_base_image(docker_host: str) -> None:
    assert APIClient(base_url=docker_host).inspect_image(base_image.BASE)["Os"] == "linux"


@pytest.mark.usefixtures("_no_daemon_answers")
def test_where_none_answers_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert daemon.answering() is None
    assert "nothing answers at unix:///nowhere/docker.sock" in capsys.readouterr().err


def test_our_own_serves_and_ends_with_all_it_started(tmp_path: Path) -> None:
    with daemon.own(tmp_path, ALONE) as found:
        run = (tmp_path / "run").read_text()
        assert found.ours
        assert APIClient(base_url=found.host).ping()
        assert len(daemon.started(run)) >= 2  # dockerd and its containerd
    assert daemon.started(run) == []
    assert daemon.mounted([run, str(tmp_path)]) == []
    assert not Path(run).exists()


def test_our_own_has_the_base_image_and_nothing_of_a_run_before(tmp_path: Path) -> None:
    with daemon.own(tmp_path, ALONE) as found:
        base_image.ensure_base(found.host, ours=True)
        client = APIClient(base_url=found.host)
        client.create_container(base_image.BASE, "true", name="left")
        client.create_volume("left")
        assert leftovers.seen(found) >= {"container left", "volume left"}
    with daemon.own(tmp_path, ALONE) as found:
        assert APIClient(base_url=found.host).inspect_image(base_image.BASE)["Size"] < 200e6
        assert not leftovers.seen(found) & {"container left", "volume left"}


def test_our_own_ends_when_what_it_is_for_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), daemon.own(tmp_path, ALONE):  # noqa: PT012
        run = (tmp_path / "run").read_text()
        raise ZeroDivisionError
    assert daemon.started(run) == []


def test_the_daemon_of_a_run_that_was_killed_does_not_stay(tmp_path: Path) -> None:
    program = "import daemon, pathlib, sys, time\nwith daemon.own(pathlib.Path(sys.argv[1]), sys.argv[2:]):\n"
    program += "    print('up', flush=True); time.sleep(60)"
    run = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path), *ALONE],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(daemon.__file__).parent)},
    )
    with run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"up\n"
        folder = (tmp_path / "run").read_text()
        run.send_signal(signal.SIGKILL)
    with daemon.own(tmp_path, ALONE) as found:  # the same data at once, so the other must be gone
        assert daemon.started(folder) == []
        assert APIClient(base_url=found.host).ping()
    assert not Path(folder).exists()


def test_two_runs_with_the_same_data_take_turns(tmp_path: Path) -> None:
    times: list[tuple[float, float]] = []

    def one() -> None:
        with daemon.own(tmp_path, ALONE) as found:
            began = time.monotonic()
            assert APIClient(base_url=found.host).ping()
            time.sleep(0.2)
            times.append((began, time.monotonic()))

    both = [threading.Thread(target=one) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    first, second = sorted(times)
    assert first[1] < second[0]


def test_a_daemon_that_cannot_start_shows_its_own_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").write_text("no folder")
    with pytest.raises(SystemExit, match="dockerd does not start here"), daemon.own(tmp_path, ALONE):
        pass
    assert f"{tmp_path}/data" in capsys.readouterr().err


def test_what_is_left_behind_is_named(docker_host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(leftovers, "PATIENCE_SECONDS", 0)
    at = daemon.Daemon(docker_host, ours=False)
    client = APIClient(base_url=docker_host)
    before = leftovers.seen(at)
    tag = f"left-{os.getpid()}"
    container = client.create_container(base_image.BASE, "true", labels={"org.shardr.job": tag}, name=f"c-{tag}")
    network = client.create_network(f"shardr-{tag}")
    volume = client.create_volume(f"shardr-{tag}")
    (tmp_path / "shardr-x.txt").touch()
    try:
        left = leftovers.left(before, at)
    finally:
        client.remove_container(container["Id"])
        client.remove_network(network["Id"])
        client.remove_volume(volume["Name"])
    mine = {f"container c-{tag}", f"network shardr-{tag}", f"volume shardr-{tag}"}
    assert mine | {f"temporary file {tmp_path}/shardr-x.txt"} <= set(left)
    assert not mine & leftovers.seen(at)
