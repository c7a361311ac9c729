"""The script of a job is at /opt/ml/processing/input/code."""

import sys

assert sys.argv[0] == "/opt/ml/processing/input/code/code-place.py", sys.argv[0]
