"""The outputs of all instances are in one place."""

import json
from pathlib import Path

host = json.loads(Path("/opt/ml/config/resourceconfig.json").read_text())["current_host"]
Path("/opt/ml/processing/output/out", host + ".txt").write_text(host)
