"""How containers end: by a stop, by a death, with their daemon; each time nothing stays at the daemon."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import daemon
import pytest
import worlds
from docker_world import BASE, held, nothing_is_held
from worlds import one_step, printed, until

import shardr
from shardr.errors import RunnerError
from shardr.local.docker.daemon import connect
from shardr.local.home import Home
from shardr.local.store import Store

pytestmark = pytest.mark.usefixtures("docker_host")


def start(folder: Path, body: str, **fields: object) -> shardr.Run:
    """A run in a container that has printed its first line."""
    started = worlds.submit(folder, one_step(folder, f"echo begun\n{body}", image=BASE, **fields), runner="docker")
    until(lambda: printed(started))
    return started


def supervisor(home: Path, started: shardr.Run) -> int:
    row = Store(Home(home).store).job(started.view.steps[0].jobs[0])
    assert row is not None
    assert row.pid is not None
    return row.pid


def test_a_script_that_heeds_sigterm_has_time_to_say_goodbye(tmp_path: Path, home: Path) -> None:
    body = "trap 'echo saved > /opt/ml/output/message; echo bye; exit 0' TERM\nwhile true; do sleep 0.1; done"
    started = start(tmp_path, body)
    started.stop()
    done = started.wait()
    assert (done.status, printed(done)[-1]) == ("Stopped", "bye")
    row = Store(Home(home).store).job(done.view.steps[0].jobs[0])
    assert row is not None
    assert row.exit_message == "saved\n"
    nothing_is_held(home)


def test_a_script_that_knows_nothing_of_sigterm_ends_at_once(tmp_path: Path, home: Path) -> None:
    """As process 1 of its container it would not notice, and everybody would wait for 120 seconds."""
    started = start(tmp_path, "exec sleep 300")
    began = time.monotonic()
    started.stop()
    assert started.wait().status == "Stopped"
    assert time.monotonic() - began < 20
    nothing_is_held(home)


def test_a_script_that_ignores_sigterm_is_killed_after_the_grace(tmp_path: Path, home: Path) -> None:
    from shardr.local.service import LocalSageMaker

    service = LocalSageMaker(Home(home), runner="docker")
    service.create_processing_job(
        ProcessingJobName="deaf",
        RoleArn="arn:aws:iam::000000000000:role/any",
        AppSpecification={
            "ImageUri": BASE,
            "ContainerEntrypoint": ["bash", "-c", "trap '' TERM; echo begun; while true; do sleep 0.1; done"],
        },
        ProcessingResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
        Tags=[{"Key": "shardr:stop-grace-seconds", "Value": "1"}],
    )
    log = Home(home).job("deaf").log("algo-1")
    until(lambda: log.exists() and log.read_text() == "begun\n")
    service.stop_processing_job(ProcessingJobName="deaf")
    began = time.monotonic()
    until(lambda: service.describe_processing_job(ProcessingJobName="deaf")["ProcessingJobStatus"] == "Stopped")
    assert time.monotonic() - began > 0.5
    nothing_is_held(home)


def test_a_time_limit_holds(tmp_path: Path, home: Path) -> None:
    done = worlds.run(
        tmp_path, one_step(tmp_path, "exec sleep 300", image=BASE, max_runtime_seconds=1), runner="docker"
    )
    assert done.status == "Stopped"
    assert "MaxRuntimeExceeded" in (done.view.steps[0].failure or "")
    nothing_is_held(home)


def test_a_killed_supervisor_takes_its_containers_along_with_nobody_looking(tmp_path: Path, home: Path) -> None:
    started = start(tmp_path, "exec sleep 300", instance_count=2)
    assert len(held(home)) == 3
    os.kill(supervisor(home, started), signal.SIGKILL)
    until(lambda: not held(home))
    row = until(lambda: (row := Store(Home(home).store).job(started.view.steps[0].jobs[0])) and row.over and row)
    assert (row.status, row.failure_reason) == ("Failed", "InternalServerError: the supervisor of this job has died")


@pytest.mark.parametrize("end", ["stop", "death"])
def test_a_container_that_streams_ends_in_the_middle_of_an_epoch(tmp_path: Path, home: Path, end: str) -> None:
    (tmp_path / "data").mkdir()
    with (tmp_path / "data" / "big").open("wb") as file:
        file.truncate(1 << 40)
    channel = {"name": "raw", "source": "data/", "input_mode": "Pipe", "path": "/opt/ml/processing/raw"}
    started = start(tmp_path, "exec cat /opt/ml/processing/raw_0 > /dev/null", inputs=[channel])
    if end == "stop":
        began = time.monotonic()
        assert started.stop().wait().status == "Stopped"
        assert time.monotonic() - began < 20
    else:
        os.kill(supervisor(home, started), signal.SIGKILL)
    until(lambda: not held(home))
    job = Home(home).job(started.view.steps[0].jobs[0]).root
    until(lambda: started.refresh().view.over and [path.name for path in job.iterdir() if path.is_dir()] == ["logs"])


def orphaned(home: Path, started: shardr.Run) -> None:
    first = supervisor(home, started)
    children = [int(pid) for pid in Path(f"/proc/{first}/task/{first}/children").read_text().split()]
    for pid in [*children, first]:
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.5)


def test_a_home_that_was_wiped_stands_in_no_ones_way(tmp_path: Path, home: Path) -> None:
    """Where the next job has the name of one whose containers nobody knows any more."""
    spec = one_step(tmp_path, "echo begun; exec sleep 300", image=BASE, instance_count=2)
    started = worlds.submit(tmp_path, spec, runner="docker", name="wiped")
    until(lambda: printed(started))
    orphaned(home, started)
    shutil.rmtree(home)
    spec = one_step(tmp_path, "echo new", image=BASE, instance_count=2)
    done = worlds.run(tmp_path, spec, runner="docker", name="wiped")
    assert (done.status, printed(done)) == ("Completed", ["new"])
    nothing_is_held(home)


def test_what_a_dead_job_left_goes_with_the_next_one(tmp_path: Path, home: Path) -> None:
    """Its supervisor and its undertaker were killed, as at the end of a session."""
    orphaned(home, start(tmp_path, "exec sleep 300"))
    assert len(held(home)) == 1
    assert worlds.run(tmp_path, one_step(tmp_path, "echo next", image=BASE), runner="docker").status == "Completed"
    until(lambda: not held(home))


def test_a_daemon_that_dies_fails_the_job_and_says_so(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import base_image

    with daemon.own(tmp_path / "daemon", ["unshare", "--net"]) as own:
        base_image.ensure_base(own.host, ours=True)
        monkeypatch.setenv("DOCKER_HOST", own.host)
        started = start(tmp_path, "exec sleep 300", network_isolation=True)
    done = started.wait()
    assert done.status == "Failed"
    assert "the Docker daemon went away" in (done.view.steps[0].failure or "")
    with pytest.raises(RunnerError, match="the Docker daemon went away"):
        worlds.submit(tmp_path, one_step(tmp_path, "true", image=BASE), runner="docker")


def test_a_submission_that_fails_half_way_leaves_nothing(tmp_path: Path, home: Path) -> None:
    """A network of the job's name that is somebody else's: the containers that were made meanwhile go again."""
    from shardr.local.docker import traces

    name = traces.name(Home(home).job("world-x-work").root)
    client = connect()
    theirs = client.create_network(name, check_duplicate=True)["Id"]
    try:
        spec = one_step(tmp_path, "true", image=BASE, instance_count=2)
        done = worlds.run(tmp_path, spec, runner="docker", name="world-x")
        assert done.status in {"Failed", "Completed"}
        until(lambda: not held(home))
        assert client.inspect_network(theirs)["Name"] == name
    finally:
        client.remove_network(theirs)


def test_a_stop_before_the_start_leaves_no_network_that_was_made_meanwhile(tmp_path: Path, home: Path) -> None:
    spec = one_step(tmp_path, "echo begun", image=BASE, instance_count=2)
    started = worlds.submit(tmp_path, spec, runner="docker")
    assert [name for name in held(home) if not name.startswith("/")]  # made while the supervisor starts
    started.stop()
    assert started.wait().status == "Stopped"
    until(lambda: not held(home))


def test_a_job_whose_submitter_died_half_way_makes_its_own_network(tmp_path: Path, home: Path) -> None:
    code = f"""
import os, sys
sys.path.insert(0, {str(Path(worlds.__file__).parent)!r})
from pathlib import Path
import worlds
from shardr.local.runners import choice
choice.begin = lambda *of_job: os._exit(0)  # killed before it could tell
folder = Path({str(tmp_path)!r})
spec = worlds.one_step(folder, "getent hosts algo-2 >/dev/null && echo peer; sleep 1", image={BASE!r}, instance_count=2)
worlds.submit(folder, spec, runner="docker", name="orphan")
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert "peer" in printed(shardr.Run("orphan").wait())
    until(lambda: not held(home))
