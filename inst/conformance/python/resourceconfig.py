"""resourceconfig.json names this instance and all of them."""

import json
from pathlib import Path

config = json.loads(Path("/opt/ml/config/resourceconfig.json").read_text())
assert config["hosts"] == ["algo-1", "algo-2"], config
Path("/opt/ml/processing/output/out", config["current_host"]).touch()
