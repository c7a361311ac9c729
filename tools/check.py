"""Run the checks and tests of both halves: ``python tools/check.py [NAME ...]``, all of them without a name.

A suite that fails does not keep the others from running; the summary at the end tells which did, and the exit
status is 0 only when every one passed. Those that run jobs get a Docker daemon, one for all, which has to be at the end
as it was before.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import daemon
import leftovers

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable

TESTTHAT = """
testthat::test_dir("tests/testthat", package = "shardr", load_package = "installed",
                   reporter = "check", stop_on_failure = TRUE)
"""

PYTEST = [PYTHON, "-m", "pytest", "--beside", "-m"]
# A file stays with one process, for its tests share fixtures; files go in order, so that long ones do not come last.
# (--dist loadgroup keeps nothing together with pytest 9.2.)
SHARED = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]

SUITES = {
    "ruff": [PYTHON, "-m", "ruff", "check", "."],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "mypy": [PYTHON, "-m", "mypy"],
    "lintr": ["Rscript", "tools/lint.R"],
    "docs": [PYTHON, "tools/rpackage.py", "docs"],
    "pytest": [*PYTEST, "not docker and not alone", *SHARED],
    "containers": [*PYTEST, "docker and not alone"],
    "testthat": ["Rscript", "-e", TESTTHAT],
    "check": [PYTHON, "tools/rpackage.py", "check"],
    "alone": [*PYTEST, "alone"],
}
# Those that run jobs wait more than they compute, so two lanes of them run beside one another. Containers and testthat
# build and remove the same images, so they take turns in theirs; what minds no other fills the lane that ends first.
LANES = [["pytest", "check"], ["containers", "testthat"]]
RUN_JOBS = {name for lane in LANES for name in lane} | {"alone"}
LOGS = ROOT / "build" / "test-logs"


def main() -> None:
    """Run the suites named, or all."""
    names = sys.argv[1:] or list(SUITES)
    if unknown := [name for name in names if name not in SUITES]:
        sys.exit(f"no suite {', '.join(unknown)}; there are {', '.join(SUITES)}")
    results = [run(name) for name in names if name not in RUN_JOBS]
    if running := [name for name in names if name in RUN_JOBS]:
        results += with_daemon(running)
    print("\n== summary")
    for name, status, seconds in results:
        print(f"{name:<10} {'passed' if status == 0 else f'FAILED (exit status {status})':<24} {seconds:6.1f} s")
    sys.exit(any(status for _, status, _ in results))


def with_daemon(names: list[str]) -> list[tuple[str, int, float]]:
    """The results of suites that run containers, and whether they left something behind."""
    results = []
    start = time.monotonic()
    try:
        with daemon.daemon() as found:
            before = leftovers.seen(found)
            results += beside(names, {"DOCKER_HOST": found.host})
            if "alone" in names:
                results.append(run("alone", {"DOCKER_HOST": found.host}))
            start = time.monotonic()
            left = leftovers.left(before, found)
        print("\n== leftovers", *left or ["none"], sep="\n")
        results.append(("leftovers", int(bool(left)), time.monotonic() - start))
    except SystemExit as error:  # no daemon: the other suites have their summary all the same
        print(f"\n== docker\n{error}")
        results.append(("docker", 1, time.monotonic() - start))
    return results


def beside(names: list[str], more: dict[str, str]) -> list[tuple[str, int, float]]:
    """The results of suites of which the lanes run beside one another; each is shown whole, when the one before is."""
    lanes = [[name for name in lane if name in names] for lane in LANES]
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    with ExitStack() as stack:
        logs = {name: stack.enter_context((LOGS / f"{name}.log").open("wb")) for lane in lanes for name in lane}
        # A thread for each lane, in which its suites take turns.
        pools = [stack.enter_context(ThreadPoolExecutor(1)) for _ in lanes]
        running = {
            name: pool.submit(run, name, more, logs[name])
            for pool, lane in zip(pools, lanes, strict=True)
            for name in lane
        }
        for name, result in running.items():
            show(name, result)
        return [result.result() for result in running.values()]


def show(name: str, result: Future[tuple[str, int, float]]) -> None:
    """Print what a suite has written and writes, until it is over."""
    print(f"\n== {name}", flush=True)
    with (LOGS / f"{name}.log").open("rb") as log:
        over = False
        while True:
            if text := log.read():
                sys.stdout.buffer.write(text)
                sys.stdout.buffer.flush()
            elif over:
                return
            over = bool(wait([result], 0.2).done)


def run(name: str, more: dict[str, str] | None = None, log: IO[bytes] | None = None) -> tuple[str, int, float]:
    """Name, exit status and seconds of one suite; its own output is shown as it comes, or goes into the log."""
    if not log:
        print(f"\n== {name}", flush=True)
    # Some container images set this. Every process of every test would compile all that it imports.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"} | {
        "PATH": f"{Path(PYTHON).parent}{os.pathsep}{os.environ['PATH']}",  # the shardr of this checkout
        "SHARDR_HOME": str(ROOT / "build" / "test-home"),  # no test touches the user's own jobs
        "NOT_CRAN": "true",  # testthat compares snapshots only then
        **(more or {}),
    }
    start = time.monotonic()
    status = subprocess.run(
        SUITES[name], cwd=ROOT, env=environment, stdout=log, stderr=log and subprocess.STDOUT, check=False
    ).returncode
    return name, status, time.monotonic() - start


if __name__ == "__main__":
    main()
