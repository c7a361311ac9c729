"""The messages of several instances are joined."""

import json
from pathlib import Path

host = json.loads(Path("/opt/ml/config/resourceconfig.json").read_text())["current_host"]
Path("/opt/ml/output/message").write_text(host + ";")
