"""The recordIO decoder alone over files: python bench/pipe/decode.py FOLDER; prints bytes per second."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from shardr.recordio.reading import blocks

files = sorted(Path(sys.argv[1]).iterdir())
start = time.perf_counter()
for path in files:
    with path.open("rb") as stream:
        for _ in blocks(stream, path.name):
            pass
print(sum(path.stat().st_size for path in files) / (time.perf_counter() - start))
