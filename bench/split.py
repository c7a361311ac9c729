"""``split`` of one big CSV (400 MB) into 20 shards: speed, and the memory it takes.

    python bench/split.py [megabytes]

Once without quotes and once with quotes in each line, each in a process of its own; the lowest time of the repeats
counts. The memory is what the process holds at its peak beyond what it holds after the imports.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from programs import figures

MEGABYTES = int(sys.argv[1]) if len(sys.argv) > 1 else 400
SHARDS, REPEATS, TARGET = 20, 5, 300
HEADER = b"age,job,marital,education,default,housing,loan,contact,month,duration,emp.var.rate,y\n"
LINES = {
    "plain": b"%d,admin.,single,high.school,no,yes,no,cellular,may,149,-1.8,no\n",
    "quoted": b'%d,"admin.","single","high.school","no","yes","no","cellular","may",149,-1.8,"no"\n',
}

PROGRAM = """
import resource, sys, time
from pathlib import Path
from shardr.data.split import split

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

before, start = peak(), time.perf_counter()
split(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), overwrite=True)
print(time.perf_counter() - start, peak() - before)
"""


def write(path: Path, line: bytes) -> float:
    """The file to split; answers its size in MB."""
    block = b"".join(line % (k % 90) for k in range(10_000))
    with path.open("wb") as out:
        out.write(HEADER)
        for _ in range(MEGABYTES * 10**6 // len(block)):
            out.write(block)
    return path.stat().st_size / 1e6


def main() -> None:
    for kind, line in LINES.items():
        with tempfile.TemporaryDirectory() as name:
            source = Path(name) / "big.csv"
            size = write(source, line)
            command = [sys.executable, "-c", PROGRAM, source, SHARDS, Path(name) / "to"]
            runs = [figures(command) for _ in range(REPEATS)]
            seconds, memory = min(run[0] for run in runs), max(run[1] for run in runs)
        target = f"target >= {TARGET}" if kind == "plain" else "no target"
        print(
            f"split of a {kind} CSV: {size / seconds:.0f} MB/s "
            f"({size:.0f} MB into {SHARDS} shards, {memory:.0f} MB of memory, {REPEATS} runs) {target}"
        )


if __name__ == "__main__":
    main()
