"""The job ends with its program, whatever that has left running."""

import subprocess
import sys

subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
