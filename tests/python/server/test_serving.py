"""The server as clients of AWS meet it: boto3 unchanged, with nothing but the environment that the server names."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import boto3
import pytest
import worlds
from botocore.config import Config
from botocore.exceptions import ClientError
from server_world import processes, request, serving, shell, status

import shardr
from shardr.local.wire import MOST_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from shardr.local.serving import Served


def test_boto3_runs_a_job_on_objects_that_it_put_and_the_verbs_see_it(served: Served) -> None:
    s3, client = boto3.client("s3"), boto3.client("sagemaker")
    s3.create_bucket(Bucket="data")
    big = os.urandom(20 << 20)  # more than one part
    s3.put_object(Bucket="data", Key="in/a.csv", Body=b"x\n1\n")
    s3.upload_fileobj(io.BytesIO(big), "data", "in/big.bin")
    source = {"S3Uri": "s3://data/in/", "LocalPath": "/opt/ml/processing/in", "S3DataType": "S3Prefix"}
    target = {"S3Uri": "s3://data/out", "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"}
    client.create_processing_job(
        **request(
            "one",
            "echo hello; cp /opt/ml/processing/in/* /opt/ml/processing/out",
            ProcessingInputs=[{"InputName": "in", "S3Input": {**source, "S3InputMode": "File"}}],
            ProcessingOutputConfig={"Outputs": [{"OutputName": "out", "S3Output": target}]},
        )
    )
    waiter = client.get_waiter("processing_job_completed_or_stopped")
    waiter.wait(ProcessingJobName="one", WaiterConfig={"Delay": 0.05, "MaxAttempts": 400})
    assert s3.get_object(Bucket="data", Key="out/big.bin")["Body"].read() == big
    assert shardr.describe("one")["ProcessingJobStatus"] == "Completed"
    assert served.signed is False


def test_errors_have_the_services_code_status_and_field(served: Served) -> None:
    client = boto3.client("sagemaker", config=Config(retries={"max_attempts": 0}))
    with pytest.raises(ClientError) as refused:
        client.describe_processing_job(ProcessingJobName="a_b")
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert "'processingJobName'" in refused.value.response["Error"]["Message"]
    with pytest.raises(ClientError, match="UnknownOperationException"):
        boto3.client("ecr").describe_repositories()  # a service that is not here is not looked for at AWS either


def test_sts_is_found_where_the_sagemaker_sdk_looks_for_it(served: Served) -> None:
    for host in ("sts.us-east-1.amazonaws.com", "sts.eu-west-1.amazonaws.com", "sts.amazonaws.com"):
        client = boto3.client("sts", region_name="us-east-1", endpoint_url=f"https://{host}")
        assert client.get_caller_identity()["Account"] == "000000000000"


def test_another_host_is_reached_through_the_proxy_and_is_not_ours(served: Served) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        host, port = served.proxy_url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as line:
            line.sendall(f"CONNECT localhost:{other.getsockname()[1]} HTTP/1.1\r\n\r\n".encode())
            there, _ = other.accept()
            assert line.recv(100).startswith(b"HTTP/1.1 200")
            line.sendall(b"ping")
            assert there.recv(4) == b"ping"
            there.sendall(b"pong")
            there.close()
            assert line.recv(4) == b"pong"
        with socket.create_connection((host, int(port)), timeout=10) as line:
            line.sendall(b"GET http://example.com/ HTTP/1.1\r\n\r\n")
            assert line.recv(100).startswith(b"HTTP/1.1 405")


def test_a_huge_body_is_refused_before_it_is_read(served: Served) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        head = (
            f"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: SageMaker.AddTags\r\nContent-Length: {MOST_BYTES + 1}\r\n\r\n"
        )
        line.sendall(head.encode())
        assert line.recv(100).startswith(b"HTTP/1.1 413")


def test_clients_that_hang_up_or_are_slow_do_no_harm(served: Served) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    lines = []
    for i in range(60):
        line = socket.create_connection((host, int(port)), timeout=10)
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"[: None if i % 2 else 20])
        if i % 3:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, not a goodbye
            line.close()
        else:
            lines.append(line)  # never says the rest
    start = time.monotonic()
    assert status(served, b"{}") == (200, {"ProcessingJobSummaries": []})
    assert time.monotonic() - start < 5
    for line in lines:
        line.close()


def test_malformed_requests_are_told_what_they_are(served: Served) -> None:
    assert status(served, b"{")[1]["__type"] == "SerializationException"
    assert status(served, b"{}", **{"X-Amz-Target": "nothing"})[1]["__type"] == "UnknownOperationException"


def test_rclone_that_dies_is_started_again_on_the_same_port(served: Served, home: Path) -> None:
    boto3.client("s3").create_bucket(Bucket="kept")
    (first,) = [pid for pid, words in processes("rclone serve s3") if str(home) in words]
    os.kill(first, signal.SIGKILL)
    assert [b["Name"] for b in boto3.client("s3").list_buckets()["Buckets"]] == ["kept"]
    assert "started again" in (home / "serve/server.log").read_text()


def test_the_secret_is_in_no_log_and_no_command_line(served: Served, home: Path) -> None:
    secret = served.environment["AWS_SECRET_ACCESS_KEY"]
    boto3.client("s3").list_buckets()
    status(served, b"{", Authorization=f"{secret}")
    assert [words for _, words in processes("rclone|shardr") if secret in words] == []
    assert secret not in (home / "serve/server.log").read_text()
    for file in (home / "serve").iterdir():
        if secret in file.read_text():
            assert file.stat().st_mode & 0o077 == 0
    assert (home / "serve").stat().st_mode & 0o077 == 0


def test_it_is_ended_and_found_from_the_shell_and_leaves_nothing_behind(home: Path) -> None:
    use = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    told = shell(
        f"""
        export AWS_PROFILE=mine AWS_REGION=eu-west-3
        eval "$(shardr serve --detach)"
        python -c "{use}"
        test "$(shardr serve --detach | grep -c ^export)" -gt 10 && echo same
        echo "profile=$AWS_PROFILE"
        eval "$(shardr serve --stop)"
        echo "profile=$AWS_PROFILE region=$AWS_REGION url=$AWS_ENDPOINT_URL proxy=$HTTPS_PROXY"
        shardr serve --status
        """
    )
    assert told.stdout.splitlines()[:4] == [
        "000000000000",
        "same",
        "profile=",
        "profile=mine region=eu-west-3 url= proxy=",
    ]
    assert "no server of this home runs" in told.stdout
    assert processes(f"rclone serve s3.*{home}") == []


def test_a_server_that_was_killed_is_noticed_and_its_place_is_taken(home: Path) -> None:
    first = shardr.serve()
    os.kill(first.pid, signal.SIGKILL)
    worlds.until(lambda: shardr.served() is None)
    with serving() as second:
        assert second.pid != first.pid
        assert second.environment == first.environment  # open shells still fit
        assert shardr.serve() == second
        with pytest.raises(shardr.NameInUseError, match="signatures"):
            shardr.serve(check_signatures=True)


def test_ctrl_c_ends_a_server_in_front_and_its_children(home: Path) -> None:
    code = "import sys; from shardr.cli.app import main; sys.exit(main(['serve']))"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("SageMaker")
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert processes(f"rclone serve s3.*{home}") == []
    assert shardr.served() is None
