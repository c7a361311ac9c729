"""A trivial training job on one instance through the Python API, beside its bare command: what orchestration costs.

python bench/training.py [repeats]

The command is a shell's, as short as a program can be, so that nearly all of the difference is ours. What goes first
changes with each round.
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

        ways = {"job": job, "bare": bare}
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(REPEATS + 1):
            for name in list(ways)[:: -1 if turn % 2 else 1]:
                start = time.perf_counter()
                ways[name]()
                if turn:  # in the first round the interpreter and the disk become warm
                    seconds[name].append(time.perf_counter() - start)

    pairs = list(zip(seconds["job"], seconds["bare"], strict=True))
    over = statistics.median(ours - theirs for ours, theirs in pairs)
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"trivial training job on one instance: {over:.3f} s over its bare command target <= {TARGET_SECONDS} "
        f"({ours:.3f} s vs {theirs:.4f} s, {ratio:.0f} x, median of {REPEATS} rounds)"
    )


if __name__ == "__main__":
    main()
