"""A model behind an endpoint of boto3, asked by its sagemaker-runtime: python served_boto3.py FOLDER."""

import sys
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

rows = Path(sys.argv[1], "rows.csv").read_text()
sagemaker, runtime = boto3.client("sagemaker"), boto3.client("sagemaker-runtime")
role = boto3.client("iam").get_role(RoleName="anyone")["Role"]["Arn"]
image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
sagemaker.create_model(
    ModelName="asked",
    ExecutionRoleArn=role,
    PrimaryContainer={"Image": image, "ModelDataUrl": "s3://served/model.tar.gz"},
)
variants = [
    {"VariantName": name, "ModelName": "asked", "InitialInstanceCount": count, "InstanceType": "ml.m5.large"}
    for name, count in (("one", 1), ("two", 2))
]
capture = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://served/captured",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
}
sagemaker.create_endpoint_config(EndpointConfigName="asked", ProductionVariants=variants, DataCaptureConfig=capture)
sagemaker.create_endpoint(EndpointName="asked", EndpointConfigName="asked")
waiter = sagemaker.get_waiter("endpoint_in_service")
waiter.wait(EndpointName="asked", WaiterConfig={"Delay": 1})


def asked(body, **more):
    return runtime.invoke_endpoint(EndpointName="asked", ContentType="text/csv", Body=body, **more)


answer = asked(rows, Accept="text/csv")
assert answer["ContentType"].startswith("text/csv"), answer
print("invoked", *answer["Body"].read().decode().replace(",", " ").split())
answer = asked(rows.encode(), TargetVariant="two", CustomAttributes="trace=1", InferenceId="first")
assert answer["InvokedProductionVariant"] == "two", answer
print("variant", *answer["Body"].read().decode().replace(",", " ").split())
for code, ask in {
    "ModelError": lambda: asked("1,2,three\n"),
    "ValidationError": lambda: runtime.invoke_endpoint(EndpointName="nobody", Body=b"1"),
}.items():
    try:
        ask()
        found = None
    except ClientError as refused:
        found = refused.response["Error"]["Code"]
    assert found == code, (code, found)
summary = sagemaker.describe_endpoint(EndpointName="asked")
assert [variant["CurrentInstanceCount"] for variant in summary["ProductionVariants"]] == [1, 2], summary
s3 = boto3.client("s3")
captured = [
    s3.get_object(Bucket="served", Key=item["Key"])["Body"].read().decode().splitlines()
    for item in s3.list_objects_v2(Bucket="served", Prefix="captured/asked/")["Contents"]
]
print("captured", sum(map(len, captured)))
sagemaker.delete_endpoint(EndpointName="asked")
sagemaker.get_waiter("endpoint_deleted").wait(EndpointName="asked", WaiterConfig={"Delay": 1})
print("status well")
