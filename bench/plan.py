"""A plan over a million keys and a hundred instances: time and memory, from the manifest on disk to the shard map.

python bench/plan.py [keys]
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import shardr

KEYS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
INSTANCES = 100


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        os.environ["SHARDR_HOME"] = str(base / "home")
        (base / "data").mkdir()
        (base / "work.R").write_text("x <- 1\n")
        keys = (f"year={2000 + k % 25}/month={k % 12:02}/part-{k:07}.csv" for k in range(KEYS))
        (base / "all.manifest").write_text(json.dumps([{"prefix": "data/"}, *keys]))
        source = {"name": "raw", "source": {"manifest": "all.manifest"}, "distribution": "ShardedByS3Key"}
        step = {"name": "work", "code": "work.R", "instance_count": INSTANCES, "inputs": [source]}
        start = time.perf_counter()
        plan = shardr.plan({"name": "many", "steps": [step]}, base=base)
        seconds = time.perf_counter() - start
        assert sum(map(len, plan.steps[0].spreads[0].keys.values())) == KEYS
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"plan of {KEYS} keys over {INSTANCES} instances: {seconds:.2f} s target <= 2")
        print(f"plan of {KEYS} keys over {INSTANCES} instances: {peak:.0f} MB (the whole process) target <= 500")


if __name__ == "__main__":
    main()
