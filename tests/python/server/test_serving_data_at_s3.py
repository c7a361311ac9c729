"""Jobs sent to a server whose own settings name another S3 than that which it is itself to its clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from server_world import find, request, serving
from worlds import one_step, run, s3_over, until

import shardr
from shardr.storage.elsewhere import OURSELVES

if TYPE_CHECKING:
    from pathlib import Path


def test_jobs_read_from_the_s3_of_the_servers_settings_which_its_clients_do_not_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "far" / "bucket" / "data").mkdir(parents=True)
    (tmp_path / "far" / "bucket" / "data" / "a.txt").write_text("from afar\n")
    source = {
        "S3Uri": "s3://bucket/data/", "LocalPath": "/opt/ml/processing/in", "S3DataType": "S3Prefix",
        "S3InputMode": "Pipe",
    }  # fmt: skip
    out = {"S3Uri": "s3://near/out/", "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"}
    job = request(
        "one",
        "cat /opt/ml/processing/in_0 > /opt/ml/processing/out/a.txt",
        ProcessingInputs=[{"InputName": "in", "S3Input": source}],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "out", "S3Output": out}]},
    )
    with s3_over(tmp_path / "far") as far:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", far.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        with serving() as served:
            find(monkeypatch, served)
            client = boto3.client("sagemaker")
            client.create_processing_job(**job)
            done = until(lambda: _over(client.describe_processing_job(ProcessingJobName="one")))
            assert done["ProcessingJobStatus"] == "Completed", done.get("FailureReason")
            found = boto3.client("s3").get_object(Bucket="near", Key="out/a.txt")["Body"].read()
            assert found == b"from afar\n"
            assert boto3.client("s3").list_buckets()["Buckets"][0]["Name"] == "near"


def test_in_the_environment_of_a_servers_clients_that_server_is_never_asked_for_what_it_does_not_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = one_step(tmp_path, "true", inputs=[{"name": "raw", "source": "s3://nowhere/data/"}])
    with serving() as served:
        find(monkeypatch, served)
        with pytest.raises(shardr.SpecError, match="matches no file") as error:
            run(tmp_path, spec)
    assert OURSELVES in str(error.value)


def _over(found: dict[str, str]) -> dict[str, str] | None:
    return None if found["ProcessingJobStatus"] == "InProgress" else found
