"""The docker runner: a real container for each instance, with the contract's folders and nothing of this machine's."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker_world
import pytest
import worlds
from docker_world import BASE, held, nothing_is_held
from worlds import one_step, printed

import shardr
from shardr.engines.base import OVER
from shardr.local import jobs
from shardr.local.docker.daemon import connect
from shardr.local.home import Home
from shardr.local.service import LocalSageMaker

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("docker_host")
OUT = worlds.OUT
RESOURCES = {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}}


@pytest.fixture(scope="module")
def odd(docker_host: str) -> Iterator[str]:
    yield from docker_world.odd_image()


def ended(service: LocalSageMaker, name: str) -> dict[str, Any]:
    """A job as described when it is over."""

    def over() -> dict[str, Any] | None:
        about = service.describe_processing_job(ProcessingJobName=name)
        return about if about["ProcessingJobStatus"] in OVER else None

    found: dict[str, Any] = worlds.until(over)
    return found


def go(folder: Path, body: str, image: str = BASE, **fields: Any) -> shardr.Run:
    return worlds.run(folder, one_step(folder, body, image=image, **fields), runner="docker")


def failure(done: shardr.Run) -> str:
    assert done.status == "Failed"
    return done.view.steps[0].failure or ""


def test_shards_go_in_and_one_output_comes_back(tmp_path: Path, home: Path) -> None:
    worlds.files(tmp_path / "data", 5)
    inputs = [{"name": "raw", "source": "data/", "distribution": "ShardedByS3Key"}]
    done = go(tmp_path, f"cp {worlds.IN}/* {OUT}; hostname", inputs=inputs, instance_count=2)
    assert (done.status, done.view.runner) == ("Completed", "docker")
    assert len(done.collect("work", "out")) == 5
    assert (printed(done, "algo-1"), printed(done, "algo-2")) == (["algo-1"], ["algo-2"])
    nothing_is_held(home)
    worlds.until(lambda: not (Home(home).job(done.view.steps[0].jobs[0]).root / "docker.json").exists())


def test_a_script_sees_the_job_and_nothing_of_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-mine")
    body = "cat /opt/ml/config/resourceconfig.json; echo; env -u PWD -u SHLVL -u _ | sort | cut -d= -f1; ls /"
    done = go(tmp_path, body, environment={"LEVEL": "9"})
    found = printed(done)
    assert found[0] == '{"current_host": "algo-1", "hosts": ["algo-1"]}'
    assert found[1:6] == ["AWS_REGION", "HOME", "HOSTNAME", "LEVEL", "PATH"]
    assert "mnt" in found  # the image's own folders
    assert "work" not in found


def test_the_image_keeps_its_own_code_below_opt_ml(tmp_path: Path, odd: str) -> None:
    # on one stream: two have no order between them
    body = "cat /opt/ml/code/own.txt; ls /opt/ml; touch /opt/ml/config/x 2>&1 || echo read-only"
    done = go(tmp_path, body, odd)
    assert printed(done)[:5] == ["own", "code", "config", "output", "processing"]
    assert "read-only" in printed(done)


@pytest.mark.parametrize(
    ("entrypoint", "arguments", "expected"),
    [
        (None, None, "entry cmd"),
        (["echo", "mine"], None, "mine"),
        (None, ["a b", "c"], "entry a b c"),
        (["echo", "mine"], ["a b", ""], "mine a b "),
    ],
)
def test_what_runs_is_by_the_contracts_table(
    home: Path, odd: str, entrypoint: list[str] | None, arguments: list[str] | None, expected: str
) -> None:
    service = LocalSageMaker(Home(home), runner="docker")
    app = {"ImageUri": odd, "ContainerEntrypoint": entrypoint, "ContainerArguments": arguments}
    service.create_processing_job(
        ProcessingJobName="table",
        RoleArn="arn:aws:iam::000000000000:role/any",
        AppSpecification={key: value for key, value in app.items() if value is not None},
        ProcessingResources=RESOURCES,
    )
    assert ended(service, "table")["ProcessingJobStatus"] == "Completed"
    assert Home(home).job("table").log("algo-1").read_text() == f"{expected}\n"


def test_what_another_user_wrote_becomes_ours_even_what_it_closed(tmp_path: Path, odd: str) -> None:
    body = f"id -u; umask 077; mkdir {OUT}/deep; echo 'a' > {OUT}/deep/x.csv; echo 1 >> {OUT}/deep/x.csv"
    done = go(tmp_path, f"{body}; chmod 0 {OUT}/deep/x.csv {OUT}/deep; echo told > /opt/ml/output/message", odd)
    assert (done.status, printed(done)) == ("Completed", ["1234"])
    (path,) = done.view.steps[0].outputs["out"].files
    assert Path(path).stat().st_uid == os.getuid()
    assert list(done.collect("work", "out")["a"]) == [1]


def test_inputs_that_only_their_owner_may_read_reach_an_image_of_another_user(tmp_path: Path, odd: str) -> None:
    worlds.files(tmp_path / "data", 1)
    original = tmp_path / "data" / "part-00.csv"
    original.chmod(0o600)
    done = go(tmp_path, f"cat {worlds.IN}/part-00.csv; echo x > {worlds.IN}/y || echo read-only", odd,
              inputs=[{"name": "raw", "source": "data/"}])  # fmt: skip
    assert {"file,row", "0,0", "read-only"} < set(printed(done))  # errors come by a pipe of their own
    assert original.stat().st_mode & 0o777 == 0o600


def test_inputs_in_a_closed_folder_of_another_disk_reach_an_image_of_another_user(tmp_path: Path, odd: str) -> None:
    """No hard link leads there, and what is mounted instead is the folder with its rights."""
    apart = Path(tempfile.mkdtemp(prefix="shardr-closed-", dir="/dev/shm"))
    try:
        worlds.files(apart / "data", 2)
        (apart / "data").chmod(0o700)
        inputs = [{"name": "raw", "source": f"{apart}/data/"}]
        assert printed(go(tmp_path, f"tail -qn1 {worlds.IN}/*", odd, inputs=inputs)) == ["0,0", "1,0"]
    finally:
        shutil.rmtree(apart)


def test_peers_know_each_other_by_name_and_two_jobs_do_not_meet(tmp_path: Path) -> None:
    """Two jobs at once, both with an algo-1 and an algo-2: each reaches its own."""
    body = """
        mine=$(hostname -i)
        echo "$1 $mine" > /opt/ml/processing/output/out/$(hostname)
        for i in $(seq 50); do getent hosts algo-1 algo-2 > seen && break; sleep 0.1; done
        sort seen | cut -d' ' -f1 | xargs
        sleep 1
    """
    spec = one_step(tmp_path, body, image=BASE, instance_count=2)
    both = [worlds.submit(tmp_path, spec, runner="docker") for _ in range(2)]
    seen = []
    for started in both:
        done = started.wait()
        assert done.status == "Completed"
        assert printed(done, "algo-1") == printed(done, "algo-2")
        seen.append(printed(done, "algo-1")[0])
    assert len(seen[0].split()) == 2
    assert seen[0] != seen[1]


def test_isolated_instances_reach_each_other_and_nobody_else(tmp_path: Path, home: Path) -> None:
    spec = one_step(tmp_path, "getent hosts algo-2 >/dev/null && echo peer; sleep 3", image=BASE)
    spec["steps"][0] |= {"instance_count": 2, "network_isolation": True}
    started = worlds.submit(tmp_path, spec, runner="docker")
    name = worlds.until(lambda: next((n for n in held(home) if not n.startswith("/")), None))
    assert connect().inspect_network(name)["Internal"] is True
    assert "peer" in printed(started.wait(), "algo-1")
    alone = go(tmp_path, "getent hosts algo-1; ls /sys/class/net", network_isolation=True)
    assert printed(alone)[0].split() == ["127.0.0.1", "algo-1"]
    assert printed(alone)[1:] == ["lo"]


def test_an_instance_out_of_memory_is_told_so_with_its_limit(home: Path) -> None:
    """On a machine that has little, so that the test takes little."""
    hungry = ["perl", "-e", "$x = 'a' x (800 << 20)"]
    request = {
        "ProcessingJobName": "hungry",
        "RoleArn": "arn:aws:iam::000000000000:role/any",
        "AppSpecification": {"ImageUri": BASE, "ContainerEntrypoint": hungry},
        "ProcessingResources": RESOURCES,
    }
    assert jobs.launch(Home(home), "hungry", request, docker_world.machine(memory=300 << 20))
    reason = ended(LocalSageMaker(Home(home)), "hungry")["FailureReason"]
    assert "algo-1 of 1 exited with code 137 (SIGKILL; out of memory: its limit is 0.3 GiB" in reason
    assert "ml.m5.large has 8 GiB" in reason


def test_a_script_that_killed_itself_is_not_called_out_of_memory(tmp_path: Path) -> None:
    assert "exited with code 137 (SIGKILL)" in failure(go(tmp_path, "sh -c 'kill -9 $$'"))


def test_failed_instances_are_named_in_order_with_the_error_of_the_first(tmp_path: Path, home: Path) -> None:
    reason = failure(go(tmp_path, "echo 'Error: no such thing'; exit 7", instance_count=3))
    assert reason == ("AlgorithmError: all 3 instances exited with code 7: Error: no such thing")
    nothing_is_held(home)


def test_links_in_an_output_are_not_followed(tmp_path: Path) -> None:
    done = go(tmp_path, f"ln -s /etc/passwd {OUT}/p; ln -s /etc {OUT}/d; echo real > {OUT}/real.txt")
    assert [Path(path).name for path in done.view.steps[0].outputs["out"].files] == ["real.txt"]


def test_what_is_left_running_ends_with_the_script(tmp_path: Path, home: Path) -> None:
    done = go(tmp_path, f"(sleep 60; touch {OUT}/late) & echo bye")
    assert (done.status, printed(done)) == ("Completed", ["bye"])
    assert (done.view.steps[0].seconds or 99) < 30
    nothing_is_held(home)


def test_twenty_instances_run_at_once_and_share_the_memory(tmp_path: Path) -> None:
    cgroup = "/sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes"  # of version 2, of version 1
    body = f"hostname > {OUT}/$(hostname); cat {cgroup} 2>/dev/null | head -1"
    done = go(tmp_path, body, instance_count=20, instance_type="ml.r5.24xlarge")
    assert len(done.view.steps[0].outputs["out"].files) == 20
    total = connect().info()["MemTotal"]
    assert all(0 < int(printed(done, f"algo-{i}")[0]) <= total / 20 for i in (1, 7, 20))
    assert "20 instances" in done.view.steps[0].notices[0]


def test_an_image_that_is_not_there_is_refused_before_anything_runs(tmp_path: Path, home: Path) -> None:
    with pytest.raises(shardr.ImageError) as caught:
        go(tmp_path, "true", "nobody/nothing:1")
    assert (caught.value.what, caught.value.fix) == (
        "the image nobody/nothing:1 is not on this machine",
        "`shardr images build FOLDER` makes it of a folder with a Dockerfile, `docker pull nobody/nothing:1` gets it",
    )
    assert not (home / "jobs").exists() or not list((home / "jobs").iterdir())


def test_a_program_that_the_image_lacks_is_named(tmp_path: Path, home: Path) -> None:
    reason = failure(go(tmp_path, "true", command=["no-such-program"], instance_count=2))
    assert f'the program "no-such-program" is not in the image {BASE}' in reason
    nothing_is_held(home)


@pytest.mark.parametrize(
    ("lines", "arguments", "words"),
    [
        ("ENTRYPOINT []\nCMD []", None, "runs nothing by itself"),
        ("ENTRYPOINT []\nCMD []", ["--flag"], 'the program "--flag" is not in the image shardr-test/wrong'),
        ('ENTRYPOINT ["/gone"]', ["--flag"], 'the program "/gone" is not in the image shardr-test/wrong'),
        ("USER nobody-here", ["true"], "the image shardr-test/wrong lacks its own user"),
    ],
)
def test_what_is_wrong_with_an_image_is_told_in_plain_words(
    home: Path, lines: str, arguments: list[str] | None, words: str
) -> None:
    service = LocalSageMaker(Home(home), runner="docker")
    with docker_world.built("shardr-test/wrong", f"FROM {BASE}\n{lines}\n") as image:
        service.create_processing_job(
            ProcessingJobName="wrong",
            RoleArn="arn:aws:iam::000000000000:role/any",
            AppSpecification={"ImageUri": image, **({"ContainerArguments": arguments} if arguments else {})},
            ProcessingResources=RESOURCES,
        )
        about = ended(service, "wrong")
    assert (about["ProcessingJobStatus"], words in about["FailureReason"]) == ("Failed", True)
    nothing_is_held(home)


def test_an_image_for_another_architecture_is_named_with_the_way_out(tmp_path: Path) -> None:
    """A program that this processor cannot run, in an image that says whose it is."""
    import io
    import tarfile

    foreign = b"\x7fELF\x02\x01\x01" + bytes(9) + (2).to_bytes(2, "little") + (0xB7).to_bytes(2, "little") + bytes(100)
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        about = tarfile.TarInfo("program")
        about.size, about.mode = len(foreign), 0o755
        tar.addfile(about, io.BytesIO(foreign))
    client = connect()
    theirs = "arm64" if docker_world.machine()["architecture"] == "amd64" else "amd64"
    client.import_image_from_data(layer.getvalue(), repository="shardr-test/foreign", tag="1")
    try:
        from_foreign = f"FROM --platform=linux/{theirs} shardr-test/foreign:1\n"
        list(
            client.build(
                fileobj=io.BytesIO(from_foreign.encode()), tag="shardr-test/foreign:1", platform=f"linux/{theirs}"
            )
        )
        spec = {"name": "w", "steps": [{"name": "work", "image": "shardr-test/foreign:1", "command": ["/program"]}]}
        reason = failure(worlds.run(tmp_path, spec, runner="docker"))
    finally:
        client.remove_image("shardr-test/foreign:1", force=True)
    assert "exec format error" in reason


def test_the_proxies_of_this_machine_reach_no_script(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may hold a password, and the environment is the request's."""
    from shardr.local.contract import Tree
    from shardr.local.docker import daemon
    from shardr.local.runners.base import Instance
    from shardr.local.runners.docker import DockerRunner
    from shardr.local.work.processing import ProcessingWork
    from shardr.requests.facts import facts

    (tmp_path / "config.json").write_text('{"proxies": {"default": {"httpProxy": "http://me:secret@proxy:3128"}}}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    daemon._connected.cache_clear()
    runner = DockerRunner(docker_world.machine(), Home(home).job("lone").root, lambda name: True, lambda: False)
    root = Home(home).job("lone").instance("algo-1")
    app = {"AppSpecification": {"ImageUri": BASE}, "ProcessingResources": RESOURCES}
    ProcessingWork(facts(app), app, Home(home).job("lone")).prepare(Tree(root), "algo-1", ["algo-1"])
    log = root.parent / "algo-1.log"
    instance = Instance(
        job="lone",
        host="algo-1",
        hosts=["algo-1"],
        root=root,
        image=BASE,
        instance_type="ml.m5.large",
        config="/opt/ml/config",
        inputs=[],
        outputs=[],
        driven=[],
        linked={},
        entrypoint=["env"],
        arguments=None,
        environment={"A": "1"},
        network_isolation=True,
        log=log,
    )
    assert runner.start([instance])["algo-1"].wait() == 0
    runner.close()
    daemon._connected.cache_clear()
    assert "A=1" in log.read_text()
    assert "proxy" not in log.read_text().lower()
