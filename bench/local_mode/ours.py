"""The same job with shardr: python ours.py RUNNER SCRIPT; prints the seconds of run()."""

import sys
import time
from pathlib import Path

from shardr import run

runner, script = sys.argv[1], Path(sys.argv[2])
spec = {"name": "trivial", "steps": [{"name": "work", "code": script.name, "instance_count": 2}]}
start = time.perf_counter()
run(spec, base=script.parent, runner=runner)
print(time.perf_counter() - start)
