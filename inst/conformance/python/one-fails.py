"""One failed instance fails the job and is named; the others run to their end."""

import json
import sys
import time
from pathlib import Path

host = json.loads(Path("/opt/ml/config/resourceconfig.json").read_text())["current_host"]
Path("/opt/ml/processing/output/out", host).write_text("written")
if host == "algo-2":
    sys.exit(3)
time.sleep(1)
Path("/opt/ml/output/message").write_text(host + " to its end")
