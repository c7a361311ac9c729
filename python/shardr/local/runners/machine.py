"""What this machine offers a script in place of an image: programs, libraries and their environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from shardr._inst import inst

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


@lru_cache
def this_machine() -> Machine:
    """R, its libraries and this Python as a script of the ``processing`` image finds them.

    Nothing else of the caller's environment is passed on, so no secret can be.
    """
    rscript = _rscript()
    libraries = r_libraries()
    programs = [Path(sys.prefix, "bin"), *([rscript.parent] if rscript else [])]
    profile = inst("container", "Rprofile.R")
    visible = [Path(sys.prefix), Path(sys.base_prefix), profile, *libraries]
    if rscript and not _under_system(rscript.resolve()):
        visible.append(_r_home(rscript))
    environment = {
        "PATH": ":".join([*dict.fromkeys(map(str, programs)), SYSTEM_PATH]),
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "TZ": os.environ.get("TZ", "UTC"),
        "R_LIBS": ":".join(map(str, libraries)),
        # an uncaught error prints its traceback, and no profile of the user's is read
        "R_PROFILE_USER": str(profile),
        "R_ENVIRON_USER": "",
    }
    outside = [str(path) for path in dict.fromkeys(visible) if not _under_system(path)]
    return Machine(environment, outside)


def r_libraries() -> list[Path]:
    """Folders with R packages that scripts may load: those of ``R_LIBS``, and the checkout's own ``.Rlib``."""
    named = [Path(part) for name in ("R_LIBS", "R_LIBS_USER") for part in os.environ.get(name, "").split(":") if part]
    checkout = Path(__file__).parents[4] / ".Rlib"
    return [path for path in dict.fromkeys([*named, checkout]) if path.is_dir()]


def which(command: str) -> str | None:
    """Where a command of the machine is found by a script, or None."""
    return shutil.which(command, path=this_machine().environment["PATH"])


def _rscript() -> Path | None:
    found = os.environ.get("SHARDR_RSCRIPT") or shutil.which("Rscript")
    return Path(found) if found else None


def _r_home(rscript: Path) -> Path:
    told = subprocess.run(
        [rscript, "--vanilla", "-e", "cat(R.home())"], capture_output=True, text=True, check=True, timeout=60
    )
    # bin/R of a prefix such as conda's needs the libraries beside it
    home = Path(told.stdout)
    return home.parents[1] if home.parent.name == "lib" else home


def _under_system(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in SYSTEM)
