"""Build the R half's tarball, or check the R half: ``python tools/rpackage.py build FOLDER | check | docs``.

R CMD build copies the whole checkout, .venv and all, before it looks at .Rbuildignore. So R is given a copy of the
files that .Rbuildignore leaves.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        case ["docs"]:
            sys.exit(docs())
        case _:
            sys.exit("usage: python tools/rpackage.py build FOLDER | check | docs")


@contextmanager
def staged() -> Iterator[Path]:
    """A folder with what R may see of the checkout."""
    patterns = [re.compile(line, re.IGNORECASE) for line in (ROOT / ".Rbuildignore").read_text().split()]

    def ignored(directory: str, names: list[str]) -> set[str]:
        inside = Path(directory).relative_to(ROOT)
        return {n for n in names if n == ".git" or any(p.search((inside / n).as_posix()) for p in patterns)}

    with tempfile.TemporaryDirectory(prefix="shardr-") as scratch:
        yield shutil.copytree(ROOT, Path(scratch) / "shardr", ignore=ignored)


def build(folder: Path) -> Path:
    """The tarball of the R half, made in the folder; the wheel of the Python half rides in it."""
    folder.mkdir(parents=True, exist_ok=True)
    with staged() as stage:
        wheel = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(stage / "inst" / "python"), str(ROOT)]
        run([sys.executable, *wheel], folder, quiet=True)
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


def docs() -> int:
    """Exit status of writing the help pages anew elsewhere: 0 when they come out as they are in the checkout."""
    here = read_version("cat(format(packageVersion('roxygen2')))")
    made_by = read_version("cat(read.dcf('DESCRIPTION', 'RoxygenNote'))")
    if here != made_by:
        print(f"roxygen2 is {here} here and the help pages are of {made_by}, which words them otherwise: not compared")
        return 0
    with staged() as stage:
        run(["Rscript", "-e", "roxygen2::roxygenise()"], stage)
        written = {path.relative_to(stage) for path in stage.glob("man/*.Rd")} | {Path("NAMESPACE")}
        kept = {path.relative_to(ROOT) for path in ROOT.glob("man/*.Rd")} | {Path("NAMESPACE")}
        stale = sorted((written | kept) - {p for p in written & kept if same(stage / p, ROOT / p)})
    for path in stale:
        print(f"{path} is not what roxygen makes of R/: run make docs")
    print(f"{len(stale)} of {len(written)} help pages are out of date")
    return 1 if stale else 0


def read_version(code: str) -> str:
    """What R prints for the code, run in the checkout."""
    return subprocess.run(["Rscript", "-e", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def same(one: Path, other: Path) -> bool:
    """Whether two files hold the same bytes."""
    return one.exists() and other.exists() and one.read_bytes() == other.read_bytes()


def run(command: list[str], folder: Path, *, may_fail: bool = False, quiet: bool = False) -> None:
    """Run a program in the folder, its output shown unless ``quiet``."""
    environment = os.environ | CHECK_ENVIRONMENT
    output = subprocess.DEVNULL if quiet else None
    status = subprocess.run(command, cwd=folder, env=environment, stdout=output, check=False).returncode
    if status and not may_fail:
        sys.exit(f"{' '.join(command)} ended with status {status}")


if __name__ == "__main__":
    main()
