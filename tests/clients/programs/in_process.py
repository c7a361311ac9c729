"""Either version of the SageMaker SDK on a session of shardr's, with no server: python in_process.py FOLDER."""

import sys

import shardr

try:
    from sagemaker.core.helper.session_helper import Session
    from sagemaker.core.processing import ScriptProcessor
    from sagemaker.core.shapes import ProcessingOutput, ProcessingS3Output

    place = ProcessingS3Output(s3_uri="to be named", local_path="/opt/ml/processing/output", s3_upload_mode="EndOfJob")
    output = ProcessingOutput(output_name="out", s3_output=place)
except ImportError:
    from sagemaker import Session
    from sagemaker.processing import ProcessingOutput, ScriptProcessor

    output = ProcessingOutput(output_name="out", source="/opt/ml/processing/output")

session = Session(boto_session=shardr.local_session())
processor = ScriptProcessor(
    role=session.get_caller_identity_arn(),
    image_uri="image",
    command=["bash"],
    instance_count=2,
    instance_type="ml.m5.large",
    base_job_name="in-process",
    sagemaker_session=session,
)
processor.run(code=f"{sys.argv[1]}/name.sh", outputs=[output], wait=False, logs=False)
client = session.sagemaker_client
[job] = client.list_processing_jobs(NameContains="in-process")["ProcessingJobSummaries"]
name = job["ProcessingJobName"]
client.get_waiter("processing_job_completed_or_stopped").wait(ProcessingJobName=name, WaiterConfig={"Delay": 1})
print("wrote", *sorted(session.list_s3_files(session.default_bucket(), f"{name}/output/out")))
print("status", client.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"])
print("run", shardr.jobs()[0]["status"])
