"""Training steps that are sent to SageMaker, which here is a server of another home."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Any

import boto3
import worlds

import shardr

if TYPE_CHECKING:
    from pathlib import Path

    from shardr.local.serving import Served

ROLE = "arn:aws:iam::000000000000:role/anyone"
BODY = """\
    echo "[shardr] share=$(ls $SM_CHANNEL_TRAIN | wc -l)"
    (echo file,row; tail -qn +2 $SM_CHANNEL_TRAIN/*) > $SM_MODEL_DIR/$SM_CURRENT_HOST.csv
    """


def training(folder: Path, **fields: Any) -> dict[str, Any]:
    """A spec whose one training step keeps the files that each instance got."""
    worlds.files(folder / "data", 3)
    step: dict[str, Any] = {
        "name": "work",
        "type": "training",
        "code": worlds.script(folder, BODY),
        "instance_count": 2,
        "metrics": ["share"],
        "inputs": [{"name": "train", "source": "data/", "distribution": "ShardedByS3Key"}],
        **fields,
    }
    return {"name": "world", "steps": [step]}


def names(archive: Path) -> list[str]:
    with tarfile.open(archive) as found:
        return sorted(found.getnames())


def test_a_training_step_alone_is_one_job_whose_model_and_metrics_come_back(served: Served, tmp_path: Path) -> None:
    done = shardr.run(training(tmp_path), engine="sagemaker", role=ROLE, base=tmp_path)
    assert done.status == "Completed"
    step = done.step("work")
    job = boto3.client("sagemaker").describe_training_job(TrainingJobName=step.job)
    assert job["TrainingJobStatus"] == "Completed"
    assert step.metrics == {"share": 2.0}
    assert step.outputs["model"].uri == job["ModelArtifacts"]["S3ModelArtifacts"]
    assert [path.name for path in done.files("work", "model")] == ["algo-1.csv", "algo-2.csv"]
    assert done.collect("work", "model")["file"].tolist() == [0, 2, 1]
    assert {line.text for line in done.logs(instance="algo-2")} == {"[shardr] share=1"}
    assert shardr.describe(str(step.job))["TrainingJobStatus"] == "Completed"


def test_metrics_are_read_from_the_logs_there_by_the_definitions_that_were_sent(served: Served, tmp_path: Path) -> None:
    done = shardr.run(training(tmp_path), engine="sagemaker", role=ROLE, base=tmp_path)
    assert done.metrics().values.tolist() == [
        ["work", "algo-1", "share", 1, 1, 2.0],
        ["work", "algo-2", "share", 1, 1, 1.0],
    ]


def test_a_training_step_among_others_reads_and_is_read_in_one_pipeline(served: Served, tmp_path: Path) -> None:
    spec = training(tmp_path)
    first = worlds.script(tmp_path, f"cp {worlds.IN}/* {worlds.OUT}/", "first.sh")
    raw = {"name": "raw", "source": "data"}
    spec["steps"].insert(0, {"name": "copy", "code": first, "inputs": [raw], "outputs": ["out"]})
    spec["steps"][1]["inputs"][0]["source"] = {"step": "copy", "output": "out"}
    inside = "/opt/ml/processing/input"
    last = worlds.script(tmp_path, f"tar xzf {inside}/model/model.tar.gz -C {worlds.OUT}; ls {inside}/rest", "last.sh")
    sources = [
        {"name": n, "source": {"step": "work", "output": o}} for n, o in (("model", "model"), ("rest", "output"))
    ]
    spec["steps"].append({"name": "open", "code": last, "inputs": sources, "outputs": ["out"]})
    done = shardr.run(spec, engine="sagemaker", role=ROLE, base=tmp_path)
    assert done.status == "Completed", [step.failure for step in done.steps]
    assert done.collect("open", "out")["file"].tolist() == [0, 2, 1]
    assert [line.text for line in done.logs(step="open")] == ["output.tar.gz"]
    assert done.step("work").metrics == {"share": 2.0}


def test_a_training_job_is_stopped_by_its_name_and_its_model_is_kept(served: Served, tmp_path: Path) -> None:
    spec = training(tmp_path, instance_count=1)
    body = "trap 'exit 0' TERM; echo x > $SM_MODEL_DIR/x; echo written; while true; do sleep 0.05; done"
    spec["steps"][0]["code"] = worlds.script(tmp_path, body)
    started = shardr.submit(spec, engine="sagemaker", role=ROLE, base=tmp_path)
    job = str(started.refresh().step("work").job)
    client = boto3.client("sagemaker")
    worlds.until(lambda: "written" in worlds.printed(started))
    assert client.describe_training_job(TrainingJobName=job)["SecondaryStatus"] == "Training"
    shardr.stop(job)
    assert started.wait().status == "Stopped"
    uri = client.describe_training_job(TrainingJobName=job)["ModelArtifacts"]["S3ModelArtifacts"]
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    boto3.client("s3").download_file(bucket, key, str(tmp_path / "model.tar.gz"))
    assert names(tmp_path / "model.tar.gz") == ["x"]
