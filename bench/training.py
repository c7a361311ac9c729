"""A trivial training job on one instance through the Python API, beside its bare command: what orchestration costs.

python bench/training.py [repeats]

The command is a shell's, as short as a program can be, so that nearly all of the difference is ours.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rounds import compared, seconds_of

import shardr

REPEATS = int(sys.argv[1]) if len(sys.argv) > 1 else 21
TARGET_SECONDS = 0.2


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SHARDR_HOME"] = str(Path(folder, "home"))
        script = Path(folder, "trivial.sh")
        script.write_text("exit 0\n")
        step = {"name": "work", "type": "training", "image": "processing", "code": script.name}
        spec = {"name": "trivial", "steps": [step]}

        def job() -> None:
            shardr.run(spec, base=Path(folder), runner="process")

        def bare() -> None:
            subprocess.run(["bash", script], check=True)

        seconds = seconds_of({"job": job, "bare": bare}, REPEATS)

    over = statistics.median(ours - theirs for ours, theirs in zip(seconds["job"], seconds["bare"], strict=True))
    ratio, ours, theirs = compared(seconds["job"], seconds["bare"])
    print(
        f"trivial training job on one instance: {over:.3f} s over its bare command target <= {TARGET_SECONDS} "
        f"({ours:.3f} s vs {theirs:.4f} s, {ratio:.0f} x, median of {REPEATS} rounds)"
    )


if __name__ == "__main__":
    main()
