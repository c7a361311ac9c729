"""Writes the message that it is given, and ends with the code that it is given."""

import os
import sys
from pathlib import Path

Path("/opt/ml/output/message").write_bytes(os.fsencode(sys.argv[1]))
sys.exit(int(sys.argv[2]))
