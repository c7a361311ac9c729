"""Archives of models, ours against ``tar``: one large file of weights, and 10,000 small files.

    python bench/models.py [megabytes]

They take turns, and the median of the turns' ratios counts: making 10,000 files takes the system 0.3 s or 5, in either
program, by what else the machine does.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from array import array
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from shardr.data.archive import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable

MEGABYTES = int(sys.argv[1]) if len(sys.argv) > 1 else 200
SMALL_FILES, REPEATS = 10_000, 7
UNPACK_TARGET, PACK_TARGET = 0.6, 2.0


def weights(folder: Path) -> Path:
    """A file of random numbers in single precision, as models are: it hardly gets smaller."""
    folder.mkdir()
    draw = random.Random(1).gauss
    block = array("f", (draw(0, 1) for _ in range(1 << 18))).tobytes()
    with (folder / "weights.bin").open("wb") as out:
        for k in range(MEGABYTES):
            out.write(block[k:] + block[:k])
    return folder


def small_files(folder: Path) -> Path:
    for k in range(SMALL_FILES):
        path = folder / f"part-{k % 50:02d}" / f"{k}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"row,neighbour,similarity\n" + b"".join(b"%d,%d,0.%d\n" % (k, k * j, j) for j in range(150)))
    return folder


def seconds(action: Callable[[], object], target: Path) -> float:
    if target.is_dir():
        shutil.rmtree(target)
    target.unlink(missing_ok=True)
    os.sync()  # what the other wrote must not be paid by this one
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def compare(what: str, target: float, pairs: list[tuple[float, float]]) -> None:
    ratio = median(theirs / ours for theirs, ours in pairs)
    theirs, ours = (min(times) for times in zip(*pairs, strict=True))
    print(f"{what}: {ratio:.2f} x tar (at best {ours:.2f} vs {theirs:.2f} s, {len(pairs)} runs) target >= {target}")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for what, source in [
            (f"one file of {MEGABYTES} MB", weights(root / "model")),
            (f"{SMALL_FILES} files", small_files(root / "parts")),
        ]:
            made, packed, out = root / "model.tar.gz", root / "tar.tar.gz", root / "out"

            def tar_unpacks(made: Path = made, out: Path = out) -> None:
                out.mkdir()
                subprocess.run(["tar", "xf", made, "-C", out], check=True)

            def tar_packs(packed: Path = packed, source: Path = source) -> None:
                subprocess.run(["tar", "czf", packed, "-C", source, "."], check=True)

            def ours(made: Path = made, source: Path = source) -> None:
                pack({"algo-1": source}, made)

            compare(f"pack of {what}", PACK_TARGET, [(seconds(tar_packs, packed), seconds(ours, made))])
            turns = [
                (seconds(tar_unpacks, out), seconds(lambda made=made, out=out: unpack(made, out), out))  # type: ignore[misc]
                for _ in range(REPEATS)
            ]
            compare(f"unpack of {what}", UNPACK_TARGET, turns)
            shutil.rmtree(out)


if __name__ == "__main__":
    main()
