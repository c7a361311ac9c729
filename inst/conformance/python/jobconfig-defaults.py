"""processingjobconfig.json has the job's ARN, the default time limit, S3DownloadMode, and null for keys not given."""

import json
from pathlib import Path

config = json.loads(Path("/opt/ml/config/processingjobconfig.json").read_text(encoding="utf-8"))
assert config["ProcessingJobArn"].startswith("arn:aws:sagemaker:"), config
assert config["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}, config
assert all(item["S3Input"]["S3DownloadMode"] == "StartOfJob" for item in config["ProcessingInputs"]), config
assert config["AppSpecification"]["ContainerArguments"] is None, config
assert config["ProcessingOutputConfig"]["KmsKeyId"] is None, config
assert config["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] is None, config
