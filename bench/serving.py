"""Models in R behind nginx against plumber alone, asked by wrk; and /ping while predictions run.

    python bench/serving.py [seconds]

Needs wrk, nginx and the R package plumber. 8 callers keep their connections; the plumber file is the same in both, and
with predict_fn() alone there is no plumber at all. Python's server is asked by the same callers.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shardr._inst import inst

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
RATE_TARGET, RATIO_TARGET, PING_TARGET_MS = 1100, 50, 20
CALLERS, PINGS = 8, 400

PLUMBER = """
model <- lm(dist ~ speed, cars)
slope <- coef(model)
#* @get /ping
function() ""
#* @post /invocations
#* @serializer text
#* @parser text
function(req) {
  x <- as.numeric(strsplit(req$body, "\\n")[[1]])
  if (x[1] < 0) Sys.sleep(2)
  paste(slope[[1]] + slope[[2]] * x, collapse = "\\n")
}
"""
R = """
model_fn <- function(dir) coef(lm(dist ~ speed, cars))
predict_fn <- function(model, data) {
  if (data$V1[1] < 0) Sys.sleep(2)
  model[[1]] + model[[2]] * data$V1
}
"""
PYTHON = """
import time
def model_fn(dir): return -17.58, 3.93
def predict_fn(model, data):
    if data[0][0] < 0: time.sleep(2)
    return [model[0] + model[1] * row[0] for row in data]
"""
ALONE = 'plumber::pr_run(plumber::plumb("plumber.R"), host = "127.0.0.1", port = {port}, docs = FALSE, quiet = TRUE)'
LUA = 'wrk.method = "POST"; wrk.body = "10\\n12\\n"; wrk.headers["Content-Type"] = "{kind}"\n'


@contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[int]:
    place = {"SHARDR_BASE_DIR": str(folder), "SAGEMAKER_BIND_TO_PORT": str(port), "SHARDR_BIND_HOST": "127.0.0.1"}
    process = subprocess.Popen(
        command, cwd=folder / "model/code", env=os.environ | place | {"SHARDR_WORKERS": "2"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 30
        while True:
            try:
                asked(port, "GET", "/ping")
                break
            except OSError:
                if time.monotonic() > until or process.poll() is not None:
                    sys.exit(f"{' '.join(command)} does not answer")
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def asked(port: int, method: str, path: str, body: str | None = None) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, {"Content-Type": "text/csv"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 200


def rate(port: int, folder: Path, kind: str, callers: int = CALLERS) -> float:
    script = folder / "post.lua"
    script.write_text(LUA.format(kind=kind))
    address = f"http://127.0.0.1:{port}/invocations"
    command = ["wrk", "-t1", f"-c{callers}", f"-d{SECONDS}s", "-s", str(script), address]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in told, told
    return float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])  # type: ignore[index]


def ping_ms(port: int) -> float:
    """The 99th percentile of pings while two predictions of 2 s after the other run on each of the two workers."""
    slow = [threading.Thread(target=lambda: [asked(port, "POST", "/invocations", "-1\n") for _ in "12"]) for _ in "12"]
    for each in slow:
        each.start()
    time.sleep(0.3)
    times = []
    while len(times) < PINGS and any(each.is_alive() for each in slow):
        begun = time.perf_counter()
        asked(port, "GET", "/ping")
        times.append(time.perf_counter() - begun)
        time.sleep(0.005)
    for each in slow:
        each.join()
    return 1000 * statistics.quantiles(times, n=100)[98]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def folder_of(root: Path, name: str, code: str) -> Path:
    folder = root / name.partition(".")[0]
    (folder / "model/code").mkdir(parents=True)
    (folder / "model/code" / name).write_text(code)
    return folder


def main() -> None:
    if missing := [name for name in ("wrk", "nginx") if not shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")]:
        sys.exit(f"bench/serving.py needs {' and '.join(missing)}: python3 tools/setup.py bench")
    ours = ["bash", str(inst("container", "serve.sh"))]
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        plumber = folder_of(root, "plumber.R", PLUMBER)
        port = free_port()
        with running(["Rscript", "-e", ALONE.format(port=port)], plumber, port):
            one, alone = (rate(port, root, "text/plain", callers) for callers in (1, CALLERS))
        with running(ours, plumber, free_port()) as port:
            behind = rate(port, root, "text/plain")
        with running(ours, folder_of(root, "inference.R", R), free_port()) as port:
            functions, r_ping = rate(port, root, "text/csv"), ping_ms(port)
        python = folder_of(root, "predict.py", PYTHON)
        with running([sys.executable, "-m", "shardr.runtime.serving"], python, free_port()) as port:
            python_rate, python_ping = rate(port, root, "text/csv"), ping_ms(port)
    print(f"plumber alone: {one:.0f} requests/s for one caller, {alone:.0f} for {CALLERS}")
    for what, found in (("2 plumber workers", behind), ("2 workers with predict_fn()", functions)):
        print(
            f"{what} behind nginx, {CALLERS} callers: {found:.0f} requests/s, "
            f"{found / one:.0f} x what plumber alone has for one, target >= {RATE_TARGET} and >= {RATIO_TARGET}"
        )
    print(f"2 workers in Python: {python_rate:.0f} requests/s")
    for what, found in (("R", r_ping), ("Python", python_ping)):
        print(f"/ping while predictions of 2 s run, {what}: p99 {found:.1f} ms target < {PING_TARGET_MS}")


if __name__ == "__main__":
    main()
