"""How jobs end whose channels are streamed: read half, left unread, killed, stopped; each time nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from test_pipe_mode import READ
from worlds import piped, printed, run, submit, until

import shardr
from shardr.engines.base import OVER
from shardr.local.home import Home
from shardr.local.store import Store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A folder with more than anybody reads: an object that begins with a line and has no blocks on the disk."""
    folder = tmp_path / "data"
    folder.mkdir()
    with (folder / "big").open("wb") as file:
        file.write(b"first\n")
        file.truncate(1 << 40)
    return folder


def nothing_is_left(home: Path, job: str) -> None:
    """Fails unless all that stays of a job are its logs; FIFOs were in the folder of an instance."""
    folder = Home(home).job(job).root
    until(lambda: [path.name for path in folder.iterdir() if path.is_dir()] == ["logs"])


def test_a_reader_that_dies_gets_its_script_the_next_epoch_from_the_beginning(tmp_path: Path, endless: Path) -> None:
    body = f"{READ} sleep 60 < train_0 & until [ -e train_1 ]; do :; done; kill -9 $!; wait $! || head -n 1 train_1"
    done = run(tmp_path, piped(tmp_path, body))
    assert (done.status, printed(done)[-1]) == ("Completed", "first"), done.step("work").failure


def test_a_script_that_is_killed_in_the_middle_of_an_epoch_fails_its_job_at_once(
    tmp_path: Path, home: Path, endless: Path
) -> None:
    start = time.monotonic()
    failed = run(tmp_path, piped(tmp_path, f"{READ} exec 3< train_0; head -n 1 <&3; kill -9 $$", instance_count=2))
    assert "exited with code 137 (SIGKILL" in str(failed.step("work").failure)
    assert time.monotonic() - start < 30
    nothing_is_left(home, str(failed.step("work").job))


@pytest.mark.parametrize(
    "body",
    ["echo ready; sleep 60", "exec 3< train_0; echo ready; sleep 60", "echo ready; cat train_0 > /dev/null"],
    ids=["nobody reads", "the writer waits", "all is read"],
)
def test_a_job_that_is_stopped_ends_at_once_whoever_waits(tmp_path: Path, home: Path, endless: Path, body: str) -> None:
    started = submit(tmp_path, piped(tmp_path, f"{READ} {body}"))
    until(lambda: printed(started))
    start = time.monotonic()
    stopped = started.stop().wait()
    assert stopped.status == "Stopped"
    assert time.monotonic() - start < 20
    nothing_is_left(home, str(stopped.step("work").job))


def test_what_a_killed_supervisor_streamed_goes_with_it(tmp_path: Path, home: Path, endless: Path) -> None:
    nap = f"sleep 62.{os.getpid()}"  # nobody else on the machine sleeps so
    body = f"{READ} exec 3< train_0; head -n 1 <&3; ( exec cat <&3 > /dev/null ) & exec {nap}"
    started = submit(tmp_path, piped(tmp_path, body))
    until(lambda: printed(started))
    row = Store(Home(home).store).job(str(started.step("work").job))
    assert row is not None
    assert row.pid is not None
    os.kill(row.pid, signal.SIGKILL)
    failed = started.wait()
    assert "supervisor of this job has died" in str(failed.step("work").failure)
    until(lambda: nap not in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout)
    nothing_is_left(home, row.name)


def test_an_epoch_that_is_opened_and_left_unread_fails_the_job_when_the_time_is_over(
    tmp_path: Path, home: Path, endless: Path
) -> None:
    """The time is a tag of the request, for who wants to rehearse it."""
    session = shardr.local_session()
    s3, client = session.client("s3"), session.client("sagemaker")
    s3.create_bucket(Bucket="mine")
    s3.put_object(Bucket="mine", Key="train/zeros", Body=bytes(4_000_000))
    script = "exec 3< /opt/ml/input/data/train_0; echo ready; sleep 60"
    client.create_training_job(
        **request("left", ["/bin/sh", "-c", script]), Tags=[{"Key": "shardr:pipe-idle-seconds", "Value": "0.5"}]
    )
    about = ended(client, "left")
    assert about["TrainingJobStatus"] == "Failed"
    assert "SageMaker pipe channel timed out: train_0 was not read for 0.5 seconds" in about["FailureReason"]
    nothing_is_left(home, "left")


def test_a_manifest_that_names_an_object_that_is_not_there_fails_the_job_before_it_starts(home: Path) -> None:
    session = shardr.local_session()
    s3, client = session.client("s3"), session.client("sagemaker")
    s3.create_bucket(Bucket="mine")
    s3.put_object(Bucket="mine", Key="train/a", Body=b"1\n")
    s3.put_object(Bucket="mine", Key="list.json", Body=b'[{"prefix": "s3://mine/train/"}, "a", "gone"]')
    asked = request("listed", ["/bin/sh", "-c", "echo ready"], "ManifestFile", "s3://mine/list.json")
    client.create_training_job(**asked)
    about = ended(client, "listed")
    assert about["TrainingJobStatus"] == "Failed"
    assert "s3://mine/list.json names " in about["FailureReason"]
    assert "train/gone, which is not there" in about["FailureReason"]
    assert not Home(home).job("listed").log("algo-1").exists()


def request(name: str, entrypoint: list[str], kind: str = "S3Prefix", uri: str = "s3://mine/train/") -> dict[str, Any]:
    """A training job with one channel in mode Pipe."""
    return {
        "TrainingJobName": name,
        "RoleArn": "arn:aws:iam::000000000000:role/any",
        "AlgorithmSpecification": {
            "TrainingImage": "any",
            "TrainingInputMode": "Pipe",
            "ContainerEntrypoint": entrypoint,
        },
        "InputDataConfig": [
            {"ChannelName": "train", "DataSource": {"S3DataSource": {"S3DataType": kind, "S3Uri": uri}}}
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://mine/out"},
        "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }


def ended(client: Any, name: str) -> dict[str, Any]:
    """The description of a training job that is over."""

    def over() -> dict[str, Any] | None:
        about: dict[str, Any] = client.describe_training_job(TrainingJobName=name)
        return about if about["TrainingJobStatus"] in OVER else None

    found: dict[str, Any] = until(over, 30)
    return found
