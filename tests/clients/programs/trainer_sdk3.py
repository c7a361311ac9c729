"""Training with the ModelTrainer of version 3 of the SageMaker SDK: python trainer_sdk3.py FOLDER."""

import sys

from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.utils.utils import configure_logging
from sagemaker.train.configs import Compute, InputData, SourceCode
from sagemaker.train.model_trainer import ModelTrainer

configure_logging("INFO")  # or it keeps the lines of the instances to itself
folder = sys.argv[1]
session = Session()
trainer = ModelTrainer(
    training_image=f"{session.account_id()}.dkr.ecr.us-east-1.amazonaws.com/my-training:1",
    role=get_execution_role(),
    base_job_name="third",
    source_code=SourceCode(source_dir=f"{folder}/source", entry_script="trainer.py"),
    compute=Compute(instance_type="ml.m5.large", instance_count=2, volume_size_in_gb=30),
    hyperparameters={"max_depth": 5},
)
trainer.train(
    input_data_config=[InputData(channel_name="train", data_source=f"{folder}/dataset")], wait=True, logs=True
)
job = trainer._latest_training_job
print("model", job.model_artifacts.s3_model_artifacts)
print("status", job.training_job_status, job.secondary_status)
