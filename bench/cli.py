"""The command line's own time against a Python that does nothing, in one run.

    python bench/cli.py [--repeat 40]

``shardr --help`` and ``shardr plan`` of the bank marketing example take turns with ``python -c pass``, so that a busy
moment of the machine meets all three. Prints the medians and their ratios; fails when one is over its target.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "inst" / "examples" / "bank-marketing"
TARGETS = {"shardr --help": 8, "shardr plan": 25}


def milliseconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - start) * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=40)
    repeat = parser.parse_args().repeat
    shardr = str(Path(sys.executable).with_name("shardr"))
    with tempfile.TemporaryDirectory() as data:
        subprocess.run([sys.executable, str(EXAMPLE / "generate.py"), data], check=True, stdout=subprocess.DEVNULL)
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "shardr --help": [shardr, "--help"],
            "shardr plan": [shardr, "plan", str(EXAMPLE / "job.yml"), "--set", f"data={data}"],
        }
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(repeat):
            for name, command in commands.items():
                taken[name].append(milliseconds(command))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    for name, median in medians.items():
        print(f"{name}: median {median:.1f} ms, least {min(taken[name]):.1f} ms of {repeat}")
    ratios = {name: medians[name] / medians["python -c pass"] for name in TARGETS}
    for name, ratio in ratios.items():
        print(f"{name} / python -c pass: {ratio:.1f} x (target <= {TARGETS[name]})")
    return int(any(ratio > TARGETS[name] for name, ratio in ratios.items()))


if __name__ == "__main__":
    sys.exit(main())
