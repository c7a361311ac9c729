"""Endpoints through `shardr serve`: boto3 unchanged, and the verbs with SageMaker as their engine."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pandas as pd
import pytest
import worlds
from botocore.config import Config
from botocore.exceptions import ClientError
from endpoint_world import IMAGE, ROLE, archive

import shardr

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shardr.local.serving import Served

ONCE = Config(retries={"max_attempts": 0})


@pytest.fixture
def client(served: Served) -> Iterator[Any]:
    found = boto3.client("sagemaker")
    yield found
    for one in found.list_endpoints()["Endpoints"]:
        found.delete_endpoint(EndpointName=one["EndpointName"])
    worlds.until(lambda: not found.list_endpoints()["Endpoints"])


def deployed(client: Any, **more: Any) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="m/model.tar.gz", Body=archive())
    container = {"Image": IMAGE, "ModelDataUrl": "s3://models/m/model.tar.gz"}
    client.create_model(ModelName="m", PrimaryContainer=container, ExecutionRoleArn=ROLE)
    variant = {"VariantName": "v", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    client.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant], **more)
    client.create_endpoint(EndpointName="e", EndpointConfigName="c")
    client.get_waiter("endpoint_in_service").wait(EndpointName="e", WaiterConfig={"Delay": 0.1, "MaxAttempts": 300})


def test_boto3_creates_asks_and_deletes_an_endpoint(client: Any) -> None:
    deployed(client)
    runtime = boto3.client("sagemaker-runtime", config=ONCE)
    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(runtime.invoke_endpoint, EndpointName="e", ContentType="text/csv", Body=b"1,2\n")
            for _ in range(40)
        ]
    for future in asked:
        answer = future.result()
        assert float(answer["Body"].read()) == pytest.approx(1, abs=0.1)
        assert answer["InvokedProductionVariant"] == "v"
        assert answer["ContentType"].startswith("text/csv")
    with pytest.raises(runtime.exceptions.ModelError) as refused:
        runtime.invoke_endpoint(EndpointName="e", ContentType="application/pdf", Body=b"x")
    told = refused.value.response
    assert told["OriginalStatusCode"] == 415
    assert told["OriginalMessage"]
    assert told["ResponseMetadata"]["HTTPStatusCode"] == 424
    with pytest.raises(ClientError, match="Endpoint nobody of account 000000000000 not found") as missing:
        runtime.invoke_endpoint(EndpointName="nobody", Body=b"x")
    assert missing.value.response["Error"]["Code"] == "ValidationError"
    with pytest.raises(ClientError) as large:
        runtime.invoke_endpoint(EndpointName="e", Body=b"1" * (6 << 20) + b"1")
    assert large.value.response["ResponseMetadata"]["HTTPStatusCode"] in {400, 413}
    client.delete_endpoint(EndpointName="e")
    client.get_waiter("endpoint_deleted").wait(EndpointName="e", WaiterConfig={"Delay": 0.1, "MaxAttempts": 300})


def test_capture_that_cannot_be_written_fails_no_request(client: Any, served: Served) -> None:
    capture = {
        "EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": "s3://models/taken/below",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }  # fmt: skip
    deployed(client, DataCaptureConfig=capture)
    boto3.client("s3").put_object(Bucket="models", Key="taken", Body=b"no folder")
    runtime = boto3.client("sagemaker-runtime", config=ONCE)
    for _ in range(2):
        answer = runtime.invoke_endpoint(EndpointName="e", ContentType="text/csv", Body=b"1,2\n")
        assert float(answer["Body"].read()) == pytest.approx(1, abs=0.1)
    about = client.describe_endpoint(EndpointName="e")
    assert about["EndpointStatus"] == "InService"
    assert about["FailureReason"] == (
        "DataCaptureConfig: not all of it is kept below s3://models/taken/below: Not a directory"
    )


def test_a_session_in_process_asks_it_too(client: Any) -> None:
    deployed(client)
    runtime = shardr.local_session().client("sagemaker-runtime")
    answer = runtime.invoke_endpoint(EndpointName="e", ContentType="text/csv", Body=io.BytesIO(b"1,2\n"))
    assert float(answer["Body"].read()) == pytest.approx(1, abs=0.1)


def test_the_verbs_deploy_to_sagemaker_as_they_do_here(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGEMAKER_ROLE", ROLE)
    (tmp_path / "model.tar.gz").write_bytes(archive())
    endpoint = shardr.deploy(tmp_path / "model.tar.gz", "there", image=IMAGE, engine="sagemaker")
    assert endpoint.status == "InService"
    found = endpoint.predict(pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}))
    assert isinstance(found, pd.DataFrame)
    assert found.shape == (2, 1)
    with pytest.raises(shardr.InvocationError) as refused:
        endpoint.invoke(b"x", "application/pdf")
    assert refused.value.status == 415
    (record,) = shardr.endpoints(engine="sagemaker")
    assert (record["name"], record["instances"]) == ("there", 1)
    assert record["usd_per_day"] == pytest.approx(0.115 * 24, abs=0.01)
    endpoint.delete()
    assert client.list_models()["Models"] == []
    assert client.list_endpoint_configs()["EndpointConfigs"] == []
    with pytest.raises(shardr.NotFoundError):
        shardr.Endpoint("nobody", engine="sagemaker")
