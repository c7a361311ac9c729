"""A job that is stopped gets SIGTERM and time to write its message; it is Stopped and has no output."""

import signal
import sys
import time
from pathlib import Path


def save(*_):
    Path("/opt/ml/output/message").write_text("saved")
    sys.exit(0)


Path("/opt/ml/processing/output/out/a.txt").write_text("written")
signal.signal(signal.SIGTERM, save)
print("ready", flush=True)
time.sleep(120)
