"""What the service refuses is refused over HTTP in the same way: the code, the status, and the field by its name."""

from __future__ import annotations

import base64
import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import boto3
import pytest
import worlds
from server_world import request, status

if TYPE_CHECKING:
    from shardr.local.serving import Served

GROUP = {"logGroupName": "/aws/sagemaker/ProcessingJobs"}
ARN = "arn:aws:sagemaker:us-east-1:000000000000:processing-job/one"
CREATE, LIST, TAGS = "SageMaker.CreateProcessingJob", "SageMaker.ListProcessingJobs", "SageMaker.AddTags"
VALIDATION, INVALID = "ValidationException", "InvalidParameterException"
UNREAD, UNKNOWN = "SerializationException", "UnknownOperationException"


def sized(**cluster: Any) -> dict[str, Any]:
    made = request("two")
    made["ProcessingResources"]["ClusterConfig"].update(cluster)
    return made


REFUSED: list[tuple[str, dict[str, Any] | bytes, str, str]] = [
    (CREATE, request("a_b"), VALIDATION, "Value 'a_b' at 'processingJobName' failed to satisfy constraint"),
    (CREATE, request("a" * 64), VALIDATION, "'processingJobName' failed to satisfy constraint: Member must have len"),
    (CREATE, request("a\n"), VALIDATION, "'processingJobName'"),
    (CREATE, request("two") | {"ProcessingJobName": 2}, UNREAD, "processingJobName: found 2"),
    (CREATE, sized(InstanceCount=101), VALIDATION, "'processingResources.clusterConfig.instanceCount'"),
    (CREATE, sized(InstanceCount=2.5), UNREAD, "processingResources.clusterConfig.instanceCount"),
    (CREATE, sized(InstanceType="ml.huge"), VALIDATION, "instanceType' failed to satisfy constraint: Member must"),
    (CREATE, request("two", Environment={"A-B": "x"}), VALIDATION, "'environment.A-B.key'"),
    (CREATE, request("two", StoppingCondition={"MaxRuntimeInSeconds": 0}), VALIDATION, "'stoppingCondition.maxRuntime"),
    (CREATE, request("two") | {"RoleArn": "me"}, VALIDATION, "'roleArn'"),
    (CREATE, request("two", Nonsense=1), VALIDATION, "'nonsense' is not known"),
    (CREATE, request("two", Tags=[{"Key": "aws:x", "Value": "y"}]), VALIDATION, "begins with aws:"),
    (CREATE, request("two", Tags=[{"Key": "x", "Value": "y"}] * 2), VALIDATION, "the key x is there twice"),
    (CREATE, request("one"), "ResourceInUse", "Job name must be unique"),
    (TAGS, {"ResourceArn": ARN, "Tags": [{"Key": "x", "Value": "y"}] * 2}, VALIDATION, "the key x is there twice"),
    ("SageMaker.DescribeProcessingJob", {}, VALIDATION, "Value null at 'processingJobName'"),
    ("SageMaker.DescribeProcessingJob", {"ProcessingJobName": "x"}, "ResourceNotFound", "Could not find requested job"),
    ("SageMaker.StopProcessingJob", {"ProcessingJobName": "x"}, "ResourceNotFound", "Could not find requested job"),
    (LIST, {"MaxResults": 101}, VALIDATION, "'maxResults'"),
    (LIST, {"SortBy": "Size"}, VALIDATION, "'sortBy'"),
    (LIST, {"CreationTimeAfter": "soon"}, UNREAD, "creationTimeAfter"),
    (LIST, {"NameContains": "\ud800"}, VALIDATION, "NameContains"),
    (LIST, b'{"MaxResults": ' + b"9" * 5000 + b"}", UNREAD, "the body is no JSON: Exceeds the limit"),
    (LIST, b'{"MaxResults": NaN}', UNREAD, "maxResults"),
    (LIST, b"{}{}", UNREAD, "the body is no JSON"),
    ("SageMaker.", {}, UNKNOWN, 'found X-Amz-Target "SageMaker."'),
    ("SageMaker.__class__", {}, UNKNOWN, "__class__ of sagemaker is not answered"),
    ("Logs_20140328.PutLogEvents", {}, UNKNOWN, "PutLogEvents of logs is not answered"),
    ("Logs_20140328.GetLogEvents", GROUP, INVALID, "'logStreamName'"),
    ("Logs_20140328.FilterLogEvents", {**GROUP, "filterPattern": "{$.a = 1}"}, INVALID, "{$.a"),
    ("Logs_20140328.DescribeLogStreams", {"logGroupName": "/x"}, "ResourceNotFoundException", "log group does not"),
]  # fmt: skip


def test_every_refusal_has_its_code_and_names_the_field(served: Served) -> None:
    boto3.client("sagemaker").create_processing_job(**request("one"))
    wrong = []
    for target, body, code, words in REFUSED:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        found, answer = status(served, sent, **{"X-Amz-Target": target})
        if (found, answer.get("__type")) != (400, code) or words not in answer["message"]:
            wrong.append((target, body, found, answer))
    assert wrong == []


PLACES = [
    [],
    [None],
    ["x"],
    [-5, None],
    [1.5],
    [True],
    [[], "x"],
    [{}, {}],
    ["x", "y", "z"],
    [1, 2],
    None,
    "ab",
    {"a": 1},
]


LISTS: list[tuple[str, dict[str, Any], str]] = [
    (LIST, {}, VALIDATION),
    (LIST, {"SortBy": "Name"}, VALIDATION),
    ("SageMaker.ListPipelines", {}, VALIDATION),
    ("SageMaker.ListTags", {"ResourceArn": ARN}, VALIDATION),
    ("Logs_20140328.DescribeLogStreams", GROUP, INVALID),
    ("Logs_20140328.FilterLogEvents", GROUP, INVALID),
]


def test_a_token_that_was_made_up_is_refused_however_well(served: Served) -> None:
    boto3.client("sagemaker").create_processing_job(**request("one"))
    wrong = []
    for target, asked, code in LISTS:
        field = "nextToken" if code == INVALID else "NextToken"
        for place in PLACES:
            token = base64.urlsafe_b64encode(json.dumps([place, asked]).encode()).decode()
            found, answer = status(served, json.dumps({**asked, field: token}).encode(), **{"X-Amz-Target": target})
            if (found, answer.get("__type")) != (400, code) or field not in answer["message"]:
                wrong.append((target, place, found, answer))
    assert wrong == []


def test_a_token_that_was_handed_out_is_taken_whatever_the_list_is_sorted_by(served: Served) -> None:
    client, logs = boto3.client("sagemaker"), boto3.client("logs")
    names = ["a", "b", "c"]
    for name in names:
        client.create_processing_job(**request(name, "echo 1; echo 2"))
    worlds.until(lambda: len(client.list_processing_jobs(StatusEquals="Completed")["ProcessingJobSummaries"]) == 3)
    assert len(rows(logs.get_paginator("filter_log_events"), "events", 2, **GROUP)) == 6
    for key in ("Name", "Status", "CreationTime"):
        found = rows(client.get_paginator("list_processing_jobs"), "ProcessingJobSummaries", 1, SortBy=key)
        assert sorted(row["ProcessingJobName"] for row in found) == names
    for key in ("LogStreamName", "LastEventTime"):
        found = rows(logs.get_paginator("describe_log_streams"), "logStreams", 1, orderBy=key, **GROUP)
        assert sorted(row["logStreamName"][0] for row in found) == names


def rows(paginator: Any, key: str, size: int, **asked: Any) -> list[dict[str, Any]]:
    return [row for page in paginator.paginate(**asked, PaginationConfig={"PageSize": size}) for row in page[key]]


def test_stopping_what_is_over_and_sending_a_request_twice_is_no_error(served: Served) -> None:
    client = boto3.client("sagemaker")
    client.create_processing_job(**request("one"))
    client.get_waiter("processing_job_completed_or_stopped").wait(
        ProcessingJobName="one", WaiterConfig={"Delay": 0.05, "MaxAttempts": 400}
    )
    client.stop_processing_job(ProcessingJobName="one")
    assert client.describe_processing_job(ProcessingJobName="one")["ProcessingJobStatus"] == "Completed"
    steps = [{"Name": "s", "Type": "Fail", "Arguments": {"ErrorMessage": "x"}}]
    pipeline = {
        "PipelineName": "p",
        "PipelineDefinition": json.dumps({"Version": "2020-12-01", "Steps": steps}),
        "RoleArn": "arn:aws:iam::000000000000:role/anyone",
    }
    first, again = (client.create_pipeline(**pipeline, ClientRequestToken="t" * 32)["PipelineArn"] for _ in range(2))
    assert first == again
    with pytest.raises(client.exceptions.ClientError, match=r"ValidationException.*must be unique"):
        client.create_pipeline(**pipeline, ClientRequestToken="u" * 32)
    begun = [
        client.start_pipeline_execution(PipelineName="p", ClientRequestToken=token * 32)["PipelineExecutionArn"]
        for token in "eef"
    ]
    assert begun[0] == begun[1] != begun[2]


def test_the_answer_to_a_form_can_be_read_whatever_was_in_it(served: Served) -> None:
    connection = http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=10)
    for form in (
        "Action=%3Cb%3E%00&Version=%1f",
        "Action=GetRole&Version=2010-05-08&RoleName=%01%EF%BF%BE%F0%9F%98%80",
    ):
        connection.request("POST", "/", form, {"Content-Type": "application/x-www-form-urlencoded"})
        reply = connection.getresponse()
        assert ElementTree.fromstring(reply.read()).find("./Error/Code") is not None
        assert reply.status == 400
    connection.close()


@pytest.mark.parametrize(
    ("sent", "status_code"),
    [
        (b"\x16\x03\x01\0hello\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999999999999999\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            + 9 * (b"100000\r\n%s\r\n" % (b"a" * (1 << 20))),
            413,
        ),
    ],
)
def test_what_is_no_request_is_refused_and_the_server_goes_on(served: Served, sent: bytes, status_code: int) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(sent)
        assert line.recv(100).startswith(b"HTTP/1.1 %d" % status_code)
    assert status(served, b"{}")[0] == 200


def test_of_many_jobs_that_are_sent_at_once_none_is_lost_and_each_name_is_given_once(served: Served) -> None:
    names = [f"job-{i % 20}" for i in range(24)]
    with ThreadPoolExecutor(len(names)) as pool:
        sent = [pool.submit(status, served, json.dumps(request(n)).encode(), **{"X-Amz-Target": CREATE}) for n in names]
    codes = sorted(answer.get("__type", "taken") for _, answer in (each.result() for each in sent))
    assert codes == ["ResourceInUse"] * 4 + ["taken"] * 20
    client = boto3.client("sagemaker")

    def over() -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = client.list_processing_jobs(MaxResults=100)["ProcessingJobSummaries"]
        return rows if all("ProcessingEndTime" in row for row in rows) else []

    assert sorted((row["ProcessingJobName"], row["ProcessingJobStatus"]) for row in worlds.until(over, 60)) == sorted(
        (name, "Completed") for name in set(names)
    )
