"""What this machine has and lacks."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from shardr.errors import RunnerError, ShardrError
from shardr.local.home import Home
from shardr.local.lazy.mount import lacking
from shardr.local.runners.machine import this_machine, which
from shardr.local.runners.process import sandbox_problem

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: whether it is well, what was found, and the next step when it is not."""

    name: str
    ok: bool
    found: str
    fix: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def doctor() -> list[Finding]:
    """Findings on Python, R, the sandbox, Docker, the machine's size and where jobs are kept; nothing is changed."""
    home = Home.default()
    return [
        Finding("Python", True, f"{platform.python_version()} at {sys.prefix}"),
        *_r(),
        _sandbox(),
        _docker(),
        Finding("Cores", True, f"{os.cpu_count()}; more instances than cores take turns"),
        _memory(),
        _home(home.root),
        _fast_file(),
        _rpy2(),
    ]


def _r() -> list[Finding]:
    try:
        rscript = which("Rscript")
    except RunnerError as error:
        return [Finding("R", False, f"{error.what}: {error.why}", error.fix)]
    if rscript is None:
        return [Finding("R", False, "Rscript is not on the PATH", "install R: `apt-get install r-base-core`")]
    there = ", ".join(f'requireNamespace("{package}", quietly = TRUE)' for package in ("shardr", "data.table"))
    asked = f"cat(as.character(getRversion()), {there})"
    told = subprocess.run(
        [rscript, "-e", asked], capture_output=True, text=True, check=False, env=this_machine().environment, timeout=60
    )
    if told.returncode != 0:
        return [Finding("R", False, f"{rscript} does not run: {told.stderr.strip()}", "reinstall R")]
    version, half, table = told.stdout.split()
    return [
        Finding("R", True, f"{version} at {rscript}"),
        Finding("R package shardr", half == "TRUE", "found" if half == "TRUE" else "not found in the R libraries",
                None if half == "TRUE" else "`shardr install-r`"),
        Finding("R package data.table", table == "TRUE", "found" if table == "TRUE" else "not found",
                None if table == "TRUE" else "`apt-get install r-cran-data.table` or install.packages(\"data.table\")"),
    ]  # fmt: skip


def _sandbox() -> Finding:
    problem = sandbox_problem()
    if problem is None:
        return Finding("Sandbox", True, "bubblewrap works: each instance has its own /opt/ml")
    return Finding("Sandbox", False, problem, "install bubblewrap: `apt-get install bubblewrap` (Linux only)")


def _docker() -> Finding:
    """Docker is a choice: a machine without it lacks nothing, one whose daemon does not answer does."""
    from shardr.local.docker.daemon import address, connect, in_our_words

    try:
        if address() is None:
            return Finding("Docker", True, "no daemon is there: jobs run as processes of this machine")
        with in_our_words("Docker cannot be used"):
            version = connect().version()
        from shardr.api.images import images

        states = ", ".join(f"{image.name} {image.state}" for image in images())
    except ShardrError as error:
        return Finding("Docker", False, f"{error.what}: {error.why}", error.fix)
    return Finding("Docker", True, f"{version['Version']}; images: {states} (`shardr images build` builds them)")


def _memory() -> Finding:
    try:
        gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (ValueError, OSError):
        return Finding("Memory", True, "unknown")
    return Finding("Memory", True, f"{gib:.1f} GiB for all instances together")


def _home(root: Path) -> Finding:
    there = next(folder for folder in [root, *root.parents] if folder.exists())
    free = shutil.disk_usage(there).free / 2**30
    if not os.access(there, os.W_OK):
        return Finding("SHARDR_HOME", False, f"{root} cannot be written", "set SHARDR_HOME to a folder of yours")
    enough = free >= 1
    return Finding("SHARDR_HOME", enough, f"{root}, {free:.0f} GiB free", None if enough else "free some disk space")


def _fast_file() -> Finding:
    """FUSE is a choice, too: without it the objects of such a channel are fetched first."""
    lack = lacking()
    how = "are read as they are opened" if lack is None else f"are fetched before a job starts: {lack}"
    return Finding("FastFile", True, f"objects of S3 {how}")


def _rpy2() -> Finding:
    if find_spec("rpy2") is None:
        return Finding("rpy2", True, 'not installed: only shardr.r needs it (pip install "shardr[rpy2]")')
    return Finding("rpy2", True, "found: shardr.r can call R in this process")
