"""A user who is not root has the daemon: what containers write is that user's, and nobody else's file is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import docker_world
import pytest
import worlds
from docker_world import BASE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.usefixtures("docker_host"),
    pytest.mark.skipif(os.getuid() != 0, reason="the other tests are of this kind where they do not run as root"),
]
USER = 4321


@pytest.fixture(scope="module")
def odd(docker_host: str) -> Iterator[str]:
    yield from docker_world.odd_image()


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of the other user; not below pytest's own, which is closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="shardr-another-"))
    os.chown(folder, USER, USER)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def as_another(docker_host: str, place: Path) -> Callable[..., str]:
    """Runs Python as a user in the group that may use the daemon; gives what it printed."""
    group = Path(docker_host.removeprefix("unix://")).stat().st_gid
    who = ["setpriv", f"--reuid={USER}", f"--regid={USER}", f"--groups={group}"]
    if subprocess.run([*who, "test", "-r", worlds.__file__], check=False).returncode:
        pytest.skip("this checkout is closed to other users of the machine")
    paths = [str(Path(module.__file__ or "").parent) for module in (worlds, docker_world)]
    environment = {**os.environ, "SHARDR_HOME": str(place / "home"), "HOME": str(place), "PYTHONPATH": ":".join(paths)}

    def run(program: str, *arguments: str) -> str:
        command = [*who, sys.executable, "-B", "-c", START + program, str(place), *arguments]
        done = subprocess.run(command, env=environment, cwd=place, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


START = """
import os, sys
from pathlib import Path
import worlds
folder = Path(sys.argv[1])
os.umask(0o077)
"""

WRITE = """
worlds.files(folder / "data", 1)
deep = f"{worlds.OUT}/deep"
body = f"id -u; mkdir {deep}; cp {worlds.IN}/* {deep}; chmod 0 {deep}/* {deep}"
spec = worlds.one_step(folder, body, image=sys.argv[2], inputs=[{"name": "raw", "source": "data/"}])
done = worlds.run(folder, spec, runner="docker")
found = done.view.steps[0].outputs["out"].files
print(done.status, worlds.printed(done), [os.stat(path).st_uid for path in found], len(done.collect("work", "out")))
"""


def test_the_user_owns_what_root_and_others_wrote(as_another: Callable[..., str], odd: str) -> None:
    assert as_another(WRITE, BASE) == f"Completed ['0'] [{USER}] 1\n"
    assert as_another(WRITE, odd) == f"Completed ['1234'] [{USER}] 1\n"


GIVEN = """
body = f"echo x > {worlds.OUT}/x; chmod 700 {worlds.OUT}; chown 99 {worlds.OUT}"
print(worlds.run(folder, worlds.one_step(folder, body, image=sys.argv[2]), runner="docker").status)
"""


def test_an_output_that_a_script_gave_away_comes_back(as_another: Callable[..., str]) -> None:
    """As entrypoints do that go on as a user without rights."""
    assert as_another(GIVEN, BASE) == "Completed\n"


THEIRS = """
spec = worlds.one_step(folder, f"cp {worlds.IN}/* {worlds.OUT}", image=sys.argv[2],
                       inputs=[{"name": "raw", "source": f"{folder}/shared/"}])
print(worlds.run(folder, spec, runner="docker").status)
"""


def test_a_colleagues_file_that_an_instance_reads_stays_the_colleagues(
    as_another: Callable[..., str], place: Path
) -> None:
    """Who may write to a file may also link to it."""
    shared = worlds.files(place / "shared", 1) / "part-00.csv"
    os.chown(shared, 5555, 5555)
    shared.chmod(0o666)
    assert as_another(THEIRS, BASE) == "Completed\n"
    assert (shared.stat().st_uid, shared.stat().st_gid) == (5555, 5555)


KILLED = """
import signal
from docker_world import held
from shardr.local.home import Home
from shardr.local.store import Store
home = Home.default()
body = f"mkdir {worlds.OUT}/deep; touch {worlds.OUT}/deep/x; chmod 700 {worlds.OUT}/deep; echo begun; exec sleep 300"
run = worlds.submit(folder, worlds.one_step(folder, body, image=sys.argv[2]), runner="docker")
worlds.until(lambda: worlds.printed(run))
job = run.view.steps[0].jobs[0]
os.kill(Store(home.store).job(job).pid, signal.SIGKILL)
worlds.until(lambda: Store(home.store).job(job).over)
worlds.until(lambda: not held(home.root) and sorted(os.listdir(home.job(job).root))[0] == "logs")
print(Store(home.store).job(job).status)
"""


def test_a_killed_supervisor_leaves_no_file_of_its_containers(as_another: Callable[..., str], odd: str) -> None:
    assert as_another(KILLED, odd) == "Failed\n"


CLOSED = """
for what in ("message", "."):
    body = f"echo told > /opt/ml/output/message; chmod 0 /opt/ml/output/{what}"
    done = worlds.run(folder, worlds.one_step(folder, body, image=sys.argv[2]), runner=sys.argv[3])
    print(done.status, done.view.steps[0].failure)
"""


@pytest.mark.parametrize("runner", ["process", "docker"])
def test_a_message_that_its_script_has_closed_is_read(as_another: Callable[..., str], runner: str) -> None:
    assert as_another(CLOSED, BASE, runner).splitlines() == ["Completed None", "Completed None"]


TAKEN_AWAY = """
body = '''
cd /opt/ml/checkpoints; umask 077; mkdir -p deep
at=$(cat deep/at 2>/dev/null || echo 0); echo "from $at"
while [ $at -lt 45 ]; do at=$((at + 1)); echo $at > deep/at; sleep 0.1; done; echo $at > /opt/ml/model/at
'''
step = {"name": "work", "type": "training", "code": worlds.script(folder, body), "image": sys.argv[2],
        "spot": True, "checkpoints": True, "interruptions": [2.5]}
done = worlds.run(folder, {"name": "world", "steps": [step]}, runner="docker")
print(done.status, done.view.steps[0].failure, len(worlds.printed(done)), worlds.printed(done)[1] > "from 1")
"""


def test_checkpoints_that_an_images_user_has_closed_are_kept_when_they_are_ours_again(
    as_another: Callable[..., str], odd: str
) -> None:
    """While containers run they can be looked at by nobody else, and that fails nothing."""
    assert as_another(TAKEN_AWAY, odd) == "Completed None 2 True\n"


DRIVEN = """
import shardr
from shardr.engines.base import OVER
from shardr.local.home import Home
home = Home.default()
home.make()
drivers = "/opt/ml/input/data/sm_drivers"
path = home.storage.path("s3://mine/drivers/run")
path.parent.mkdir(parents=True)
path.write_text("#!/bin/sh\\necho x > /opt/ml/input/env; mkdir -p -m 700 made; id -u > /opt/ml/model/user")
client = shardr.local_session(runner="docker").client("sagemaker")
source = {"S3DataType": "S3Prefix", "S3Uri": "s3://mine/drivers/"}
client.create_training_job(
    TrainingJobName="driven", RoleArn="arn:aws:iam::000000000000:role/any",
    AlgorithmSpecification={
        "TrainingImage": sys.argv[2], "TrainingInputMode": "File", "ContainerEntrypoint": ["sh", "-c"],
        "ContainerArguments": [f"cd {drivers} && chmod +x run && ./run"]},
    InputDataConfig=[{"ChannelName": "sm_drivers", "DataSource": {"S3DataSource": source}}],
    OutputDataConfig={"S3OutputPath": "s3://mine/out"}, StoppingCondition={"MaxRuntimeInSeconds": 60},
    ResourceConfig={"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1})
about = lambda: client.describe_training_job(TrainingJobName="driven")
worlds.until(lambda: about()["TrainingJobStatus"] in OVER)
worlds.until(lambda: not home.job("driven").instance("algo-1").exists())
print(about()["TrainingJobStatus"], about().get("FailureReason"))
"""


def test_code_that_drivers_make_fit_to_run_is_given_to_the_images_user_and_comes_back(
    as_another: Callable[..., str], odd: str
) -> None:
    assert as_another(DRIVEN, odd) == "Completed None\n"
