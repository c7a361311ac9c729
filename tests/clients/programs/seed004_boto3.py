"""PCA by boto3 in both input modes, the request as it was published: python seed004_boto3.py TRAIN TEST OUT."""

import sys
import time

import boto3

sm_client = boto3.client("sagemaker")
role_arn = boto3.client("iam").get_role(RoleName="anyone")["Role"]["Arn"]
trn_path, tst_path, out_path = sys.argv[1:]
feature_dim = "50"
instance_type = "ml.m5.xlarge"


def job(input_mode):
    """The published description; nothing but the mode is another one."""
    job_name = f"pca-{input_mode.lower()}-mode-test"
    return {
        "TrainingJobName": job_name,
        "AlgorithmSpecification": {
            "TrainingImage": "382416733822.dkr.ecr.us-east-1.amazonaws.com/pca:latest",
            "TrainingInputMode": input_mode,
        },
        "RoleArn": role_arn,
        "HyperParameters": {"num_components": "10", "feature_dim": feature_dim, "mini_batch_size": "10000"},
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": trn_path,
                        "S3DataDistributionType": "ShardedByS3Key",
                    }
                },
                "ContentType": "application/x-recordio-protobuf",
                "CompressionType": "None",
                "RecordWrapperType": "None",
            },
            {
                "ChannelName": "test",
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": tst_path,
                        "S3DataDistributionType": "FullyReplicated",
                    }
                },
                "ContentType": "application/x-recordio-protobuf",
                "CompressionType": "None",
                "RecordWrapperType": "None",
            },
        ],
        "OutputDataConfig": {"S3OutputPath": out_path},
        "ResourceConfig": {"InstanceType": instance_type, "InstanceCount": 1, "VolumeSizeInGB": 100},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }


modes = ("File", "Pipe")
for mode in modes:
    sm_client.create_training_job(**job(mode))
for mode in modes:
    name = job(mode)["TrainingJobName"]
    while (about := sm_client.describe_training_job(TrainingJobName=name))["TrainingJobStatus"] == "InProgress":
        time.sleep(0.2)
    assert about["TrainingJobStatus"] == "Completed", about["FailureReason"]
    assert about["AlgorithmSpecification"]["TrainingInputMode"] == mode
    print(mode, about["ModelArtifacts"]["S3ModelArtifacts"], flush=True)
