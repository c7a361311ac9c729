"""Training with the Estimator of version 2 of the SageMaker SDK: python estimator_sdk2.py FOLDER."""

import sys
import tarfile

import sagemaker
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput

folder = sys.argv[1]
session = sagemaker.Session()
data = session.upload_data(f"{folder}/dataset", key_prefix="estimator/data")
code = session.upload_data(f"{folder}/trainer.py", key_prefix="estimator/code")
estimator = Estimator(
    image_uri=f"{session.account_id()}.dkr.ecr.us-east-1.amazonaws.com/my-training:1",
    role=sagemaker.get_execution_role(),
    instance_count=2,
    instance_type="ml.m5.large",
    container_entry_point=["python3", "/opt/ml/input/data/code/trainer.py"],
    hyperparameters={"max_depth": 5},
    metric_definitions=[{"Name": "rows", "Regex": "rows=(.*?);"}],
    sagemaker_session=session,
)
inputs = {"train": TrainingInput(data, distribution="ShardedByS3Key"), "code": TrainingInput(code)}
estimator.fit(inputs, wait=True, logs="All")
about = estimator.latest_training_job.describe()
bucket, _, key = estimator.model_data.removeprefix("s3://").partition("/")
session.download_data(f"{folder}/estimator", bucket, key_prefix=key)
with tarfile.open(f"{folder}/estimator/model.tar.gz") as archive:
    print("model", *sorted(archive.getnames()))
print("metrics", [(item["MetricName"], item["Value"]) for item in about["FinalMetricDataList"]])
print("status", about["TrainingJobStatus"], about["SecondaryStatus"])
