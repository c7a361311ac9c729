"""SageMaker's built-in XGBoost with the ModelTrainer of version 3 of the SDK: python xgboost_sdk3.py FOLDER."""

import sys

from sagemaker.core import image_uris
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.utils.utils import configure_logging
from sagemaker.train.configs import Compute, InputData
from sagemaker.train.model_trainer import ModelTrainer

configure_logging("INFO")  # or it keeps the lines of the instances to itself
folder = sys.argv[1]
session = Session()
trainer = ModelTrainer(
    training_image=image_uris.retrieve("xgboost", session.boto_region_name, "1.7-1"),
    role=get_execution_role(),
    base_job_name="third-xgboost",
    compute=Compute(instance_type="ml.m5.xlarge", instance_count=1, volume_size_in_gb=30),
    hyperparameters={"objective": "binary:logistic", "num_round": 30, "max_depth": 5, "eta": 0.1},
)
channels = [
    InputData(channel_name=name, data_source=f"{folder}/titanic/builtin/{name}", content_type="csv")
    for name in ("train", "validation")
]
trainer.train(input_data_config=channels, wait=True, logs=True)
job = trainer._latest_training_job
print("image", job.algorithm_specification.training_image)
print("model", job.model_artifacts.s3_model_artifacts)
print("status", job.training_job_status, job.secondary_status)
