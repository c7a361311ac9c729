"""Channels of mode FastFile whose objects lie at S3: read when they are opened, and nothing is left of it."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker_world
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from docker_world import ODD, nothing_is_held
from test_data_at_s3 import READ
from test_pipe_ends import nothing_is_left
from worlds import files, piped, printed, run, submit, until

import shardr
from shardr.local.home import Home
from shardr.local.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGE = 60_000_000


def fast(folder: Path, far: Path, body: str, **fields: Any) -> dict[str, Any]:
    """A spec with one training step that runs these lines, its channel ``train`` with all of a bucket."""
    channel = {"input_mode": "FastFile", **fields.pop("channel", {})}
    return piped(folder, f"{READ}\n{body}", source=f"s3://{far.name}/", channel=channel, **fields)


def mounts() -> list[str]:
    """What is mounted on this machine for jobs."""
    lines = Path("/proc/mounts").read_text().replace(r"\040", " ").splitlines()
    return [line for line in lines if " fuse.shardr " in line]


@pytest.fixture(autouse=True)
def nothing_stays_mounted(home: Path) -> Iterator[None]:
    yield
    until(lambda: not [line for line in mounts() if str(home) in line])


def completed(done: shardr.Run) -> dict[str, Any]:
    """What is told of the job of a run that has completed."""
    assert done.status == "Completed", done.step("work").failure
    told: dict[str, Any] = shardr.describe(done.step("work").job)["Shardr"]
    assert not [notice for notice in told["notices"] if "FastFile" in notice]
    return told


def waiting(body: str) -> str:
    """Lines that wait for a file between those before ``--`` and those after it."""
    before, _, after = body.partition("--")
    return f"{before}; echo ready; until [ -e /tmp/go ]; do sleep 0.05; done; {after}"


def go_on(going: shardr.Run, home: Path) -> None:
    [scratch] = home.glob(f"jobs/{going.step('work').job}/tmp/algo-1")
    (scratch / "go").touch()


def test_only_what_is_read_comes_and_none_of_it_lies_on_the_disk(tmp_path: Path, far: Path, home: Path) -> None:
    (far / "a").write_bytes(b"first line\n" + os.urandom(LARGE))
    (far / "b").write_bytes(os.urandom(LARGE) + b"\nlast line\n")
    body = waiting("head -n 1 train/a; tail -n 1 train/b; ls -l train | wc -l; stat -c %s train/b --")
    going = submit(tmp_path, fast(tmp_path, far, body))
    until(lambda: "ready" in printed(going))
    on_disk = subprocess.run(["du", "-sxB1", str(home)], check=True, capture_output=True, text=True).stdout
    go_on(going, home)
    done = going.wait()
    told = completed(done)
    assert printed(done) == ["first line", "last line", "3", str(LARGE + 11), "ready"]
    assert told["downloaded"]["train"]["of"] == 2 * LARGE + 22
    assert 0 < told["downloaded"]["train"]["bytes"] < 2_000_000
    assert int(on_disk.split()[0]) < LARGE / 10
    nothing_is_left(home, str(done.step("work").job))


def test_every_file_has_its_bytes_wherever_it_is_read_and_nobody_writes_to_it(tmp_path: Path, far: Path) -> None:
    content = {"a.bin": os.urandom(5_000_001), "deep/er/b.bin": os.urandom(70_000), "empty": b""}
    for name, data in content.items():
        (far / name).parent.mkdir(parents=True, exist_ok=True)
        (far / name).write_bytes(data)
    body = """
    cd train; find . -type f | LC_ALL=C sort | xargs sha256sum
    dd if=a.bin bs=1 skip=4000001 count=100 status=none | sha256sum
    ! touch mine; ! (echo > empty); ! rm -f a.bin; ! test -e nowhere
    """
    done = run(tmp_path, fast(tmp_path, far, body))
    completed(done)
    sums = [line.split()[0] for line in printed(done) if len(line.split()[0]) == 64]
    wanted = [*(content[name] for name in sorted(content)), content["a.bin"][4_000_001:][:100]]
    assert sums == [hashlib.sha256(data).hexdigest() for data in wanted]


@pytest.mark.parametrize("distribution", ["FullyReplicated", "ShardedByS3Key"])
def test_instances_get_their_shares_and_what_all_have_comes_once(tmp_path: Path, far: Path, distribution: str) -> None:
    for i in range(4):
        (far / f"{i}").write_bytes(b"%d\n" % i + bytes(2_000_000))
    body = """
    if [ $SM_CURRENT_HOST = algo-2 ]; then sleep 1; fi
    for f in train/*; do head -n 1 $f; cat $f > /dev/null; done
    """
    done = run(tmp_path, fast(tmp_path, far, body, instance_count=2, channel={"distribution": distribution}))
    told = completed(done)
    each = {"FullyReplicated": ["0123", "0123"], "ShardedByS3Key": ["02", "13"]}[distribution]
    assert ["".join(printed(done, host)) for host in ("algo-1", "algo-2")] == each
    assert told["downloaded"]["train"]["of"] == 8_000_008
    assert told["downloaded"]["train"]["bytes"] < 1.5 * 8_000_008
    count = {"FullyReplicated": 4, "ShardedByS3Key": 2}[distribution]
    assert [about["objects"] for about in told["hosts"].values()] == [{"code": 1, "train": count}] * 2


def test_an_instance_without_an_object_has_an_empty_folder(tmp_path: Path, far: Path) -> None:
    files(far, 1)
    channel = {"distribution": "ShardedByS3Key"}
    done = run(tmp_path, fast(tmp_path, far, "ls train | wc -l", instance_count=2, channel=channel))
    completed(done)
    assert [printed(done, host) for host in ("algo-1", "algo-2")] == [["1"], ["0"]]


def test_r_reads_a_table_from_its_middle(tmp_path: Path, far: Path) -> None:
    files(far, 1, rows=200_000)
    body = """
    con <- file("/opt/ml/input/data/train/part-00.csv", "rb")
    seek(con, 1000001)
    invisible(readLines(con, 1))
    cat(readLines(con, 1), nrow(read.csv("/opt/ml/input/data/train/part-00.csv")))
    """
    channel = {"input_mode": "FastFile"}
    spec = piped(tmp_path, body, "script.R", source=f"s3://{far.name}/", channel=channel)
    done = run(tmp_path, spec)
    completed(done)
    lines = (far / "part-00.csv").read_bytes()[1_000_001:].split(b"\n")
    assert printed(done)[-1] == f"{lines[1].decode()} 200000"


def test_columns_of_a_parquet_file_come_alone(tmp_path: Path, far: Path) -> None:
    draw = np.random.default_rng(1)
    table = pa.table({f"c{i}": draw.standard_normal(100_000) for i in range(30)})
    pq.write_table(table, far / "table.parquet", row_group_size=50_000, compression="none", use_dictionary=False)
    read = "import pyarrow.parquet as pq; t = pq.read_table('/opt/ml/input/data/train/table.parquet'{})\n{}"
    came = {}
    for columns, tell in ((", columns=['c3', 'c9']", "print(t['c9'][-1])"), ("", "print(t['c29'][-1])")):
        channel = {"input_mode": "FastFile"}
        spec = piped(tmp_path, read.format(columns, tell), "script.py", source=f"s3://{far.name}/", channel=channel)
        done = run(tmp_path, spec)
        came[columns] = completed(done)["downloaded"]["train"]
        assert printed(done) == [str(table[tell[9:].partition("'")[0]][-1])]
    two, whole = (about["bytes"] / about["of"] for about in came.values())
    assert two < 0.35  # of 0.07; what is asked for ahead, and the pages that the system asks for
    assert whole < 1.4


@pytest.mark.parametrize("change", ["goes", "is another"])
def test_an_object_that_goes_or_changes_fails_the_job_by_its_name(
    tmp_path: Path, far: Path, home: Path, change: str
) -> None:
    (far / "a").write_bytes(os.urandom(LARGE))
    going = submit(tmp_path, fast(tmp_path, far, waiting("head -c 9 train/a > /dev/null -- cat train/a > /dev/null")))
    until(lambda: "ready" in printed(going))
    if change == "goes":
        (far / "a").unlink()
    else:
        (far / "a").write_bytes(os.urandom(LARGE))
    go_on(going, home)
    told = going.wait().step("work").failure or ""
    assert f"s3://{far.name}/a" in told
    assert ("NoSuchKey" if change == "goes" else "changed while it was") in told


def test_what_a_killed_supervisor_showed_goes_with_it(tmp_path: Path, far: Path, home: Path) -> None:
    files(far, 2)
    going = submit(tmp_path, fast(tmp_path, far, "cat train/*; echo ready; sleep 60"))
    until(lambda: "ready" in printed(going))
    assert len([line for line in mounts() if str(home) in line]) == 1
    row = Store(Home(home).store).job(str(going.step("work").job))
    assert row is not None
    assert row.pid is not None
    os.kill(row.pid, signal.SIGKILL)
    assert "supervisor of this job has died" in str(going.wait().step("work").failure)
    until(lambda: not [line for line in mounts() if str(home) in line])
    nothing_is_left(home, row.name)


def test_a_job_fails_when_what_shows_its_files_is_killed_and_leaves_nothing(
    tmp_path: Path, far: Path, home: Path
) -> None:
    files(far, 2)
    going = submit(tmp_path, fast(tmp_path, far, "cat train/*; echo ready; sleep 60"))
    until(lambda: "ready" in printed(going))
    row = Store(Home(home).store).job(str(going.step("work").job))
    assert row is not None
    children = Path(f"/proc/{row.pid}/task/{row.pid}/children").read_text().split()
    [shows] = [int(pid) for pid in children if b"/dev/fuse" in b"".join(map(os.fsencode, opened_by(int(pid))))]
    os.kill(shows, signal.SIGKILL)
    assert "what shows objects of S3 as files has ended" in str(going.wait().step("work").failure)
    nothing_is_left(home, row.name)


def opened_by(pid: int) -> list[Path]:
    """What a process has open."""
    return [path.readlink() for path in Path(f"/proc/{pid}/fd").iterdir()]


def test_a_job_that_is_stopped_or_interrupted_leaves_nothing_mounted(tmp_path: Path, far: Path, home: Path) -> None:
    files(far, 2)
    stopped = submit(tmp_path, fast(tmp_path, far, "cat train/*; echo ready; exec sleep 60"))
    until(lambda: "ready" in printed(stopped))
    assert stopped.stop().wait().status == "Stopped"
    nothing_is_left(home, str(stopped.step("work").job))
    body = "cat train/*; [ -e /opt/ml/checkpoints/once ] || { touch /opt/ml/checkpoints/once; exec sleep 60; }"
    spot = {"spot": True, "checkpoints": True, "interruptions": [1.5]}
    done = run(tmp_path, fast(tmp_path, far, body, **spot))
    completed(done)
    assert printed(done).count("0,0") == 2


def test_without_fuse_the_objects_are_fetched_before_and_it_is_told_why(
    tmp_path: Path, far: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files(far, 2)
    (tmp_path / "no").mkdir()
    (tmp_path / "no" / "mfusepy.py").write_text('raise OSError("Unable to find libfuse")\n')
    monkeypatch.syspath_prepend(tmp_path / "no")
    done = run(tmp_path, fast(tmp_path, far, "cat train/*"))
    assert (done.status, printed(done).count("1,0")) == ("Completed", 1), done.step("work").failure
    told = shardr.describe(done.step("work").job)["Shardr"]
    [notice] = [notice for notice in told["notices"] if "FastFile" in notice]
    assert notice.startswith("FastFile: the objects of train were fetched before the instances started: ")
    assert "Unable to find libfuse" in notice
    assert told["downloaded"] == {"train": {"bytes": 26, "of": 26}}


def test_secrets_do_not_reach_what_the_files_are_shown_by(tmp_path: Path, far: Path, home: Path) -> None:
    files(far, 2)
    going = submit(tmp_path, fast(tmp_path, far, "cat train/*; echo ready; env; exec sleep 60"))
    until(lambda: "ready" in printed(going))
    words = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout
    assert "AKIATEST" not in words
    assert "AKIATEST" not in "\n".join(mounts())
    searched = subprocess.run(["grep", "-rls", "AKIATEST", str(home)], check=False, stdout=subprocess.PIPE, text=True)
    assert searched.stdout == ""
    going.stop().wait()
    assert not [line for line in printed(going) if "AKIATEST" in line]


@pytest.fixture(scope="module")
def odd(docker_host: str) -> Iterator[str]:
    yield from docker_world.odd_image()


@pytest.mark.docker
def test_containers_whatever_their_user_have_the_files_and_leave_nothing(
    tmp_path: Path, far: Path, home: Path, odd: str
) -> None:
    (far / "large").write_bytes(os.urandom(LARGE))
    files(far, 2)
    body = "id -u; cat train/*.csv; tail -c 5 train/large | od -c | head -n 1; ! touch train/mine"
    done = run(tmp_path, fast(tmp_path, far, body, image=ODD, instance_count=2), runner="docker")
    told = completed(done)
    for host in ("algo-1", "algo-2"):
        assert printed(done, host)[0] == "1234"
        assert printed(done, host).count("1,0") == 1
    assert told["downloaded"]["train"]["bytes"] < 4_000_000
    nothing_is_left(home, str(done.step("work").job))
    nothing_is_held(home)
