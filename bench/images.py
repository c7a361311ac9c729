"""shardr's images: their sizes, and how long a rebuild takes after a change of an R script.

python bench/images.py [repeats]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import shardr
from shardr.local.docker import build
from shardr.local.docker.daemon import connect

REPEATS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
LIMITS = {"processing": 450, "serving": 520, "dbscan": 520, "python": 450, "kmeans": 450, "pca": 450, "xgboost": 470}
SECONDS = 5
SCRIPT = "r-half/R/container.R"


def main() -> None:
    for name, limit in LIMITS.items():
        image = shardr.build_image(name)
        print(f"size of {image.uri}: {(image.size or 0) / 1e6:.0f} MB target < {limit}")
    for name in LIMITS:
        times = rebuilds(name)
        print(
            f"rebuild of {name} after a change of an R script: {statistics.median(times):.1f} s "
            f"(median of {REPEATS}, longest {max(times):.1f} s) target < {SECONDS}"
        )


def rebuilds(name: str) -> list[float]:
    """Seconds of each build, every time with an R script that was never seen before; the checkout is not touched."""
    files = build.files
    builder = build.Builder(connect(), "debian:bookworm-slim", tag="bench")
    times = []
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "container.R")
        text = files(name)[SCRIPT].read_text(encoding="utf-8")
        script.write_text(text, encoding="utf-8")
        build.files = lambda image: {**files(image), SCRIPT: script} if image == name else files(image)
        try:
            builder.build(name, "bench")
            for _ in range(REPEATS):
                script.write_text(f"{text}# {time.time_ns()}\n", encoding="utf-8")
                start = time.perf_counter()
                made = builder.build(name, "bench")
                times.append(time.perf_counter() - start)
                connect().remove_image(made)
        finally:
            build.files = files
            connect().remove_image("shardr/base:bench")
    return times


if __name__ == "__main__":
    main()
