"""The operations of SageMaker on this machine, held against the service's own model."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
import worlds

import shardr
from shardr.local.home import Home
from shardr.local.service import LocalSageMaker
from shardr.requests.check import check_response

if TYPE_CHECKING:
    from pathlib import Path


def request(name: str, command: str = "true", **more: Any) -> dict[str, Any]:
    """A request as any client could send it."""
    return {
        "ProcessingJobName": name,
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}
        },
        "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["bash", "-c", command]},
        "RoleArn": "arn:aws:iam::000000000000:role/anyone",
        **more,
    }


@pytest.fixture
def service(home: Path) -> LocalSageMaker:
    return LocalSageMaker(Home(home))


def over(service: LocalSageMaker, name: str) -> dict[str, Any]:
    """The job's description when it has ended."""

    def described() -> dict[str, Any] | None:
        about = service.describe_processing_job(ProcessingJobName=name)
        return about if about["ProcessingJobStatus"] in {"Completed", "Failed", "Stopped"} else None

    found: dict[str, Any] = worlds.until(described)
    return found


def test_a_job_is_created_described_and_completed_with_the_services_field_names(service: LocalSageMaker) -> None:
    made = service.create_processing_job(**request("one", "echo fine > /opt/ml/output/message"))
    assert made["ProcessingJobArn"].endswith(":processing-job/one")
    first = service.describe_processing_job(ProcessingJobName="one")
    last = over(service, "one")
    for answer in (first, last):
        assert check_response("DescribeProcessingJob", answer) == []
    assert last["ProcessingJobStatus"] == "Completed"
    assert last["ExitMessage"] == "fine\n"
    assert last["CreationTime"] <= last["ProcessingStartTime"] <= last["ProcessingEndTime"]


def test_a_name_can_be_used_once(service: LocalSageMaker) -> None:
    service.create_processing_job(**request("one"))
    with pytest.raises(shardr.NameInUseError, match="one"):
        service.create_processing_job(**request("one"))
    assert over(service, "one")["ProcessingJobStatus"] == "Completed"
    with pytest.raises(shardr.NameInUseError):
        service.create_processing_job(**request("one"))


def test_an_unknown_job_is_not_found(service: LocalSageMaker) -> None:
    for operation in (service.describe_processing_job, service.stop_processing_job):
        with pytest.raises(shardr.NotFoundError, match="nobody"):
            operation(ProcessingJobName="nobody")


def test_what_the_service_would_refuse_is_refused(service: LocalSageMaker) -> None:
    wrong = request("a_b")
    wrong["ProcessingResources"]["ClusterConfig"].update(InstanceCount=101, InstanceType="ml.m5.huge")
    with pytest.raises(shardr.RequestError) as error:
        service.create_processing_job(**wrong)
    assert {p.path for p in error.value.problems} == {
        "ProcessingJobName",
        "ProcessingResources.ClusterConfig.InstanceCount",
        "ProcessingResources.ClusterConfig.InstanceType",
    }


def test_what_this_machine_cannot_do_is_refused_and_named(service: LocalSageMaker) -> None:
    wrong = request("one")
    del wrong["AppSpecification"]["ContainerEntrypoint"]
    source = {"S3Uri": "s3://b/k", "LocalPath": "/opt/ml/processing/x", "S3DataType": "S3Prefix"}
    wrong["ProcessingInputs"] = [{"InputName": "x", "S3Input": {**source, "S3CompressionType": "Gzip"}}]
    with pytest.raises(shardr.RequestError) as error:
        service.create_processing_job(**wrong)
    assert [p.path for p in error.value.problems] == [
        "AppSpecification.ContainerEntrypoint",
        "ProcessingInputs[0].S3Input.S3CompressionType",
    ]


def test_a_prefix_without_objects_fails_the_job_in_the_services_words(service: LocalSageMaker) -> None:
    source = {"S3Uri": "s3://nothing/here", "LocalPath": "/opt/ml/processing/x", "S3DataType": "S3Prefix"}
    service.create_processing_job(**request("one", ProcessingInputs=[{"InputName": "x", "S3Input": source}]))
    assert "No S3 objects found under S3 URL s3://nothing/here" in over(service, "one")["FailureReason"]


def test_jobs_are_listed_by_pages_newest_first_and_by_filters(service: LocalSageMaker) -> None:
    for i in range(5):
        service.create_processing_job(**request(f"job-{i}", "exit 1" if i == 2 else "true"))
    for i in range(5):
        over(service, f"job-{i}")
    first = service.list_processing_jobs(MaxResults=2)
    second = service.list_processing_jobs(MaxResults=2, NextToken=first["NextToken"])
    third = service.list_processing_jobs(MaxResults=2, NextToken=second["NextToken"])
    pages = [[row["ProcessingJobName"] for row in page["ProcessingJobSummaries"]] for page in (first, second, third)]
    assert pages == [["job-4", "job-3"], ["job-2", "job-1"], ["job-0"]]
    assert "NextToken" not in third
    assert all(check_response("ListProcessingJobs", page) == [] for page in (first, second, third))
    failed = service.list_processing_jobs(StatusEquals="Failed")["ProcessingJobSummaries"]
    assert [row["ProcessingJobName"] for row in failed] == ["job-2"]
    named = service.list_processing_jobs(NameContains="B-3", SortBy="Name")["ProcessingJobSummaries"]
    assert [row["ProcessingJobName"] for row in named] == ["job-3"]
    with pytest.raises(shardr.RequestError, match="another question"):
        service.list_processing_jobs(NextToken=first["NextToken"], NameContains="x")


def test_a_job_without_a_run_can_be_stopped_and_read(service: LocalSageMaker) -> None:
    service.create_processing_job(**request("one", "sleep 60"))
    service.stop_processing_job(ProcessingJobName="one")
    assert over(service, "one")["ProcessingJobStatus"] == "Stopped"
    service.stop_processing_job(ProcessingJobName="one")
    assert over(service, "one")["ProcessingJobStatus"] == "Stopped"


def test_names_and_paths_of_a_request_cannot_lead_out_of_the_job(service: LocalSageMaker, tmp_path: Path) -> None:
    def output(name: str, path: str, uri: str = "s3://b/k") -> dict[str, Any]:
        return {"OutputName": name, "S3Output": {"S3Uri": uri, "LocalPath": path, "S3UploadMode": "EndOfJob"}}

    wrong = [
        output("../../out", "/opt/ml/processing/a"),
        output("b", "/opt/ml/processing/../../../../etc"),
        output("c", "/etc/cron.d"),
        output("c", "/opt/ml/processing/c", "s3://b/../../k"),
    ]
    with pytest.raises(shardr.RequestError) as error:
        service.create_processing_job(**request("one", ProcessingOutputConfig={"Outputs": wrong}))
    assert [p.path.removeprefix("ProcessingOutputConfig.") for p in error.value.problems] == [
        "Outputs[0].OutputName",
        "Outputs[1].S3Output.LocalPath",
        "Outputs[2].S3Output.LocalPath",
        "Outputs[3].OutputName",
        "Outputs[3].S3Output.S3Uri",
    ]


def test_pages_neither_repeat_nor_skip_a_job_when_others_are_created_between_them(service: LocalSageMaker) -> None:
    for i in range(4):
        service.create_processing_job(**request(f"job-{i}"))
    first = service.list_processing_jobs(MaxResults=2)
    service.create_processing_job(**request("late"))
    second = service.list_processing_jobs(MaxResults=2, NextToken=first["NextToken"])
    assert [row["ProcessingJobName"] for row in second["ProcessingJobSummaries"]] == ["job-1", "job-0"]
    for i in range(4):
        over(service, f"job-{i}")


@pytest.mark.parametrize("token", ["x", "ü", "bnVsbA==", "WzFd", "W251bGwsIDEsIDJd"])
def test_a_token_that_was_not_handed_out_is_refused(service: LocalSageMaker, token: str) -> None:
    with pytest.raises(shardr.RequestError):
        service.list_processing_jobs(NextToken=token)


def test_moments_are_compared_across_time_zones(service: LocalSageMaker) -> None:
    service.create_processing_job(**request("one"))
    made = over(service, "one")["CreationTime"]
    east = timezone(timedelta(hours=9))
    for before, after in (
        ((made - timedelta(seconds=1)).astimezone(east), (made + timedelta(seconds=1)).astimezone(east)),
        ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"),
    ):
        found = service.list_processing_jobs(CreationTimeAfter=before, CreationTimeBefore=after)
        assert len(found["ProcessingJobSummaries"]) == 1
        assert service.list_processing_jobs(CreationTimeAfter=after)["ProcessingJobSummaries"] == []


def test_a_nul_cannot_reach_the_settings_of_the_sandbox(service: LocalSageMaker) -> None:
    wrong = request("one", "a\0b", Environment={"A": "x\0--bind\0/\0/mnt"})
    with pytest.raises(shardr.RequestError) as error:
        service.create_processing_job(**wrong)
    assert [p.path for p in error.value.problems] == ["Environment.A", "AppSpecification.ContainerEntrypoint[2]"]


def test_every_state_is_described_as_the_service_would(service: LocalSageMaker) -> None:
    loud = "printf 'Error \\377 '; printf '\xf0\x9f\x98\x80%.0s' $(seq 3000); exit 1"
    wordy = "printf '\xf0\x9f\x98\x80%.0s' $(seq 3000) > /opt/ml/output/message"
    for name, command in {"good": wordy, "bad": loud, "long": "sleep 60"}.items():
        service.create_processing_job(**request(name, command))
    assert check_response("DescribeProcessingJob", service.describe_processing_job(ProcessingJobName="long")) == []
    service.stop_processing_job(ProcessingJobName="long")
    assert check_response("DescribeProcessingJob", service.describe_processing_job(ProcessingJobName="long")) == []
    states = {name: over(service, name) for name in ("good", "bad", "long")}
    assert [about["ProcessingJobStatus"] for about in states.values()] == ["Completed", "Failed", "Stopped"]
    assert all(check_response("DescribeProcessingJob", about) == [] for about in states.values())
    assert check_response("ListProcessingJobs", service.list_processing_jobs()) == []
