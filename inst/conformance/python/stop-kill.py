"""A program that ignores SIGTERM is killed when the grace time is over, and the job is Stopped."""

import signal
import time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(120)
