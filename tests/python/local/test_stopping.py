"""Stops, deaths and two at once: every job ends, in the right state, and takes its processes with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import worlds
from worlds import one_step, printed, run, submit, until

import shardr
from shardr.local import jobs, runs
from shardr.local.home import Home
from shardr.local.store import JobRow, Store
from shardr.requests.facts import facts

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def slow_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bubblewrap that takes its time; the file is there as soon as an instance has begun to start."""
    begun = tmp_path / "begun"
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "bwrap").write_text(
        f'#!/bin/bash\ncase "$*" in *true) ;; *) touch \'{begun}\'; sleep 0.7;; esac\nexec /usr/bin/bwrap "$@"\n'
    )
    (folder / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return begun


def job(home: Path, started: shardr.Run, step: str = "work") -> JobRow:
    """The step's job as the store knows it."""
    row = Store(home / "jobs.sqlite").job(str(started.refresh().step(step).job))
    assert row is not None
    return row


def supervisor(home: Path, started: shardr.Run) -> int:
    """The process that owns the step's job."""
    pid = until(lambda: job(home, started).pid)
    assert isinstance(pid, int)
    return pid


def processes() -> str:
    """The command lines of all processes of the machine."""
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


def test_an_instance_whose_supervisor_dies_while_it_starts_never_runs(
    tmp_path: Path, home: Path, slow_sandbox: Path
) -> None:
    nap = f"62.{os.getpid()}"
    started = submit(tmp_path, one_step(tmp_path, "exec sleep $1", arguments=[nap]))
    until(slow_sandbox.exists)
    os.kill(supervisor(home, started), signal.SIGKILL)
    assert started.wait().status == "Failed"
    until(lambda: nap not in processes())
    assert printed(started) == []


def test_a_stop_while_the_sandbox_starts_does_not_take_the_grace_time(
    tmp_path: Path, home: Path, slow_sandbox: Path
) -> None:
    started = submit(tmp_path, one_step(tmp_path, "trap '' TERM; while true; do sleep 1; done"))
    until(slow_sandbox.exists)
    began = time.monotonic()
    started.stop()
    assert started.wait().status == "Stopped"
    assert time.monotonic() - began < 10


def test_a_stop_at_any_moment_of_a_launch_is_heeded(tmp_path: Path) -> None:
    spec = one_step(tmp_path, "sleep 60")
    for pause in (0, 0.01, 0.02, 0.04, 0.06, 0.08):
        started = submit(tmp_path, spec)
        time.sleep(pause)
        began = time.monotonic()
        assert started.stop().wait().status == "Stopped"
        assert time.monotonic() - began < 10
        assert "died" not in str(started.step("work").failure)


def test_a_stop_that_comes_before_the_supervisor_has_its_process_id_told_is_heeded(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shardr.local.service import LocalSageMaker

    spawn = jobs.spawn

    def stop_first(*args: Any) -> Any:
        row = Store(home / "jobs.sqlite").job("one")
        assert row is not None
        jobs.stop(Home(home), row)
        return spawn(*args)

    monkeypatch.setattr(jobs, "spawn", stop_first)
    service = LocalSageMaker(Home(home))
    from test_service import over, request

    service.create_processing_job(**request("one", "sleep 30"))
    assert over(service, "one")["ProcessingJobStatus"] == "Stopped"


def test_no_step_starts_once_a_run_is_asked_to_stop(tmp_path: Path, home: Path) -> None:
    spec = one_step(tmp_path, "echo ready; while [ ! -e /opt/ml/output/go ]; do sleep 0.02; done")
    spec["steps"].append({"name": "after", "code": "script.sh", "depends_on": "work"})
    started = submit(tmp_path, spec)
    until(lambda: printed(started))
    row = Store(home / "jobs.sqlite").run(started.id)
    assert row is not None
    Store(home / "jobs.sqlite").stop_run(started.id)
    request = row.steps[1]["jobs"][0]["request"]
    name = request["ProcessingJobName"]
    assert not jobs.launch(Home(home), name, request, row.machine, run=started.id, step="after")
    assert Store(home / "jobs.sqlite").job(name) is None
    started.stop().wait()


def test_a_failure_with_attempts_left_ends_a_run_that_is_stopping(tmp_path: Path, home: Path) -> None:
    spec = one_step(tmp_path, "sleep 0.5; exit 3", max_attempts=3)
    started = submit(tmp_path, spec)
    Store(home / "jobs.sqlite").stop_run(started.id)
    done = until(lambda: started.refresh().view.over and started)
    assert (done.status, len(done.step("work").jobs)) == ("Failed", 1)


def test_a_run_whose_submitter_died_before_its_first_job_goes_on_with_the_next_look(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(runs, "advance", lambda *_: sys.exit("killed"))
        with pytest.raises(SystemExit):
            submit(tmp_path, one_step(tmp_path, "true"), name="orphaned")
    assert shardr.Run("orphaned").wait().status == "Completed"


def test_a_submitter_that_ignores_its_children_changes_no_exit_code(tmp_path: Path) -> None:
    worlds.script(tmp_path, "exit 3")
    code = f"""
import pathlib, shardr, signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
spec = {{"name": "w", "steps": [{{"name": "work", "code": "script.sh"}}]}}
print(shardr.run(spec, base=pathlib.Path({str(tmp_path)!r}), check=False).status)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.stdout == "Failed\n", told.stderr


def test_a_session_of_many_runs_keeps_no_dead_supervisors(tmp_path: Path) -> None:
    def dead() -> set[str]:
        ps = ["ps", "--ppid", str(os.getpid()), "-o", "pid=,stat=,comm="]
        lines = [line.split() for line in subprocess.run(ps, capture_output=True, text=True).stdout.splitlines()]
        return {pid for pid, state, program, *_ in lines if state.startswith("Z") and "python" in program}

    before = dead()  # children of other tests
    for _ in range(3):
        run(tmp_path, one_step(tmp_path, "true"))

    def none_is_dead() -> bool:
        shardr.jobs()
        return not dead() - before

    until(none_is_dead)  # the last of them may be ending


def test_two_attempts_of_shards_with_long_names_stay_apart(tmp_path: Path) -> None:
    worlds.files(tmp_path / "data", 2)
    inputs = [{"name": "raw", "source": "data/", "distribution": "balanced"}]
    spec = one_step(tmp_path, "exit 1", inputs=inputs, instance_count=2, max_attempts=2)
    spec["name"] = "a" * 40
    spec["steps"][0]["name"] = "transform1"
    done = run(tmp_path, spec)
    assert len({name for name in done.step("transform1").jobs if name.endswith("-r1")}) == 2
    assert all(len(name) <= 63 for name in done.step("transform1").jobs)


def test_two_processes_may_meet_in_an_empty_home(tmp_path: Path) -> None:
    code = "import shardr; print(shardr.jobs())"
    for _ in range(4):
        env = {**os.environ, "SHARDR_HOME": str(tmp_path / f"home {time.monotonic()}")}
        both = [
            subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(6)
        ]
        assert [one.communicate() for one in both] == [(b"[]\n", b"")] * 6


def test_a_store_that_was_created_and_not_filled_is_filled(home: Path) -> None:
    home.mkdir()
    (home / "jobs.sqlite").touch()
    assert shardr.jobs() == []


def test_many_callers_start_a_job_once(tmp_path: Path, home: Path) -> None:
    spec = one_step(tmp_path, "sleep 0.3; echo one")
    spec["steps"].append({"name": "after", "code": "script.sh", "depends_on": "work"})
    started = submit(tmp_path, spec)
    callers = [threading.Thread(target=lambda: runs.advance(Home(home), started.id)) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert started.wait().status == "Completed"
    assert printed(started) == ["one", "one"]


@pytest.mark.alone
def test_time_limits_hold_while_rows_are_counted(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with (data / "big.csv").open("w") as stream:
        stream.write("a,b\n" + '"x\n",1\n' * 12_000_000)
    inputs = [{"name": "raw", "source": "data/"}]
    started = submit(tmp_path, one_step(tmp_path, "echo ready; sleep 60", inputs=inputs))
    until(lambda: printed(started))
    began = time.monotonic()
    assert started.stop().wait().status == "Stopped"
    assert time.monotonic() - began < 0.5


def test_a_supervisor_that_dies_after_publishing_leaves_no_output(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "before.txt").write_text("kept")
    from shardr.local import outputs

    spec = one_step(tmp_path, "echo ready; sleep 60", outputs=[{"name": "out", "destination": "results"}])
    started = submit(tmp_path, spec)
    until(lambda: printed(started))
    row = job(home, started)
    at = Home(home)
    (at.job(row.name).staged / "out").mkdir(parents=True)
    (at.job(row.name).staged / "out/a.txt").write_text("half")
    os.kill(supervisor(home, started), signal.SIGKILL)
    until(lambda: not jobs.alive(at.job(row.name)))
    places = {output.name: output.uri for output in facts(row.request).outputs}
    outputs.publish(places, at.job(row.name), at.storage)
    assert (folder / "a.txt").exists()
    assert started.refresh().status == "Failed"
    assert [path.name for path in folder.iterdir()] == ["before.txt"]
