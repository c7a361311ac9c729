"""The shipped filter.R + process.R against the published tidyverse originals, in one run on the same rows.

    python bench/scripts.py [--rows 1000000] [--repeat 3]

Each pair runs as a job would start it: one Rscript per step, one instance, files in and files out. The lower of the
repeats counts, for both; they take turns. Prints the seconds, the rows that came out, and the ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "inst" / "examples" / "bank-marketing"
PUBLISHED = ROOT / "bench" / "published"
PARTS = ["train", "validation", "test"]
TARGET = 5.0


def has_r_package(name: str) -> bool:
    found = subprocess.run(["Rscript", "-e", f"library({name})"], capture_output=True, check=False)
    return found.returncode == 0


def instance(base: Path, inputs: dict[str, Path], outputs: list[str]) -> dict[str, Path]:
    """Lays out what one instance finds below /opt/ml; gives the folders of the outputs."""
    config = base / "config"
    config.mkdir(parents=True)
    (config / "resourceconfig.json").write_text(json.dumps({"current_host": "algo-1", "hosts": ["algo-1"]}))
    job = {
        "ProcessingInputs": [
            {"InputName": name, "S3Input": {"LocalPath": f"/opt/ml/processing/input/{name}"}} for name in inputs
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {"OutputName": name, "S3Output": {"LocalPath": f"/opt/ml/processing/output/{name}"}} for name in outputs
            ]
        },
    }
    (config / "processingjobconfig.json").write_text(json.dumps(job))
    (base / "processing" / "input").mkdir(parents=True)
    for name, source in inputs.items():
        (base / "processing" / "input" / name).symlink_to(source)
    folders = {name: base / "processing" / "output" / name for name in outputs}
    for folder in folders.values():
        folder.mkdir(parents=True)
    return folders


def run(script: Path, *arguments: Path, **environment: str) -> float:
    """Seconds that one Rscript takes."""
    start = time.perf_counter()
    done = subprocess.run(
        ["Rscript", str(script), *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{script} failed:\n{done.stderr}")
    return time.perf_counter() - start


def count_rows(*folders: Path) -> int:
    return sum(path.read_bytes().count(b"\n") - 1 for folder in folders for path in folder.iterdir())


def shipped(data: Path, work: Path) -> tuple[float, float, int]:
    filtered = instance(work / "filter", {"raw": data}, ["filtered"])["filtered"]
    first = run(EXAMPLE / "filter.R", SHARDR_BASE_DIR=str(work / "filter"))
    parts = instance(work / "split", {"filtered": filtered}, PARTS)
    second = run(EXAMPLE / "process.R", SHARDR_BASE_DIR=str(work / "split"))
    return first, second, count_rows(*parts.values())


def published(data: Path, work: Path) -> tuple[float, float, int]:
    filtered, split = work / "filtered", work / "split"
    filtered.mkdir(parents=True)
    split.mkdir()
    first = run(PUBLISHED / "filter.R", data, filtered)
    second = run(PUBLISHED / "process.R", filtered, split)
    return first, second, count_rows(split)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    if not all(map(has_r_package, ("shardr", "data.table"))):
        sys.exit("bench/scripts.py needs the shardr R package and data.table on R's library path (R_LIBS).")
    if not all(map(has_r_package, ("readr", "dplyr"))):
        sys.exit("The originals need readr and dplyr: apt-get install r-cran-readr r-cran-dplyr")

    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        data = work / "data"
        subprocess.run(
            [sys.executable, str(EXAMPLE / "generate.py"), str(data), "--rows", str(given.rows)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        sides = {"published": published, "shipped": shipped}
        times: dict[str, list[tuple[float, float, int]]] = {name: [] for name in sides}
        for _ in range(given.repeat):
            for name, side in sides.items():
                times[name].append(side(data, work / name))
                shutil.rmtree(work / name)
        best = {name: min(runs, key=lambda seconds: seconds[0] + seconds[1]) for name, runs in times.items()}

    for name, (first, second, rows) in best.items():
        print(f"{name:<10} filter {first:6.2f} s   split {second:6.2f} s   rows out {rows:>9,} of {given.rows:,}")
    ratio = sum(best["published"][:2]) / sum(best["shipped"][:2])
    verdict = "ok" if ratio >= TARGET else "MISSED"
    print(
        f"filter.R + process.R, {given.rows:,} rows: published / shipped = {ratio:.1f} (at least {TARGET:g}): {verdict}"
    )
    return 0 if ratio >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
