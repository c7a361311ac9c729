"""Staging an input that lies in S3 of this machine: shardr beside `cp -r`, `cp -rl` and a bare loop of links.

    python bench/staging.py [gigabytes]

Files of 1 MB in folders of 100, under SHARDR_HOME as `aws s3 cp` would leave them, all in turn in each round;
the lowest time of the rounds counts. Bytes written are those of staged files that are not the originals by inode.
Fails when a byte is written, or when staging takes more than twice what the bare loop does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from shardr.local.channels import stage
from shardr.storage.local import LocalStorage

if TYPE_CHECKING:
    from collections.abc import Callable

FILES, BYTES, ROUNDS, TARGET = int(float(sys.argv[1] if len(sys.argv) > 1 else 2) * 1000), 10**6, 5, 2.0


def fill(data: Path) -> None:
    block = os.urandom(BYTES)
    for i in range(FILES):
        path = data / f"{i // 100:03}" / f"{i:06}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(block)


def loop(data: Path, to: Path) -> None:
    for folder, _, names in os.walk(data):
        target = to / Path(folder).relative_to(data)
        target.mkdir(parents=True)
        for name in names:
            os.link(f"{folder}/{name}", f"{target}/{name}")


def staged(home: Path, to: Path) -> None:
    listing = LocalStorage(home / "s3").list("s3://bucket/data/")
    stage(listing, listing.keys, to, links=True, copies=False)


def written(data: Path, to: Path) -> int:
    """Bytes on the disk that hold what the originals hold already."""
    files = [path.stat() for path in to.rglob("*") if path.is_file()]
    assert len(files) == FILES
    originals = {path.stat().st_ino for path in data.rglob("*")}
    return sum(file.st_blocks * 512 for file in files if file.st_ino not in originals)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        home, to = Path(name, "home"), Path(name, "to")
        data = home / "s3" / "bucket" / "data"
        fill(data)
        ways: dict[str, Callable[[], object]] = {
            "shardr": lambda: staged(home, to),
            "links": lambda: loop(data, to),
            "cp -rl": lambda: subprocess.run(["cp", "-rl", data, to], check=True),
            "cp -r": lambda: subprocess.run(["cp", "-r", data, to], check=True),
        }
        best, wrote = dict.fromkeys(ways, float("inf")), dict[str, int]()
        for _ in range(ROUNDS):
            for way, do in ways.items():
                os.sync()
                start = time.perf_counter()
                do()
                best[way] = min(best[way], time.perf_counter() - start)
                wrote[way] = written(data, to)
                shutil.rmtree(to)
    shown = ", ".join(f"{way} {best[way]:.3f} s and {wrote[way] / 1e6:.0f} MB written" for way in ways)
    ratio, copied = best["shardr"] / best["links"], best["shardr"] / best["cp -r"]
    print(f"staging {FILES} files of 1 MB: {ratio:.2f} × a bare loop of links, {copied:.3f} × cp -r ({shown})")
    print(f"targets: 0 bytes written, <= {TARGET} × the loop")
    if wrote["shardr"] or ratio > TARGET:
        sys.exit(1)


if __name__ == "__main__":
    main()
