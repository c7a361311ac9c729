"""Mode Pipe beside File and FastFile, from files of this machine and an S3: start, throughput, total, disk, memory.

    python bench/pipe.py [--megabytes 100] [--rounds 3] [--latency-ms 20]

The data is recordIO-protobuf of 50 columns in objects of 10 MB, at two sizes, the second ten times the first (the same
files under ten names each). There are two S3 over that folder, each a process of its own: rclone, which takes three
times as much of the cores as who asks it, and a light one that takes next to nothing, as one elsewhere would; with
``--latency-ms`` each request waits so long, as S3's do, behind a door that is a process, too. One job reads all and
does nothing with it, the other is the built-in PCA. All take turns; medians of the rounds. File counts twice: read
while the system still has in memory what was just fetched, and cold, from the disk, as where the data is larger than
the memory (that it is written there first is not counted). Seconds to the first record count from the start of the
script's process; those of a whole job from submit to Completed. What a server itself can is measured by 8 plain
connections.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import boto3
import numpy as np
from botocore.config import Config
from places import served
from programs import figures

import shardr
from shardr.local.home import Home
from shardr.local.store import Store
from shardr.recordio.encoding import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).with_suffix("")
COLUMNS, FILE_BYTES, TIMES = 50, 10**7, 10
BUCKET = "far"


@dataclass
class Turn:
    """One job, as it was seen."""

    total: float
    told: dict[str, float]
    streamed: float
    """Seconds from the opening of the FIFO to its end."""
    download: float
    disk: int
    memory: int


@dataclass
class Watch:
    """The most that a job's folder takes on the disk, and its supervisor in memory, looked at while it runs."""

    home: Home
    disk: int = 0
    memory: int = 0
    done: threading.Event = field(default_factory=threading.Event)

    def look(self, job: str) -> None:
        row, folder = Store(self.home.store).job(job), self.home.job(job).root
        with suppress(OSError):
            found = {(s.st_ino, s.st_blocks) for p in folder.rglob("*") if not p.is_dir() for s in [p.lstat()]}
            own = sum(blocks for _, blocks in found) * 512
            self.disk = max(self.disk, own)
        if row is not None and row.pid:
            with suppress(OSError):
                status = Path(f"/proc/{row.pid}/status").read_text()
                self.memory = max([self.memory, *(int(x.split()[1]) for x in status.splitlines() if "VmHWM" in x)])

    def through(self, run: shardr.Run) -> None:
        job = run.steps[0].job or ""
        while not self.done.wait(0.05):
            self.look(job)


def spec(source: str, mode: str, image: str | None = None, *, cold: bool = False) -> dict[str, Any]:
    channel = {"name": "train", "source": source, "input_mode": mode}
    step: dict[str, Any] = {"name": "work", "type": "training", "inputs": [channel]}
    if image is None:
        step |= {"code": str(HERE / "read.py"), "hyperparameters": {"cold": True} if cold else {}}
    else:
        channel["content_type"] = "application/x-recordio-protobuf"
        step |= {
            "image": image,
            "hyperparameters": {"feature_dim": COLUMNS, "num_components": 10, "mini_batch_size": 500},
        }
    return {"name": "bench", "steps": [step]}


def job(source: str, mode: str, image: str | None = None, *, cold: bool = False) -> Turn:
    start = time.perf_counter()
    run = shardr.submit(spec(source, mode, image, cold=cold), runner="process")
    watch = Watch(Home.default())
    looking = threading.Thread(target=watch.through, args=(run,))
    looking.start()
    run.wait()
    total = time.perf_counter() - start
    watch.done.set()
    looking.join()
    [step] = run.refresh().steps
    assert step.status == "Completed", step.failure
    about = shardr.describe(step.job or "")["Shardr"]
    phases = dict(about["phases"])
    told = [json.loads(line.text) for line in run.logs() if line.text.startswith("{")] if image is None else [{}]
    streamed = about["hosts"]["algo-1"].get("streamed", {}).get("train", {}).get("seconds", 0)
    return Turn(total, told[0], streamed, phases["Training"] - phases["Downloading"], watch.disk, watch.memory)


def fill(folder: Path, megabytes: int) -> None:
    """The two sizes: ``1`` and ``10``."""
    draw, rows = np.random.default_rng(1), FILE_BYTES // (COLUMNS * 4 + 24)
    for size in ("1", "10"):
        (folder / size).mkdir(parents=True)
    for i in range(megabytes * 10**6 // FILE_BYTES):
        path = folder / "1" / f"part-{i:04}"
        path.write_bytes(encode(draw.standard_normal((rows, COLUMNS), np.float32)).content)
        for again in range(TIMES):
            (folder / "10" / f"part-{again}-{i:04}").hardlink_to(path)


@contextmanager
def beside(program: str, *words: object) -> Iterator[str]:
    """The address of a server of ours, a process of its own."""
    command = [sys.executable, str(HERE / program), *map(str, words)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def rclone(folder: Path) -> Iterator[str]:
    """The address of rclone over a folder; it has read each object once for its ETag, and knows it from now on."""
    with served(folder) as url:
        for page in client_of(url).get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            assert page["Contents"]
        yield url


def client_of(url: str) -> Any:
    return boto3.client("s3", endpoint_url=url, config=Config(signature_version="s3v4"))


def ceiling(client: Any, prefix: str) -> float:
    """Bytes per second of the server alone."""
    keys = [item["Key"] for item in client.list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]]
    urls = [client.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": key}) for key in keys]
    return figures([sys.executable, HERE / "raw.py", *urls])[0]


def decoder(folder: Path) -> float:
    """Bytes per second of the decoder alone."""
    return figures([sys.executable, HERE / "decode.py", folder])[0]


def of(turns: list[Turn], what: Any) -> float:
    return median(map(what, turns))


def told(name: str, data: Path, source: str, rounds: int) -> None:
    """All figures of one source; ``data`` has the same files."""
    bytes_of = {size: sum(path.stat().st_size for path in (data / size).iterdir()) for size in ("1", "10")}
    found: dict[tuple[str, str], list[Turn]] = {}
    pca: dict[str, list[Turn]] = {"Pipe": [], "File": []}
    alone: list[float] = []
    for _ in range(rounds):
        for size in ("1", "10"):
            for how in ("Pipe", "File", "File, cold", "FastFile"):
                turn = job(f"{source}{size}/", how.partition(",")[0], cold="cold" in how)
                assert turn.told["bytes"] == bytes_of[size], turn
                found.setdefault((how, size), []).append(turn)
        for mode, turns in pca.items():
            turns.append(job(f"{source}10/", mode, "pca"))
        alone.append(bytes_of["10"] / pca["Pipe"][-1].streamed / decoder(data / "1"))
    firsts = [of(found["Pipe", size], lambda turn: turn.told["first"]) for size in ("1", "10")]
    print(f"{name}: first record {firsts[0]:.3f} s after the start, {firsts[1]:.3f} s at 10 x the data, target < 0.3")
    for size in ("1", "10"):
        pipe = found["Pipe", size]
        megabytes = bytes_of[size] / 1e6
        speed, total = megabytes / of(pipe, lambda turn: turn.streamed), of(pipe, lambda turn: turn.total)
        print(f"{name}, {megabytes:.0f} MB: Pipe {speed:.0f} MB/s, the job {total:.2f} s")
        for how in ("File", "File, cold"):
            file = found[how, size]
            theirs = megabytes / of(file, lambda turn: turn.download + turn.told["read"])
            whole = of(file, lambda turn: turn.total)
            print(
                f"  {speed / theirs:.2f} x {how}: download and read at {theirs:.0f} MB/s, target >= 2; the job "
                f"{whole:.2f} s, of which Pipe saves {1 - total / whole:.0%}, target >= 25%"
            )
        fast = found["FastFile", size]
        first, reads = of(fast, lambda turn: turn.told["first"]), megabytes / of(fast, lambda turn: turn.told["read"])
        whole = of(fast, lambda turn: turn.total)
        print(f"  FastFile: first record {first:.3f} s after the start, all at {reads:.0f} MB/s; the job {whole:.2f} s")
        disk, memory = max(turn.disk for turn in pipe), max(turn.memory for turn in pipe)
        print(f"  disk: {disk / 1e6:.1f} MB, target < 64; File {max(t.disk for t in found['File', size]) / 1e6:.0f} MB")
        print(f"  memory of the supervisor: {memory / 1024:.0f} MiB at most")
    piped, filed = (of(turns, lambda turn: turn.total) for turns in pca.values())
    print(
        f"{name}: a pass of PCA at {median(alone):.2f} x the decoder alone, target >= 0.6; the job {piped:.2f} s, File "
        f"{filed:.2f} s, of which Pipe saves {1 - piped / filed:.0%}, target >= 25%"
    )


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--megabytes", type=int, default=100)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--latency-ms", type=float, default=20)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        data = root / "s3" / BUCKET
        fill(data, given.megabytes)
        os.environ["SHARDR_HOME"] = str(root / "home")
        job(f"{data}/1/", "Pipe")  # what is tried once is tried now
        told("files", data, f"{data}/", given.rounds)
        for server, running in (("rclone", rclone(root / "s3")), ("light S3", beside("light.py", root / "s3"))):
            with running as url:
                os.environ["AWS_ENDPOINT_URL"] = url  # the light one looks at no keys: those of rclone still stand
                can = median(ceiling(client_of(url), "10/") for _ in range(given.rounds))
                print(f"{server}: the server alone {can / 1e6:.0f} MB/s")
                told(server, data, f"s3://{BUCKET}/", given.rounds)
                if given.latency_ms:
                    with beside("door.py", url.rpartition(":")[2], given.latency_ms) as door:
                        os.environ["AWS_ENDPOINT_URL"] = door
                        told(f"{server}, {given.latency_ms:g} ms", data, f"s3://{BUCKET}/", given.rounds)


if __name__ == "__main__":
    main()
