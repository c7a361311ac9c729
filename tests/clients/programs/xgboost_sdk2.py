"""SageMaker's built-in XGBoost with the Estimator of version 2 of the SDK: python xgboost_sdk2.py FOLDER."""

import sys

import sagemaker
from sagemaker import image_uris
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput

folder = sys.argv[1]
session = sagemaker.Session()
estimator = Estimator(
    image_uri=image_uris.retrieve("xgboost", session.boto_region_name, "1.7-1"),
    role=sagemaker.get_execution_role(),
    instance_count=2,
    instance_type="ml.m5.xlarge",
    output_path=f"s3://{session.default_bucket()}/xgboost/output",
    sagemaker_session=session,
)
estimator.set_hyperparameters(objective="binary:logistic", num_round=30, max_depth=5, eta=0.1)
train = session.upload_data(f"{folder}/titanic/builtin/train", key_prefix="xgboost/train")
validation = session.upload_data(f"{folder}/titanic/builtin/validation", key_prefix="xgboost/validation")
estimator.fit(
    {
        "train": TrainingInput(train, content_type="csv", distribution="ShardedByS3Key"),
        "validation": TrainingInput(validation, content_type="csv"),
    }
)
about = estimator.latest_training_job.describe()
print("image", about["AlgorithmSpecification"]["TrainingImage"])
print("model", estimator.model_data)
print("metrics", {item["MetricName"]: item["Value"] for item in about.get("FinalMetricDataList", [])})
print("status", about["TrainingJobStatus"], about["SecondaryStatus"])
