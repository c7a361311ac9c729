"""processingjobconfig.json is the request of the job."""

import json
import sys
from pathlib import Path

config = json.loads(Path("/opt/ml/config/processingjobconfig.json").read_text(encoding="utf-8"))
assert config["ProcessingJobName"] == sys.argv[1], config
assert config["AppSpecification"]["ContainerArguments"] == [sys.argv[1], "two words"], config
assert config["Environment"] == {"ANSWER": "42"}, config
assert config["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 1, config
assert config["RoleArn"].startswith("arn:aws:iam::"), config
assert config["ProcessingInputs"][-1]["S3Input"]["LocalPath"] == "/opt/ml/processing/input/code", config
