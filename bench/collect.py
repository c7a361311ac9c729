"""``collect`` of 20 equal-header CSV shards (400 MB) against ``cat`` of the same.

    python bench/collect.py [megabytes]

They take turns; the lower time of the repeats counts, for both.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from shardr.data.merge import merge

if TYPE_CHECKING:
    from collections.abc import Callable

MEGABYTES = int(sys.argv[1]) if len(sys.argv) > 1 else 400
SHARDS, REPEATS, TARGET = 20, 7, 0.7
HEADER = b"age,job,marital,education,default,housing,loan,contact,month,duration,emp.var.rate,y\n"
LINE = b"%d,admin.,single,high.school,no,yes,no,cellular,may,149,-1.8,no\n"


def shards(folder: Path) -> list[Path]:
    """The shards, all of one size."""
    block = b"".join(LINE % (k % 90) for k in range(10_000))
    files = [folder / f"part-{k:02d}.csv" for k in range(SHARDS)]
    for file in files:
        with file.open("wb") as out:
            out.write(HEADER)
            for _ in range(MEGABYTES * 10**6 // SHARDS // len(block)):
                out.write(block)
    return files


def seconds(action: Callable[[], object], target: Path) -> float:
    target.unlink(missing_ok=True)
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        files = shards(Path(name))
        size = sum(file.stat().st_size for file in files) / 1e6
        target = Path(name) / "all.csv"

        def cat() -> None:
            with target.open("wb") as out:
                subprocess.run(["cat", *files], stdout=out, check=True)

        turns = [(seconds(cat, target), seconds(lambda: merge(files, target), target)) for _ in range(REPEATS)]
        theirs, ours = (min(times) for times in zip(*turns, strict=True))
    print(
        f"collect of {SHARDS} CSV shards: {theirs / ours:.2f} x cat "
        f"({size / ours:.0f} vs {size / theirs:.0f} MB/s, {size:.0f} MB, {REPEATS} runs) target >= {TARGET}"
    )


if __name__ == "__main__":
    main()
