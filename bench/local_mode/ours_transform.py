"""The batch transform with shardr, by its local session: python ours_transform.py IMAGE BUCKET; its seconds."""

import sys
import time
from uuid import uuid4

import shardr

image, bucket = sys.argv[1:]
client = shardr.local_session().client("sagemaker")
name = f"rows-{uuid4().hex[:8]}"
client.create_model(
    ModelName=name,
    ExecutionRoleArn="arn:aws:iam::123456789012:role/any",
    PrimaryContainer={"Image": image, "ModelDataUrl": f"s3://{bucket}/model.tar.gz"},
)
place = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/in/"}
start = time.perf_counter()
client.create_transform_job(
    TransformJobName=name,
    ModelName=name,
    BatchStrategy="SingleRecord",
    TransformInput={"DataSource": {"S3DataSource": place}, "ContentType": "text/csv", "SplitType": "Line"},
    TransformOutput={"S3OutputPath": f"s3://{bucket}/out", "AssembleWith": "Line"},
    TransformResources={"InstanceCount": 1, "InstanceType": "ml.m5.large"},
)
while (about := client.describe_transform_job(TransformJobName=name))["TransformJobStatus"] == "InProgress":
    time.sleep(0.05)
assert about["TransformJobStatus"] == "Completed", about
print(time.perf_counter() - start)
