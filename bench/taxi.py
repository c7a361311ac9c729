"""File against Pipe over trips of taxis: start-up, throughput, total and disk, at two sizes, as a table and a picture.

    python bench/taxi.py [--source files|s3] [--rows 400000] [--times 10] [--rounds 3] [--folder build]

Three jobs for each size and mode, in turn: `reading`, a script that decodes all rows and does nothing with them, the
built-in PCA, and the built-in K-means (three epochs on two instances, once). Medians count.

From files of this machine, which File mode links and need not copy, and then from an S3 server, which it copies from.
What streaming alone can is told by `pipe.py`.

start-up  from submission to the status Training, as the service tells it: what is downloaded is there by then
first     from submission to the first rows in the script; algorithms do not tell
MB/s      of the data, each epoch counted, from the status Downloading to the end of the training
disk      most that the home of the job held at a time, but for files that are links to the data themselves
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import nullcontext
from dataclasses import astuple, dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from places import Disk, served

import shardr
from shardr.api.picture import COLOURS, blank, plain, save

if TYPE_CHECKING:
    from collections.abc import Iterable

EXAMPLE = Path(__file__).parents[1] / "inst" / "examples" / "taxi-pipe"
SOURCES, MODES = ("files", "s3"), ("File", "Pipe")
EPOCHS = {"reading": 1, "pca": 1, "kmeans": 3}
READING = """
import time
from shardr.recordio.reading import blocks
from shardr.runtime import channel, log_metric, pipe_blocks, shard_files

def rows():
    if not channel("train").is_dir():
        yield from pipe_blocks("train")
        return
    for path in shard_files("train"):
        with path.open("rb", buffering=0) as file:
            yield from blocks(file, path.name)

first = None
for block in rows():
    first = first or time.time()
log_metric("first", first)
"""


@dataclass(frozen=True)
class Data:
    """Trips of one size, and where jobs find them."""

    bytes: int
    train: str
    test: str

    def __str__(self) -> str:
        return f"{self.bytes / 1e6:.0f} MB"


@dataclass(frozen=True)
class Measured:
    """One job, or the medians of several: seconds, MB, and MB/s."""

    start_up: float
    total: float
    rate: float
    disk: float
    first: float = float("nan")

    @classmethod
    def of(cls, found: Iterable[Measured]) -> Measured:
        """The medians."""
        return cls(*map(statistics.median, zip(*map(astuple, found), strict=True)))


Found = dict[tuple[str, str, str], Measured]
"""By what the job does, how much data it has, and the mode."""


def generated(folder: Path, rows: int, shards: int) -> int:
    """Writes trips by the example's own program; how many bytes there are to learn from."""
    spec = importlib.util.spec_from_file_location("taxi_generate", EXAMPLE / "generate.py")
    assert spec
    assert spec.loader
    program = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = program
    spec.loader.exec_module(program)
    program.generate(folder, rows, shards)
    return sum(path.stat().st_size for path in (folder / "train").iterdir())


def job(what: str, mode: str, data: Data, home: Path, originals: set[int]) -> Measured:
    """A job from its submission to its end."""
    disk, begun = Disk(home, originals), time.time()
    if what == "reading":
        train = {"name": "train", "source": data.train, "input_mode": mode}
        step = {"name": what, "type": "training", "image": "python", "code": "reading.py", "inputs": [train]}
        spec: Any = {"name": what, "steps": [step | {"metrics": ["first"]}]}
        run = shardr.run(spec, base=home.parent, runner="process")
    else:
        more = {"instances": 2, "epochs": EPOCHS[what]} if what == "kmeans" else {}
        set_to = {"algorithm": what, "input_mode": mode, "train": data.train, "test": data.test, **more}
        run = shardr.run(str(EXAMPLE / "job.yml"), runner="process", **set_to)
    total, held = time.time() - begun, disk.stop()
    told = shardr.local_session().client("sagemaker").describe_training_job(TrainingJobName=f"{run.id}-{what}")
    at = {one["Status"]: one for one in told["SecondaryStatusTransitions"]}
    working = (at["Training"]["EndTime"] - at["Downloading"]["StartTime"]).total_seconds()
    found = (at["Training"]["StartTime"].timestamp() - begun, total, EPOCHS[what] * data.bytes / 1e6 / working, held)
    if what != "reading":
        return Measured(*found)
    logged = run.metrics().set_index("metric")["value"]
    return Measured(*found, logged["first"] - begun)


def table(found: Found) -> None:
    """Prints what was found."""
    print(f"{'':8} {'data':>7} {'mode':>5} {'start-up s':>11} {'first s':>8} {'total s':>8} {'MB/s':>5} {'disk MB':>8}")
    for (what, size, mode), one in found.items():
        first = f"{one.first:.2f}" if what == "reading" else ""
        shown = f"{one.start_up:>11.2f} {first:>8} {one.total:>8.2f} {one.rate:>5.0f} {one.disk:>8.1f}"
        print(f"{what:8} {size:>7} {mode:>5} {shown}")


def verdicts(found: Found, sizes: list[str], source: str) -> None:
    """Prints what Pipe has over File."""
    small, big = (found["reading", size, "Pipe"] for size in sizes)
    print(f"Pipe: first rows of {sizes[1]} after {big.first / small.first:.2f} x the time of {sizes[0]} target <= 1.25")
    most = max(one.disk for (_, _, mode), one in found.items() if mode == "Pipe")
    print(f"Pipe: {most:.1f} MB of disk at most target <= 64")
    for what in EPOCHS:
        file, pipe = (found[what, sizes[1], mode] for mode in MODES)
        bound = source == "s3" and what == "reading"  # by the time that data needs to come
        faster, sooner = (" target >= 2", " target <= 0.75") if bound else ("", "")
        print(f"{what} of {sizes[1]}: Pipe has {pipe.rate / file.rate:.2f} x the throughput of File{faster}")
        print(f"{what} of {sizes[1]}: Pipe takes {pipe.total / file.total:.2f} x the time of File{sooner}")


def picture(found: Found, sizes: list[str], source: str, file: Path) -> None:
    """Draws start-up, total and disk, File beside Pipe."""
    figure = blank(11, 4)
    groups = list(product(EPOCHS, sizes))
    panels = figure.subplots(1, 3, width_ratios=[2, len(groups), 2])
    shown: list[tuple[str, list[tuple[str, str]], Any]] = [
        ("seconds to the first rows", groups[:2], lambda one: one.first),
        ("seconds in total", groups, lambda one: one.total),
        ("MB of disk", groups[:2], lambda one: one.disk),
    ]
    for panel, (title, keys, value) in zip(panels, shown, strict=True):
        plain(panel)
        for side, mode in enumerate(MODES):
            places = [place + 0.4 * (side - 0.5) for place in range(len(keys))]
            heights = [value(found[what, size, mode]) for what, size in keys]
            bars = panel.bar(places, heights, 0.38, color=COLOURS[side], label=mode)
            panel.bar_label(bars, fmt="%.1f", fontsize=8, padding=2)
        panel.set_xticks(range(len(keys)), [f"{what}\n{size}" for what, size in keys], fontsize=8)
        panel.set_title(title, fontsize=10, loc="left")
        panel.margins(y=0.1)
        panel.set_ylim(top=max(1, panel.get_ylim()[1]))
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False, fontsize=9)
    figure.suptitle(f"Trips of taxis from {'an S3 server' if source == 's3' else 'files of this machine'}", fontsize=12)
    file.parent.mkdir(parents=True, exist_ok=True)
    save(figure, file)


def compare(source: str, given: argparse.Namespace) -> None:
    """Runs all jobs over data that is there, or behind S3, and tells what came of it."""
    print(f"{os.cpu_count()} cores, of which others use {os.getloadavg()[0]:.1f}; data from {source}")
    seen = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder, home, trips = Path(name), Path(name, "home"), Path(name, "buckets", "trips")
        os.environ["SHARDR_HOME"] = str(home)
        (folder / "reading.py").write_text(READING)
        counts = {n: generated(trips / str(n), given.rows * n, 16 * n) for n in (1, given.times)}
        originals = {path.stat().st_ino for path in trips.glob("*/*/*")}
        base = "s3://trips/" if source == "s3" else f"{trips}/"
        with served(trips.parent) if source == "s3" else nullcontext():
            sizes = [Data(count, f"{base}{n}/train/", f"{base}{n}/test/") for n, count in counts.items()]
            for turn in range(given.rounds + 1):
                for what, data, mode in product(EPOCHS, sizes, MODES[:: -1 if turn % 2 else 1]):
                    if turn and (what != "kmeans" or turn == 1):
                        seen[what, str(data), mode].append(job(what, mode, data, home, originals))
                    elif what == "reading":  # in the first round the interpreter and the disk become warm
                        job(what, mode, data, home, originals)
    names = [str(data) for data in sizes]
    found = {key: Measured.of(seen[key]) for key in product(EPOCHS, names, MODES)}
    table(found)
    verdicts(found, names, source)
    file = given.folder / f"taxi-{source}.png"
    picture(found, names, source, file)
    print(f"picture: {file}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", choices=SOURCES, help="one of the two; default: both")
    parser.add_argument("--rows", type=int, default=400_000, help="trips of the smaller size")
    parser.add_argument("--times", type=int, default=10, help="how many times larger the other is")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("build"), help="where the pictures go")
    given = parser.parse_args()
    for source in [given.source] if given.source else SOURCES:
        compare(source, given)


if __name__ == "__main__":
    main()
