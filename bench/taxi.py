"""File against Pipe over trips of taxis: start-up, throughput, total and disk, at two sizes, as a table and a picture.

    python bench/taxi.py [--rows 400000] [--times 10] [--source files] [--rounds 3] [--picture build/taxi.png]

Three jobs for each size and mode, in turn: `reading`, a script that decodes all rows and does nothing with them, the
built-in PCA, and the built-in K-means (three epochs on two instances, once). Medians count.

start-up  from submission to the first rows in the script; algorithms do not tell, and start no other way
MB/s      of the data: the epochs that are read, by the total less the start-up of a streamed job, which both modes have
disk      most that the job's home held at a time, without files that are links to the data themselves
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shardr
from shardr.api.picture import COLOURS, blank, plain, save

if TYPE_CHECKING:
    from collections.abc import Iterable

EXAMPLE = Path(__file__).parents[1] / "inst" / "examples" / "taxi-pipe"
MODES = ("File", "Pipe")
EPOCHS = {"reading": 1, "pca": 1, "kmeans": 3}
READING = """
import os, time
from pathlib import Path
from shardr.recordio.reading import blocks
from shardr.runtime import channel, log_metric, pipe_blocks, shard_files

def rows():
    if not channel("train").is_dir():
        yield from pipe_blocks("train")
        return
    for path in shard_files("train"):
        with path.open("rb", buffering=0) as file:
            yield from blocks(file, path.name)

first, ticks = None, float(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
for block in rows():
    if first is None:
        first = time.time()
        after = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
log_metric("first", first)
log_metric("after", after)
"""


@dataclass(frozen=True)
class Data:
    """Trips of one size, and where jobs find them."""

    rows: int
    bytes: int
    train: str
    test: str

    def __str__(self) -> str:
        return f"{self.bytes / 1e6:.0f} MB"


@dataclass(frozen=True)
class Measured:
    """One job, or the medians of several; seconds and bytes."""

    total: float
    disk: float
    first: float | None = None
    after: float | None = None

    @classmethod
    def of(cls, found: Iterable[Measured]) -> Measured:
        """The medians."""
        kept = [(one.total, one.disk, one.first, one.after) for one in found]
        return cls(*(None if None in part else statistics.median(part) for part in zip(*kept, strict=True)))


class Disk(threading.Thread):
    """Looks at what a home holds until it is told to stop; ``most`` is more than there was at first, in bytes."""

    def __init__(self, home: Path, originals: set[int]) -> None:
        super().__init__(daemon=True)
        self._home, self._originals, self._over = home, originals, threading.Event()
        self._before, self.most = self._held(), 0

    def _held(self) -> int:
        found: dict[int, int] = {}
        for folder, _, names in os.walk(self._home):
            for name in names:
                try:
                    seen = os.lstat(f"{folder}/{name}")
                except FileNotFoundError:
                    continue
                if seen.st_ino not in self._originals:
                    found[seen.st_ino] = seen.st_blocks * 512
        return sum(found.values())

    def run(self) -> None:
        while not self._over.wait(0.03):
            self.most = max(self.most, self._held() - self._before)

    def stop(self) -> int:
        self._over.set()
        self.join()
        return self.most


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
    disk = Disk(home, originals)
    disk.start()
    begun = time.time()
    if what == "reading":
        train = {"name": "train", "source": data.train, "input_mode": mode, "distribution": "ShardedByS3Key"}
        step = {"name": what, "type": "training", "image": "python", "code": "reading.py", "inputs": [train]}
        spec: Any = {"name": what, "steps": [step | {"metrics": ["first", "after"]}]}
        run = shardr.run(spec, base=home.parent, runner="process")
    else:
        more = {"instances": 2, "epochs": EPOCHS[what]} if what == "kmeans" else {}
        set_to = {"algorithm": what, "input_mode": mode, "train": data.train, "test": data.test, **more}
        run = shardr.run(str(EXAMPLE / "job.yml"), runner="process", **set_to)
    total = time.time() - begun
    if what != "reading":
        return Measured(total, disk.stop())
    told = run.metrics().set_index("metric")["value"]
    return Measured(total, disk.stop(), told["first"] - begun, told["after"])


def table(found: dict[tuple[str, str, str], Measured], sizes: list[Data]) -> dict[tuple[str, str, str], float]:
    """Prints what was found; the throughput of each in MB/s."""
    rates = {}
    print(f"{'':8} {'data':>8} {'mode':>5} {'start-up s':>11} {'total s':>8} {'MB/s':>7} {'disk MB':>8}")
    for (what, size, mode), one in found.items():
        base = found["reading", size, "Pipe"].first or 0.0
        data = next(data for data in sizes if str(data) == size)
        rates[what, size, mode] = EPOCHS[what] * data.bytes / 1e6 / max(one.total - base, 1e-3)
        first = f"{one.first:.2f}" if one.first else ""
        rate = rates[what, size, mode]
        print(f"{what:8} {size:>8} {mode:>5} {first:>11} {one.total:>8.2f} {rate:>7.0f} {one.disk / 1e6:>8.1f}")
    return rates


def verdicts(
    found: dict[tuple[str, str, str], Measured], rates: dict[tuple[str, str, str], float], sizes: list[str], source: str
) -> None:
    """Prints what there are targets for."""
    small, big = (found["reading", size, "Pipe"] for size in sizes)
    growth = big.first / small.first if big.first and small.first else float("nan")
    print(f"Pipe: first rows of {sizes[1]} after {growth:.2f} x the time of {sizes[0]} target <= 1.25")
    print(f"Pipe: first rows {big.after:.2f} s after the script starts target <= 0.3")
    most = max(one.disk for (_, _, mode), one in found.items() if mode == "Pipe") / 1e6
    print(f"Pipe: {most:.1f} MB of disk at most target <= 64")
    for what in dict.fromkeys(what for what, _, _ in found):
        file, pipe = ((what, sizes[1], mode) for mode in MODES)
        faster, sooner = rates[pipe] / rates[file], found[pipe].total / found[file].total
        bound = source == "s3" and what == "reading"  # by the time that data needs to come
        targets = (" target >= 2", " target <= 0.75") if bound else ("", "")
        print(f"{what} of {sizes[1]}: Pipe has {faster:.2f} x the throughput of File{targets[0]}")
        print(f"{what} of {sizes[1]}: Pipe takes {sooner:.2f} x the time of File{targets[1]}")


def picture(found: dict[tuple[str, str, str], Measured], sizes: list[str], source: str, file: Path) -> None:
    """Draws start-up, total and disk, File beside Pipe."""
    figure = blank(11, 4)
    kinds = list(dict.fromkeys(what for what, _, _ in found))
    groups = [(what, size) for what in kinds for size in sizes]
    panels = figure.subplots(1, 3, width_ratios=[2, len(groups), 2])
    shown: list[tuple[str, list[tuple[str, str]], Any]] = [
        ("seconds to the first rows", groups[:2], lambda one: one.first),
        ("seconds in total", groups, lambda one: one.total),
        ("MB of disk", groups[:2], lambda one: one.disk / 1e6),
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
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False, fontsize=9)
    figure.suptitle(f"Trips of taxis from {'an S3 server' if source == 's3' else 'files of this machine'}", fontsize=12)
    file.parent.mkdir(parents=True, exist_ok=True)
    save(figure, file)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=400_000, help="trips of the smaller size")
    parser.add_argument("--times", type=int, default=10, help="how many times larger the other is")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--source", choices=["files"], default="files")
    parser.add_argument("--picture", type=Path, default=Path("build/taxi.png"))
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, of which others use {os.getloadavg()[0]:.1f}; data from {given.source}")
    with tempfile.TemporaryDirectory() as name:
        folder, home = Path(name), Path(name, "home")
        os.environ["SHARDR_HOME"] = str(home)
        (folder / "reading.py").write_text(READING)
        sizes = []
        for times in (1, given.times):
            at = folder / f"trips-{times}"
            count = generated(at, given.rows * times, 16 * times)
            sizes.append(Data(given.rows * times, count, f"{at}/train/", f"{at}/test/"))
        originals = {path.stat().st_ino for path in folder.glob("trips-*/*/*")}
        seen = defaultdict(list)
        for turn in range(given.rounds + 1):  # in the first round the interpreter and the disk become warm
            for what in EPOCHS:
                for data in sizes:
                    for mode in MODES[:: -1 if turn % 2 else 1]:
                        if turn and (what != "kmeans" or turn == 1):
                            seen[what, str(data), mode].append(job(what, mode, data, home, originals))
                        elif what == "reading":
                            job(what, mode, data, home, originals)
    found = {key: Measured.of(seen[key]) for what in EPOCHS for data in sizes for mode in MODES
             if (key := (what, str(data), mode)) in seen}  # fmt: skip
    names = [str(data) for data in sizes]
    verdicts(found, table(found, sizes), names, given.source)
    picture(found, names, given.source, given.picture)
    print(f"picture: {given.picture}")


if __name__ == "__main__":
    main()
