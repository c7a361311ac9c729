"""A job that takes longer than MaxRuntimeInSeconds is Stopped."""

import time
from pathlib import Path

Path("/opt/ml/processing/output/out/a.txt").write_text("written")
time.sleep(120)
