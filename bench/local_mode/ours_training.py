"""A trivial training job with shardr: python ours_training.py RUNNER; prints the seconds of run()."""

import sys
import time

from shardr import run

command = ["Rscript", "-e", "x <- 1"]
step = {"name": "work", "type": "training", "image": "processing", "command": command, "instance_count": 2}
start = time.perf_counter()
run({"name": "trivial", "steps": [step]}, runner=sys.argv[1])
print(time.perf_counter() - start)
