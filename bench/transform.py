"""The driver of transform jobs against wrk, asking the same server about the same record; and its memory.

    python bench/transform.py [seconds]

The server is a model in R behind nginx with 2 workers; both ask with so many requests at once as the container says it
wants (2), and with 8. They take turns, so that what else the machine does meets both. Then 300 MB go through the driver
with a payload of 6 MB and 4 requests at once: what its process grows by is a few times what these have (the records,
the body, what http.client makes of it), and does not depend on the object.
"""

from __future__ import annotations

import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from serving import LUA, R, folder_of, free_port, running

from shardr._inst import inst
from shardr.local.runners.doors import Door
from shardr.local.transform.asking import Asker
from shardr.local.transform.settings import settings
from shardr.local.transform.share import Object, Share

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 4
ROUNDS, TARGET, MEMORY_TARGET = 5, 0.85, 5
BIG_MB, PAYLOAD_MB, AT_ONCE = 300, 6, 4
RECORD = "10\n"
SINK = """
def model_fn(dir): return None
def input_fn(body, content_type): return body.count("\\n")
def predict_fn(model, data): return [data]
"""


@dataclass(frozen=True)
class ByPort(Door):
    """The way to a server of this machine's own network."""

    port: int = 0

    def connect(self, seconds: float) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)


def driven(port: int, folder: Path, content: Path, how: dict) -> tuple[int, float]:
    """How many records the driver got an answer for, and in how many seconds."""
    request = {"TransformInput": {"ContentType": "text/csv", "SplitType": "Line"}, "TransformOutput": {}, **how}
    found = settings(request, {})
    target = folder / "answers.out"
    share = Share([Object("one", content, target)], Asker(ByPort(port=port), found), found, lambda: False)
    begun = time.perf_counter()
    share.through(lambda: None)
    seconds = time.perf_counter() - begun
    assert not share.done.failures, share.done.failures
    return share.done.records, seconds


def by_wrk(port: int, folder: Path, callers: int) -> float:
    """Requests a second."""
    script = folder / "one.lua"
    script.write_text(LUA.format(kind="text/csv").replace("10\\n12\\n", RECORD.strip()))
    command = ["wrk", "-t1", f"-c{callers}", f"-d{SECONDS}s", "-s", str(script), f"http://127.0.0.1:{port}/invocations"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in told, told
    return float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])  # type: ignore[index]


def compared(port: int, folder: Path, callers: int) -> None:
    how = {"BatchStrategy": "SingleRecord", "MaxConcurrentTransforms": callers}
    content = folder / "records.csv"
    content.write_text(RECORD * int(by_wrk(port, folder, callers) * SECONDS))
    ratios, ours, theirs = [], [], []
    for turn in range(ROUNDS):
        for way in ("wrk", "driver")[:: -1 if turn % 2 else 1]:
            if way == "wrk":
                theirs.append(by_wrk(port, folder, callers))
            else:
                records, seconds = driven(port, folder, content, how)
                ours.append(records / seconds)
        ratios.append(ours[-1] / theirs[-1])
    print(
        f"{callers} requests at once: the driver has {statistics.median(ratios):.2f} x what wrk has "
        f"({statistics.median(ours):.0f} vs {statistics.median(theirs):.0f} requests/s) target >= {TARGET}"
    )


def grown_mb(port: int, folder: Path) -> float:
    """What a process has more at its peak, when a large object has gone through."""
    content, lines = folder / "large.csv", 10_485  # of 100 bytes: a MB
    with content.open("w") as file:
        for _ in range(BIG_MB):
            file.write(("1" * 99 + "\n") * lines)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    driven(port, folder, content, {"MaxPayloadInMB": PAYLOAD_MB, "MaxConcurrentTransforms": AT_ONCE})
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert sum(map(int, (folder / "answers.out").read_text().split())) == lines * BIG_MB
    return grown / 1024


def main() -> None:
    if shutil.which("wrk") is None:
        sys.exit("bench/transform.py needs wrk: python3 tools/setup.py bench")
    command = ["bash", str(inst("container", "serve.sh"))]
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        sink = [sys.executable, "-m", "shardr.runtime.serving"]
        with running(
            sink, folder_of(root, "predict.py", SINK), free_port()
        ) as port:  # first: the peak is of all before
            grown, bound = grown_mb(port, root), PAYLOAD_MB * AT_ONCE
        print(
            f"{BIG_MB} MB with a payload of {PAYLOAD_MB} MB and {AT_ONCE} requests at once: the driver grows by "
            f"{grown:.0f} MB, {grown / bound:.1f} x payload x requests target <= {MEMORY_TARGET}"
        )
        with running(command, folder_of(root, "inference.R", R), free_port()) as port:
            for callers in (2, 8):
                compared(port, root, callers)


if __name__ == "__main__":
    main()
