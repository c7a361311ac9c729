"""What this machine offers a script in place of an image: programs, libraries and their environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from shardr._inst import inst
from shardr.errors import RunnerError
from shardr.local.home import Home

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SYSTEM = ("/bin", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/nix", "/opt", "/sbin", "/usr")
"""Top-level folders that hold programs and not people's data."""


@dataclass(frozen=True)
class Machine:
    """The environment of an image and the folders that must be visible for it."""

    environment: dict[str, str]
    visible: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, kept with the job so that its supervisor need not look again."""
        return asdict(self)


def this_machine() -> Machine:
    """R, its libraries and this Python as a script of the ``processing`` image finds them.

    Nothing else of the caller's environment is passed on, so no secret can be.
    """
    rscript = _rscript()
    libraries = r_libraries()
    programs = [Path(sys.prefix, "bin"), *([rscript.parent] if rscript else [])]
    profile = inst("container", "Rprofile.R")
    runtime = Path(__file__).parents[2]  # what scripts import of shardr: a checkout of it is outside the prefix
    visible = [Path(sys.prefix), Path(sys.base_prefix), profile, runtime, *libraries]
    if rscript:
        visible.append(_r_prefix(Path(_told_by_r(rscript)["home"])))
    environment = {
        "PATH": ":".join([*dict.fromkeys(map(str, programs)), SYSTEM_PATH]),
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "TZ": "UTC",  # as on the service, wherever the machine stands: times come out the same
        "R_LIBS": ":".join(map(str, libraries)),
        # an uncaught error prints its traceback, and no profile of the user's is read
        "R_PROFILE_USER": str(profile),
        "R_ENVIRON_USER": "",
    }
    outside = [str(path) for path in dict.fromkeys(visible) if not _under_system(path)]
    return Machine(environment, outside)


def r_libraries() -> list[Path]:
    """Folders with R packages that scripts may load: those of ``R_LIBS``, the checkout's own, and those R looks in."""
    named = [Path(part).absolute() for part in os.environ.get("R_LIBS", "").split(":") if part]
    checkout = Path(__file__).parents[4] / ".Rlib"
    rscript = _rscript()
    told = [Path(path) for path in _told_by_r(rscript)["libraries"]] if rscript else []
    folders = dict.fromkeys([*named, checkout, *told])
    return [path for path in folders if os.path.isdir(path)]  # noqa: PTH112 - is_dir() fails where it may not look


def which(command: str) -> str | None:
    """Where a command of the machine is found by a script, or None."""
    return shutil.which(command, path=this_machine().environment["PATH"])


def _rscript() -> Path | None:
    found = os.environ.get("SHARDR_RSCRIPT") or shutil.which("Rscript")
    return Path(found) if found else None


@lru_cache
def _told_by_r(rscript: Path) -> dict[str, Any]:
    """Where R lives and which folders it looks for packages in; asked once per R and kept, as starting R takes 0.1 s.

    The folder of the user's own packages is among them even before it exists.
    """
    home = Home.default()
    kept = home.root / "r.json"
    about = [str(rscript.resolve()), rscript.stat().st_mtime, os.environ.get("R_LIBS_USER"), os.environ.get("HOME")]
    try:
        found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        if found["of"] == about:
            return found
    except (OSError, ValueError, LookupError):
        pass
    asked = "cat(R.home(), .libPaths(), strsplit(Sys.getenv('R_LIBS_USER'), ':')[[1]], sep = '\n')"
    told = subprocess.run(
        [rscript, "--no-init-file", "-e", asked], capture_output=True, text=True, check=False, timeout=60, cwd="/"
    )
    if told.returncode != 0:
        raise RunnerError(
            f"{rscript} does not run", why=told.stderr.strip(), fix="reinstall R, or name another by SHARDR_RSCRIPT"
        )
    r_home, *libraries = told.stdout.splitlines()
    found = {"of": about, "home": r_home, "libraries": [str(Path(path).expanduser()) for path in libraries if path]}
    home.make()
    hidden = kept.with_name(f".{kept.name}.{os.urandom(4).hex()}")  # threads of a server ask at once
    hidden.write_text(json.dumps(found), encoding="utf-8")
    hidden.replace(kept)
    return found


def _r_prefix(home: Path) -> Path:
    """What must be visible for R to run: its home, or the prefix around it with the libraries beside (conda)."""
    return home if _under_system(home) or home.parent.name != "lib" else home.parents[1]


def _under_system(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in SYSTEM)
