"""boto3's own clients, waiters, paginators and exceptions over the local engine, in this process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import worlds
from botocore.exceptions import ClientError, ParamValidationError

import shardr
from shardr.cli.app import main

if TYPE_CHECKING:
    from shardr.engines.session import LocalSession

GROUP = "/aws/sagemaker/ProcessingJobs"


def request(name: str, command: str = "true", instances: int = 1, **more: Any) -> dict[str, Any]:
    cluster = {"InstanceCount": instances, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}
    return {
        "ProcessingJobName": name,
        "ProcessingResources": {"ClusterConfig": cluster},
        "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["bash", "-c", command]},
        "RoleArn": "arn:aws:iam::000000000000:role/anyone",
        **more,
    }


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> LocalSession:
    """A session in an environment that would lead any other one astray."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere.pem")
    return shardr.local_session()


def wait(client: Any, name: str) -> dict[str, Any]:
    waiter = client.get_waiter("processing_job_completed_or_stopped")
    waiter.wait(ProcessingJobName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 400})
    found: dict[str, Any] = client.describe_processing_job(ProcessingJobName=name)
    return found


def test_a_job_of_boto3_runs_here_and_is_seen_by_the_verbs(session: LocalSession) -> None:
    client = session.client("sagemaker")
    arn = client.create_processing_job(**request("one", "echo done > /opt/ml/output/message"))["ProcessingJobArn"]
    assert arn == f"arn:aws:sagemaker:{session.region_name}:000000000000:processing-job/one"
    done = wait(client, "one")
    assert (done["ProcessingJobStatus"], done["ExitMessage"]) == ("Completed", "done\n")
    assert shardr.describe("one")["ProcessingEndTime"] == done["ProcessingEndTime"]


def test_refusals_are_the_services_own_exceptions(session: LocalSession) -> None:
    client = session.client("sagemaker")
    client.create_processing_job(**request("one"))
    with pytest.raises(client.exceptions.ResourceInUse, match="one"):
        client.create_processing_job(**request("one"))
    with pytest.raises(client.exceptions.ResourceNotFound, match="nobody") as missing:
        client.stop_processing_job(ProcessingJobName="nobody")
    assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(ParamValidationError, match="InstanceCount"):  # botocore's own check, before anything is sent
        client.create_processing_job(**request("two", instances="many"))  # type: ignore[arg-type]
    wrong = request("a_b")
    wrong["ProcessingResources"]["ClusterConfig"]["InstanceType"] = "ml.m5.huge"
    wrong["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 101
    with pytest.raises(ClientError) as refused:
        client.create_processing_job(**wrong)
    message = refused.value.response["Error"]["Message"]
    assert message.startswith("3 validation errors detected: Value 'a_b' at 'processingJobName' failed to satisfy")
    assert (
        "'101' at 'processingResources.clusterConfig.instanceCount' failed to satisfy constraint: Member must"
        in message
    )
    assert "'ml.m5.huge' at 'processingResources.clusterConfig.instanceType'" in message
    with pytest.raises(ClientError, match=r"UnknownOperationException.*ListAlgorithms"):
        client.list_algorithms()
    assert wait(client, "one")["ProcessingJobStatus"] == "Completed"
    client.stop_processing_job(ProcessingJobName="one")  # one that is over stays as it is


def test_paginators_walk_all_jobs_once(session: LocalSession) -> None:
    client = session.client("sagemaker")
    names = {f"job-{i}" for i in range(5)}
    for name in names:
        client.create_processing_job(**request(name))
    pages = client.get_paginator("list_processing_jobs").paginate(PaginationConfig={"PageSize": 2})
    listed = [job["ProcessingJobName"] for page in pages for job in page["ProcessingJobSummaries"]]
    assert sorted(listed) == sorted(names)
    with pytest.raises(ClientError, match=r"ValidationException.*NextToken"):
        client.list_processing_jobs(NextToken="made up")
    for name in names:
        wait(client, name)


def test_what_instances_print_is_read_from_cloudwatch_as_the_sdk_reads_it(session: LocalSession) -> None:
    """By (time, how many of that time are known), as SDK 2 does, and by tokens, as SDK 3 does, while it is printed."""
    client, logs = session.client("sagemaker"), session.client("logs")
    more = "for i in 1 2 3; do echo line $i; sleep 0.05; done; echo; printf 'no end ä'"
    client.create_processing_job(**request("one", f"echo first; sleep 0.3; {more}", instances=2))

    def streams() -> list[str]:
        found = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix="one/", orderBy="LogStreamName")
        return [stream["logStreamName"] for stream in found["logStreams"]]

    names = worlds.until(lambda: streams() if len(streams()) == 2 else None)
    assert [name.rpartition("-")[0] for name in names] == ["one/algo-1", "one/algo-2"]
    by_time: list[str] = []
    by_token: list[str] = []
    at, skip, token = 0, 0, {}
    while True:
        over = client.describe_processing_job(ProcessingJobName="one")["ProcessingJobStatus"] == "Completed"
        found = logs.get_log_events(logGroupName=GROUP, logStreamName=names[0], startTime=at, startFromHead=True)
        for event in found["events"][skip:]:
            skip = skip + 1 if event["timestamp"] == at else 1
            at = event["timestamp"]
            by_time.append(event["message"])
        found = logs.get_log_events(logGroupName=GROUP, logStreamName=names[0], startFromHead=True, **token)
        by_token += [event["message"] for event in found["events"]]
        token = {"nextToken": found["nextForwardToken"]}
        if over:
            break
    assert by_time == by_token == ["first", "line 1", "line 2", "line 3", " ", "no end ä"]
    every = logs.get_paginator("filter_log_events").paginate(
        logGroupName=GROUP, logStreamNamePrefix="one/", filterPattern='"line" -3', PaginationConfig={"PageSize": 3}
    )
    lines = [event["message"] for page in every for event in page["events"]]
    assert sorted(lines) == ["line 1", "line 1", "line 2", "line 2"]
    tail = logs.get_log_events(logGroupName=GROUP, logStreamName=names[1], limit=2)
    assert [event["message"] for event in tail["events"]] == [" ", "no end ä"]
    before = logs.get_log_events(
        logGroupName=GROUP, logStreamName=names[1], limit=2, nextToken=tail["nextBackwardToken"]
    )
    assert [event["message"] for event in before["events"]] == ["line 2", "line 3"]
    with pytest.raises(logs.exceptions.ResourceNotFoundException, match="stream does not exist"):
        logs.get_log_events(logGroupName=GROUP, logStreamName="one/algo-3-1")
    with pytest.raises(logs.exceptions.InvalidParameterException, match="nextToken"):
        logs.get_log_events(logGroupName=GROUP, logStreamName=names[0], nextToken="f/x")


def test_the_role_is_found_as_the_sdk_finds_it(session: LocalSession) -> None:
    client = session.client("sts", region_name="us-east-1", endpoint_url="https://sts.us-east-1.amazonaws.com")
    caller = client.get_caller_identity()
    assert caller["Arn"] == f"arn:aws:sts::{caller['Account']}:assumed-role/shardr-local/shardr-local"
    role = session.client("iam").get_role(RoleName="shardr-local")["Role"]
    assert role["Arn"] == session.resource("iam").Role("shardr-local").arn
    assert role["Arn"] == f"arn:aws:iam::{caller['Account']}:role/shardr-local"


def test_tags_are_those_of_the_request_until_they_are_changed(session: LocalSession) -> None:
    client = session.client("sagemaker")
    arn = client.create_processing_job(**request("one", Tags=[{"Key": "team", "Value": "a"}]))["ProcessingJobArn"]
    assert client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "a"}]
    client.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "b"}, {"Key": "cost", "Value": "0"}])
    pages = client.get_paginator("list_tags").paginate(ResourceArn=arn, PaginationConfig={"PageSize": 50})
    found = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
    assert found == {"team": "b", "cost": "0"}
    client.delete_tags(ResourceArn=arn, TagKeys=["team", "never there"])
    assert client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "cost", "Value": "0"}]
    with pytest.raises(ClientError, match=r"ResourceNotFound.*nobody"):
        client.list_tags(ResourceArn=arn.replace("one", "nobody"))
    assert wait(client, "one")["ProcessingJobStatus"] == "Completed"


def test_objects_put_by_its_s3_are_what_a_job_reads_and_its_outputs_are_objects(
    session: LocalSession, home: Path
) -> None:
    s3, client = session.client("s3"), session.client("sagemaker")
    s3.create_bucket(Bucket="data")
    session.resource("s3").Object("data", "in/a.csv").put(Body=b"x\n1\n")
    (home / "s3/data/in/.half.written").write_text("hidden")
    (home / "s3/data/linked").symlink_to(home / "s3/data/in")

    def listed() -> bool:  # what is written beside it is seen 20 ms later
        return [o["Key"] for o in s3.list_objects_v2(Bucket="data")["Contents"]] == ["in/a.csv", "linked/a.csv"]

    worlds.until(listed)
    source = {"S3Uri": "s3://data/in/", "LocalPath": "/opt/ml/processing/in", "S3DataType": "S3Prefix"}
    target = {"S3Uri": "s3://data/out", "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"}
    client.create_processing_job(
        **request(
            "one",
            "tr 1 2 < /opt/ml/processing/in/a.csv > /opt/ml/processing/out/b.csv",
            ProcessingInputs=[{"InputName": "in", "S3Input": {**source, "S3InputMode": "File"}}],
            ProcessingOutputConfig={"Outputs": [{"OutputName": "out", "S3Output": target}]},
        )
    )
    assert wait(client, "one")["ProcessingJobStatus"] == "Completed"
    assert s3.get_object(Bucket="data", Key="out/b.csv")["Body"].read() == b"x\n2\n"
    session.close()


def test_an_input_without_objects_fails_the_job_as_the_service_does(session: LocalSession) -> None:
    client = session.client("sagemaker")
    source = {"S3Uri": "s3://data/none/", "LocalPath": "/opt/ml/processing/in", "S3DataType": "S3Prefix"}
    inputs = [{"InputName": "in", "S3Input": {**source, "S3InputMode": "File"}}]
    client.create_processing_job(**request("one", ProcessingInputs=inputs))
    done = wait_failed(client, "one")
    assert "No S3 objects found under S3 URL s3://data/none/ given in input" in done["FailureReason"]


def wait_failed(client: Any, name: str) -> dict[str, Any]:
    def failed() -> dict[str, Any] | None:
        found: dict[str, Any] = client.describe_processing_job(ProcessingJobName=name)
        return found if found["ProcessingJobStatus"] == "Failed" else None

    found: dict[str, Any] = worlds.until(failed)
    return found


def test_what_serves_its_s3_ends_with_the_process_however_that_ends() -> None:
    code = """
import os, shardr
session = shardr.local_session()
session.client("s3").list_buckets()
print(session._objects.pid, session._keys.secret, flush=True)
input()
os._exit(9)
"""
    words = [sys.executable, "-c", code]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pid, secret = process.stdout.readline().split()
    told = Path(f"/proc/{pid}/cmdline").read_text()
    assert "rclone" in told
    assert secret not in told
    process.communicate("\n")
    worlds.until(lambda: not alive(int(pid)))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # nobody may be there to bury it
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_no_other_service_is_reached(session: LocalSession) -> None:
    with pytest.raises(shardr.OperationError, match="DescribeRepositories of ecr"):
        session.client("ecr").describe_repositories()
    with pytest.raises(shardr.OperationError, match="ListBuckets of s3"):
        session.client("s3", endpoint_url="http://127.0.0.1:9").list_buckets()


def test_a_job_of_a_client_is_listed_told_followed_stopped_and_collected_by_the_verbs(
    session: LocalSession, capsys: pytest.CaptureFixture[str]
) -> None:
    client = session.client("sagemaker")
    target = {"S3Uri": "s3://data/out", "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"}
    outputs = {"Outputs": [{"OutputName": "out", "S3Output": target}]}
    write = "printf 'x\\n1\\n' > /opt/ml/processing/out/a.csv; echo written"
    client.create_processing_job(**request("one", write, ProcessingOutputConfig=outputs))
    client.create_processing_job(**request("endless", "sleep 60"))
    assert main(["logs", "one", "--follow"]) == 0
    assert capsys.readouterr().out == "job/algo-1 | written\n"
    assert main(["stop", "endless"]) == 0
    assert wait(client, "endless")["ProcessingJobStatus"] == "Stopped"
    assert [(job["run"], job["step"], job["status"]) for job in shardr.jobs()] == [
        ("endless", "job", "Stopped"),
        ("one", "job", "Completed"),
    ]
    capsys.readouterr()
    assert main(["describe", "one"]) == 0
    assert "job one  Completed" in capsys.readouterr().out
    assert list(shardr.collect("one", "job", "out")["x"]) == [1]
