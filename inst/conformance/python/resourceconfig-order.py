"""The hosts in resourceconfig.json are in lexicographic order, algo-10 before algo-2."""

import json
from pathlib import Path

config = json.loads(Path("/opt/ml/config/resourceconfig.json").read_text())
names = ["algo-1", "algo-10", "algo-11"] + [f"algo-{i}" for i in range(2, 10)]
assert config["hosts"] == names, config
