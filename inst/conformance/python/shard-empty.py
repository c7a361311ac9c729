"""An instance whose share of an input is empty runs like the others."""

import json
import shutil
from pathlib import Path

out = Path("/opt/ml/processing/output/out")
config = json.loads(Path("/opt/ml/config/resourceconfig.json").read_text())
(out / config["current_host"]).touch()
for path in Path("/opt/ml/processing/input/in").glob("*"):
    shutil.copyfile(str(path), str(out / path.name))
