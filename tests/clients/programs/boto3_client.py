"""boto3 as it comes: its waiter, its paginators, its exceptions and its transfers: python boto3_client.py."""

import boto3
from botocore.exceptions import ClientError, WaiterError

s3, sagemaker, logs = boto3.client("s3"), boto3.client("sagemaker"), boto3.client("logs")
s3.create_bucket(Bucket="boto")
for i in range(3):
    s3.put_object(Bucket="boto", Key=f"in/{i}.txt", Body=f"{i}\n".encode())


def create(name, command, **more):
    return sagemaker.create_processing_job(
        ProcessingJobName=name,
        ProcessingResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
        AppSpecification={"ImageUri": "image", "ContainerEntrypoint": ["bash", "-c", command]},
        RoleArn=boto3.client("iam").get_role(RoleName="anyone")["Role"]["Arn"],
        **more,
    )


source = {"S3Uri": "s3://boto/in/", "LocalPath": "/opt/ml/processing/in", "S3DataType": "S3Prefix"}
target = {"S3Uri": "s3://boto/out/", "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"}
create(
    "boto-adds",
    "echo adding; cat /opt/ml/processing/in/* > /opt/ml/processing/out/all.txt",
    ProcessingInputs=[{"InputName": "in", "S3Input": {**source, "S3InputMode": "File"}}],
    ProcessingOutputConfig={"Outputs": [{"OutputName": "out", "S3Output": target}]},
    Tags=[{"Key": "project", "Value": "bank"}],
)
create("boto-fails", "printf 'no reason' > /opt/ml/output/message; exit 3")
waiter = sagemaker.get_waiter("processing_job_completed_or_stopped")
waiter.wait(ProcessingJobName="boto-adds", WaiterConfig={"Delay": 1})
assert s3.get_object(Bucket="boto", Key="out/all.txt")["Body"].read() == b"0\n1\n2\n"
try:
    waiter.wait(ProcessingJobName="boto-fails", WaiterConfig={"Delay": 1})
    raise SystemExit("the waiter takes a failed job for a good one")
except WaiterError as refused:
    end = refused.last_response["ProcessingJobStatus"]
failed = sagemaker.describe_processing_job(ProcessingJobName="boto-fails")
assert (end, failed["ProcessingJobStatus"], failed["ExitMessage"]) == ("Failed", "Failed", "no reason"), failed

pages = sagemaker.get_paginator("list_processing_jobs").paginate(
    NameContains="boto-", SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 1}
)
names = [[job["ProcessingJobName"] for job in page["ProcessingJobSummaries"]] for page in pages]
assert [name for page in names for name in page] == ["boto-adds", "boto-fails"], names
keys = (
    s3.get_paginator("list_objects_v2")
    .paginate(Bucket="boto", PaginationConfig={"PageSize": 2})
    .search("Contents[].Key")
)
assert sorted(keys) == ["in/0.txt", "in/1.txt", "in/2.txt", "out/all.txt"]
arn = sagemaker.describe_processing_job(ProcessingJobName="boto-adds")["ProcessingJobArn"]
assert {"Key": "project", "Value": "bank"} in sagemaker.list_tags(ResourceArn=arn)["Tags"]
group = {"logGroupName": "/aws/sagemaker/ProcessingJobs", "logStreamNamePrefix": "boto-adds/"}
streams = logs.get_paginator("describe_log_streams").paginate(**group).search("logStreams[].logStreamName")
events = logs.get_log_events(logGroupName=group["logGroupName"], logStreamName=next(streams))["events"]
assert [event["message"] for event in events] == ["adding"], events
for name, call in {
    "ResourceInUse": lambda: create("boto-adds", "true"),
    "ResourceNotFound": lambda: sagemaker.describe_processing_job(ProcessingJobName="none-of-this-name"),
}.items():
    try:
        call()
        code = None
    except ClientError as refused:
        code = refused.response["Error"]["Code"]
    assert code == name, (name, code)
print("status well")
