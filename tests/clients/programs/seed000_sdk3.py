"""The flow of the published example with version 3 of the SageMaker SDK: python seed000_sdk3.py FOLDER."""

import sys

from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput, ProcessingS3Input, ProcessingS3Output
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep

folder = sys.argv[1]
session, role = Session(), get_execution_role()
bucket = session.default_bucket()
split = session.upload_data(f"{folder}/dataset", bucket=bucket, key_prefix="third/split")


def processor(command, count, of):
    return ScriptProcessor(
        role=role,
        image_uri=f"{session.account_id()}.dkr.ecr.{session.boto_region_name}.amazonaws.com/sagemaker-r-processing:1.0",
        command=command,
        instance_count=count,
        instance_type="ml.m5.large",
        sagemaker_session=of,
    )


def taken(uri, distribution="FullyReplicated"):
    place = ProcessingS3Input(
        s3_uri=uri,
        local_path="/opt/ml/processing/input",
        s3_data_type="S3Prefix",
        s3_input_mode="File",
        s3_data_distribution_type=distribution,
    )
    return [ProcessingInput(input_name="data", s3_input=place)]


def given(name):
    place = ProcessingS3Output(
        s3_uri=f"s3://{bucket}/third/{name}", local_path="/opt/ml/processing/output", s3_upload_mode="EndOfJob"
    )
    return [ProcessingOutput(output_name=name, s3_output=place)]


pipelines = PipelineSession()
filtering = ProcessingStep(
    name="Filter",
    step_args=processor(["Rscript"], 2, pipelines).run(
        code=f"{folder}/preprocessing/filter.R", inputs=taken(split, "ShardedByS3Key"), outputs=given("filtered")
    ),
)
filtered = filtering.properties.ProcessingOutputConfig.Outputs["filtered"].S3Output.S3Uri
processing = ProcessingStep(
    name="Process",
    step_args=processor(["Rscript"], 1, pipelines).run(
        code=f"{folder}/preprocessing/process.R", inputs=taken(filtered), outputs=given("processed")
    ),
)
pipeline = Pipeline(name="ThirdPipeline", steps=[filtering, processing], sagemaker_session=pipelines)
pipeline.upsert(role_arn=role)
execution = pipeline.start()

# Meanwhile a job by itself, followed to its end.
processor(["bash"], 2, session).run(
    code=f"{folder}/count.sh", inputs=taken(split, "ShardedByS3Key"), wait=True, logs=True
)

execution.wait(delay=1)
steps = {step["StepName"]: step["StepStatus"] for step in execution.list_steps()}
print("status", execution.describe()["PipelineExecutionStatus"], steps)
print(f"processed s3://{bucket}/third/processed")
