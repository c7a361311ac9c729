"""Run the checks and tests of both halves: ``python tools/check.py [NAME ...]``, all of them without a name.

A suite that fails does not keep the others from running; the summary at the end tells which did, and the exit
status is 0 only when every one passed. Those that run jobs get a Docker daemon, one for all, which has to be at the end
as it was before.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import daemon
import leftovers

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable

TESTTHAT = """
testthat::test_dir("tests/testthat", package = "shardr", load_package = "installed",
                   reporter = "check", stop_on_failure = TRUE)
"""

SUITES = {
    "ruff": [PYTHON, "-m", "ruff", "check", "."],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "mypy": [PYTHON, "-m", "mypy"],
    "lintr": ["Rscript", "tools/lint.R"],
    "pytest": [PYTHON, "-m", "pytest"],
    "testthat": ["Rscript", "-e", TESTTHAT],
    "docs": [PYTHON, "tools/rpackage.py", "docs"],
    "check": [PYTHON, "tools/rpackage.py", "check"],
}
RUN_JOBS = {"pytest", "testthat", "check"}


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
            results += [run(name, {"DOCKER_HOST": found.host}) for name in names]
            start = time.monotonic()
            left = leftovers.left(before, found)
        print("\n== leftovers", *left or ["none"], sep="\n")
        results.append(("leftovers", int(bool(left)), time.monotonic() - start))
    except SystemExit as error:  # no daemon: the other suites have their summary all the same
        print(f"\n== docker\n{error}")
        results.append(("docker", 1, time.monotonic() - start))
    return results


def run(name: str, more: dict[str, str] | None = None) -> tuple[str, int, float]:
    """Name, exit status and seconds of one suite; its own output is shown as it comes."""
    print(f"\n== {name}", flush=True)
    environment = os.environ | {
        "PATH": f"{Path(PYTHON).parent}{os.pathsep}{os.environ['PATH']}",  # the shardr of this checkout
        "SHARDR_HOME": str(ROOT / "build" / "test-home"),  # no test touches the user's own jobs
        "NOT_CRAN": "true",  # testthat compares snapshots only then
        **(more or {}),
    }
    start = time.monotonic()
    status = subprocess.run(SUITES[name], cwd=ROOT, env=environment, check=False).returncode
    return name, status, time.monotonic() - start


if __name__ == "__main__":
    main()
