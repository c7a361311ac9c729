"""Run the checks and tests of both halves: ``python tools/check.py [NAME ...]``, all of them without a name.

A suite that fails does not keep the others from running; the summary at the end tells which did, and the exit
status is 0 only when every one passed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

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


def main() -> None:
    """Run the suites named, or all."""
    names = sys.argv[1:] or list(SUITES)
    if unknown := [name for name in names if name not in SUITES]:
        sys.exit(f"no suite {', '.join(unknown)}; there are {', '.join(SUITES)}")
    results = [(name, *run(name)) for name in names]
    print("\n== summary")
    for name, status, seconds in results:
        print(f"{name:<10} {'passed' if status == 0 else f'FAILED (exit status {status})':<24} {seconds:6.1f} s")
    sys.exit(any(status for _, status, _ in results))


def run(name: str) -> tuple[int, float]:
    """Exit status and seconds of one suite; its own output is shown as it comes."""
    print(f"\n== {name}", flush=True)
    environment = os.environ | {
        "PATH": f"{Path(PYTHON).parent}{os.pathsep}{os.environ['PATH']}",  # the shardr of this checkout
        "SHARDR_HOME": str(ROOT / "build" / "test-home"),  # no test touches the user's own jobs
        "NOT_CRAN": "true",  # testthat compares snapshots only then
    }
    start = time.monotonic()
    status = subprocess.run(SUITES[name], cwd=ROOT, env=environment, check=False).returncode
    return status, time.monotonic() - start


if __name__ == "__main__":
    main()
