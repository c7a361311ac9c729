"""What the sandbox keeps in and what it keeps out, on disks, homes and users of all kinds."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import worlds
from worlds import IN, OUT, one_step, printed, run, submit, until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of its own, to which no hard link can be made."""
    with worlds.disk(tmp_path / "other disk", 32) as folder:
        yield folder


def test_inputs_on_another_disk_are_read_only_and_nothing_else_of_it_is_seen(tmp_path: Path, other_disk: Path) -> None:
    worlds.files(other_disk, 1)
    (other_disk / "secret.txt").write_text("hush")
    body = f"""
        set +e; cat {IN}/part-00.csv; echo x >> {IN}/part-00.csv || echo refused
        cat $(dirname $(readlink {IN}/part-00.csv))/secret.txt || echo hidden
    """
    spec = one_step(tmp_path, body, inputs=[{"name": "raw", "source": f"{other_disk}/part-00.csv"}])
    lines = printed(run(tmp_path, spec))
    assert lines[:2] == ["file,row", "0,0"]
    assert ("refused" in lines, "hidden" in lines, "hush" in lines) == (True, True, False)


def test_many_inputs_on_another_disk_leave_tmp_writable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other_disk: Path
) -> None:
    monkeypatch.setenv("SHARDR_HOME", str(other_disk / "home"))
    files = [Path(f"/tmp/shardr-test-{os.getpid()}-{i}.csv") for i in range(2)]
    try:
        for file in files:
            file.write_text("a\n1\n")
        body = f"touch /tmp/mine; cat {IN}/*.csv > {OUT}/all.csv"
        source = f"/tmp/shardr-test-{os.getpid()}-*.csv"
        done = run(tmp_path, one_step(tmp_path, body, inputs=[{"name": "raw", "source": source}]))
        assert (done.status, done.step("work").failure) == ("Completed", None)
    finally:
        for file in files:
            file.unlink()


def test_a_destination_on_another_disk_gets_whole_files(tmp_path: Path, other_disk: Path) -> None:
    destination = str(other_disk / "results")
    outputs = [{"name": "out", "destination": destination}]
    done = run(tmp_path, one_step(tmp_path, f"mkdir {OUT}/a; echo 1 > {OUT}/a/b.txt", outputs=outputs))
    assert done.status == "Completed"
    assert [p.relative_to(destination).as_posix() for p in Path(destination).rglob("*")] == ["a", "a/b.txt"]


def test_a_destination_disk_that_is_full_fails_the_job_and_keeps_nothing(tmp_path: Path, other_disk: Path) -> None:
    destination = other_disk / "results"
    outputs = [{"name": "out", "destination": str(destination)}]
    body = f"head -c 20000000 /dev/zero > {OUT}/a; head -c 20000000 /dev/zero > {OUT}/b"
    done = run(tmp_path, one_step(tmp_path, body, outputs=outputs))
    assert done.status == "Failed"
    assert "No space left on device" in str(done.step("work").failure)
    assert list(destination.iterdir()) == []


def test_no_other_user_reads_the_environment_of_a_job(tmp_path: Path, home: Path) -> None:
    started = submit(tmp_path, one_step(tmp_path, "echo ready; sleep 5", environment={"TOKEN": "hush-hush"}))
    until(lambda: printed(started))
    told = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    started.stop().wait()
    assert "hush-hush" not in told
    assert stat.S_IMODE((home / "jobs.sqlite").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "jobs").stat().st_mode) == 0o700


def test_a_home_that_others_may_enter_still_hides_its_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    monkeypatch.setenv("SHARDR_HOME", str(shared))
    run(tmp_path, one_step(tmp_path, "true"))
    assert stat.S_IMODE((shared / "jobs").stat().st_mode) == 0o700
    for name in ("jobs.sqlite", "jobs.sqlite-wal", "jobs.sqlite-shm"):
        if (shared / name).exists():
            assert stat.S_IMODE((shared / name).stat().st_mode) == 0o600


def test_a_script_inherits_no_file_and_no_command_line_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "hush-hush")
    body = """
        import os
        print(sorted(int(n) for n in os.listdir("/proc/self/fd"))[:3], len(os.listdir("/proc/self/fd")))
        print(os.read(0, 1))
        for pid in filter(str.isdigit, os.listdir("/proc")):
            for name in ("environ", "cmdline"):
                try: text = open(f"/proc/{pid}/{name}").read()
                except OSError: continue
                print("hush" in text, "setenv" in text)
    """
    lines = printed(run(tmp_path, one_step(tmp_path, body, "look.py")))
    assert lines[:2] == ["[0, 1, 2] 4", "b''"]
    assert set(lines[2:]) == {"False False"}


def test_the_jobs_own_environment_wins_and_is_kept_to_the_letter(tmp_path: Path) -> None:
    own = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",
        "R_LIBS": "/nowhere",
        "TEXT": "a\nb  'c' \"d\" $HOME ü",
        "EMPTY": "",
    }
    spec = one_step(tmp_path, f"import os; print(ascii({{k: os.environ[k] for k in {sorted(own)}}}))", "e.py")
    spec["steps"][0].update(environment=own, command=["/usr/bin/python3"])
    assert printed(run(tmp_path, spec)) == [ascii({key: own[key] for key in sorted(own)})]


def test_a_script_gets_the_names_of_a_container_and_none_of_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    done = run(tmp_path, one_step(tmp_path, "tr '\\0' '\\n' < /proc/$$/environ", environment={"OWN": "x"}))
    found = dict(line.split("=", 1) for line in printed(done))
    names = "AWS_REGION HOME HOSTNAME LANG OWN PATH R_ENVIRON_USER R_LIBS R_PROFILE_USER TZ"
    assert (sorted(found), found["TZ"]) == (names.split(), "UTC")


def test_the_name_of_the_machine_is_nowhere(tmp_path: Path) -> None:
    found = printed(run(tmp_path, one_step(tmp_path, "hostname; uname -n; cat /etc/hostname; echo $HOSTNAME")))
    assert found == ["algo-1"] * 4


def test_a_hundred_instances_take_turns(tmp_path: Path) -> None:
    done = run(tmp_path, one_step(tmp_path, f"hostname > {OUT}/$(hostname).txt", instance_count=100))
    assert (done.status, len(done.step("work").outputs["out"].files)) == ("Completed", 100)


@pytest.mark.parametrize("form", ["relative", "linked", "odd", "opt"])
def test_homes_of_all_kinds_work_and_hide_their_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    odd = tmp_path / 'hö me\'s "1"'
    opt = Path("/opt/shardr-test")
    named = {"relative": "home here", "linked": str(tmp_path / "link"), "odd": str(odd), "opt": str(opt)}[form]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHARDR_HOME", named)
    worlds.files(tmp_path / "data", 2)
    if form == "opt" and not os.access("/opt", os.W_OK):
        pytest.skip("only root may write to /opt; run the tests as root to see this one")
    try:
        body = f"cat {IN}/*.csv > {OUT}/all.csv; ls -A /opt; test ! -e /opt/shardr-test/jobs"
        done = run(tmp_path, one_step(tmp_path, body, inputs=[{"name": "raw", "source": "data/"}]))
        assert (done.status, done.step("work").failure) == ("Completed", None)
    finally:
        shutil.rmtree(opt, ignore_errors=True)


def test_a_user_reads_what_belongs_to_others_and_is_not_root(tmp_path: Path) -> None:
    if os.geteuid() != 0 or subprocess.run(["id", "nobody"], capture_output=True).returncode:
        pytest.skip("only root can become another user; run the tests as root to see this one")
    place = Path(f"/var/tmp/shardr-test-{os.getpid()}")
    try:
        worlds.files(place / "data", 3)  # root's: no hard link for anybody else
        worlds.script(
            place, f"id -u; cat {IN}/*.csv | wc -l; mkdir {OUT}/shut; echo a > {OUT}/shut/a.txt; chmod 0 {OUT}/shut"
        )
        code = f"""
import os, pathlib
os.setgroups([]); os.setgid(65534); os.setuid(65534)
os.environ.update(SHARDR_HOME="{place}/mine/home", HOME="/nonexistent")
import shardr
step = {{"name": "work", "code": "script.sh", "outputs": ["out"], "inputs": [{{"name": "raw", "source": "data/"}}]}}
done = shardr.run({{"name": "w", "steps": [step]}}, base=pathlib.Path("{place}"), check=False)
print(done.status, [line.text for line in done.logs()], done.steps[0].failure)
print([pathlib.Path(f).name for f in done.steps[0].outputs["out"].files])
import time; time.sleep(.3); print(sorted(os.listdir(f"{place}/mine/home/jobs/" + done.steps[0].job)))
"""
        (place / "mine").mkdir()
        os.chown(place / "mine", 65534, 65534)
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="/")
        assert told.stdout.splitlines() == [
            "Completed ['65534', '6'] None",
            "['a.txt']",
            "['logs', 'supervisor.lock', 'supervisor.log']",
        ], told.stderr
    finally:
        shutil.rmtree(place, ignore_errors=True)
