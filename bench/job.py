"""A trivial R job on two instances through the Python API, beside two bare Rscript started side by side.

python bench/job.py [repeats]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rounds import compared, seconds_of

import shardr

REPEATS = int(sys.argv[1]) if len(sys.argv) > 1 else 21
TARGET = 1.6


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SHARDR_HOME"] = str(Path(folder, "home"))
        script = Path(folder, "trivial.R")
        script.write_text("x <- 1\n")
        spec = {"name": "trivial", "steps": [{"name": "work", "code": script.name, "instance_count": 2}]}

        def job() -> None:
            shardr.run(spec, base=Path(folder))

        def bare() -> None:
            for process in [subprocess.Popen(["Rscript", script]) for _ in range(2)]:
                process.wait()

        seconds = seconds_of({"job": job, "bare": bare}, REPEATS)

    ratio, ours, theirs = compared(seconds["job"], seconds["bare"])
    print(
        f"trivial R job on 2 instances: {ratio:.2f} x two bare Rscript in parallel "
        f"({ours:.3f} s vs {theirs:.3f} s, median of {REPEATS} rounds) target <= {TARGET}"
    )


if __name__ == "__main__":
    main()
