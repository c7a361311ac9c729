"""A trivial R job on two instances through the Python API, beside two bare Rscript started side by side.

python bench/job.py [repeats]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import shardr

REPEATS = int(sys.argv[1]) if len(sys.argv) > 1 else 21
TARGET = 1.6


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SHARDR_HOME"] = str(Path(folder, "home"))
        script = Path(folder, "trivial.R")
        script.write_text("x <- 1\n")
        spec = {"name": "trivial", "steps": [{"name": "work", "code": script.name, "instance_count": 2}]}

        def job() -> float:
            start = time.perf_counter()
            shardr.run(spec, base=Path(folder))
            return time.perf_counter() - start

        def bare() -> float:
            start = time.perf_counter()
            for process in [subprocess.Popen(["Rscript", script]) for _ in range(2)]:
                process.wait()
            return time.perf_counter() - start

        job(), bare()  # the interpreter is warm, and so is the disk
        pairs = [(job(), bare()) for _ in range(REPEATS)]
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(
            f"trivial R job on 2 instances: {ratio:.2f} x two bare Rscript in parallel "
            f"({ours:.3f} s vs {theirs:.3f} s, median of {REPEATS} pairs) target <= {TARGET}"
        )


if __name__ == "__main__":
    main()
