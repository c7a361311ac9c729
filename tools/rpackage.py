"""Build the R half's tarball, or check it: ``python tools/rpackage.py build FOLDER`` or ``… check``.

R CMD build copies the whole checkout, .venv and all, before it looks at .Rbuildignore. So the files that are left
after .Rbuildignore are copied to build/ first, and R works there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# What the machine lacks is no fault of the package; everything else counts, notes included.
CHECK_ENVIRONMENT = {
    "_R_CHECK_FORCE_SUGGESTS_": "false",  # suggested packages are asked for at first use
    "_R_CHECK_SYSTEM_CLOCK_": "0",  # it asks a server for the time
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
}


def main() -> None:
    """Do what the command line says."""
    match sys.argv[1:]:
        case ["build", folder]:
            print(f"Successfully built {build(Path(folder).resolve()).name}")
        case ["check"]:
            sys.exit(check())
        case _:
            sys.exit("usage: python tools/rpackage.py build FOLDER | check")


def build(folder: Path) -> Path:
    """The tarball of the R half, made in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="shardr-") as scratch:
        stage = Path(scratch) / "shardr"
        patterns = [re.compile(line, re.IGNORECASE) for line in (ROOT / ".Rbuildignore").read_text().split()]

        def ignored(directory: str, names: list[str]) -> set[str]:
            inside = Path(directory).relative_to(ROOT)
            return {n for n in names if n == ".git" or any(p.search((inside / n).as_posix()) for p in patterns)}

        shutil.copytree(ROOT, stage, ignore=ignored)
        run(["R", "CMD", "build", str(stage)], folder)
    return max(folder.glob("shardr_*.tar.gz"), key=lambda path: path.stat().st_mtime)


def check() -> int:
    """Exit status of R CMD check: 0 for no error, no warning and no note.

    The tests are left to their own suite, which runs them against the installed package.
    """
    folder = ROOT / "build" / "check"
    shutil.rmtree(folder, ignore_errors=True)
    tarball = build(folder)
    run(["R", "CMD", "check", "--no-manual", "--no-tests", tarball.name], folder, may_fail=True)
    log = (folder / "shardr.Rcheck" / "00check.log").read_text()
    return 0 if re.search(r"^Status: OK$", log, re.MULTILINE) else 1


def run(command: list[str], folder: Path, *, may_fail: bool = False) -> None:
    """Run a program of R in the folder, its output shown."""
    environment = os.environ | CHECK_ENVIRONMENT
    status = subprocess.run(command, cwd=folder, env=environment, check=False).returncode
    if status and not may_fail:
        sys.exit(f"{' '.join(command)} ended with status {status}")


if __name__ == "__main__":
    main()
