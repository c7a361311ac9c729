"""Models served with version 3 of the SageMaker SDK: python served_sdk3.py FOLDER."""

import sys
from pathlib import Path

from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.resources import Endpoint, TransformJob
from sagemaker.core.shapes import (
    TransformDataSource,
    TransformInput,
    TransformOutput,
    TransformResources,
    TransformS3DataSource,
)
from sagemaker.core.transformer import Transformer
from sagemaker.serve.model_builder import ModelBuilder

session = Session()
rows = Path(sys.argv[1], "rows.csv").read_text()
bucket = session.default_bucket()
source = session.upload_data(f"{sys.argv[1]}/rows.csv", bucket, "served/in")
builder = ModelBuilder(
    image_uri=image_uris.retrieve("xgboost", session.boto_region_name, "1.7-1"),
    s3_model_data_url="s3://served/model.tar.gz",
    role_arn=get_execution_role(),
    sagemaker_session=session,
)
builder.build(model_name="built")
builder.deploy(endpoint_name="built", instance_type="ml.m5.large", initial_instance_count=1, wait=False)
endpoint = Endpoint.get("built")
endpoint.wait_for_status("InService", poll=1)
print("endpoint", endpoint.endpoint_status)
told = endpoint.invoke(body=rows, content_type="text/csv", accept="text/csv")
print("invoked", *told.body.read().decode().replace(",", " ").split())
endpoint.delete()
endpoint.wait_for_delete(poll=1)

transformer = Transformer(
    "built", 1, "ml.m5.large", "MultiRecord", "Line", f"s3://{bucket}/served/out", sagemaker_session=session
)
transformer.transform(source, content_type="text/csv", split_type="Line", wait=True, logs=True)
print("transformer", transformer.output_path)
job = TransformJob.create(
    transform_job_name="resource",
    model_name="built",
    transform_input=TransformInput(
        data_source=TransformDataSource(s3_data_source=TransformS3DataSource(s3_data_type="S3Prefix", s3_uri=source)),
        content_type="text/csv",
        split_type="Line",
    ),
    transform_output=TransformOutput(s3_output_path=f"s3://{bucket}/served/resource", assemble_with="Line"),
    transform_resources=TransformResources(instance_type="ml.m5.large", instance_count=2),
    batch_strategy="SingleRecord",
)
job.wait(poll=1)
print("job", job.transform_job_status, job.transform_output.s3_output_path)
