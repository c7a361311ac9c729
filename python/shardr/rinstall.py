"""Bring the R half: its sources ride in the wheel, and R installs them."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from shardr._inst import inst
from shardr.errors import RMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGED = Path(__file__).parent / "_r_src"
_NEEDS_R = "install R 4.1 or newer (Debian, Ubuntu: apt-get install r-base-core; else https://cran.r-project.org)"

# Without a library named, R's first writable one, else the user's own, which R itself makes only when asked to.
_ASK_LIBRARIES = 'cat(c(.libPaths(), strsplit(Sys.getenv("R_LIBS_USER"), .Platform$path.sep)[[1]][1]), sep = "\\n")'


def install_r(library: Path | None = None) -> Path:
    """Folder of the installed R package ``shardr``, of the same version as this Python package.

    Runs ``R CMD INSTALL`` on the sources in the wheel, or on the checkout of an editable install. ``library`` is the
    R library to install into, made when absent; by default the first one of ``.libPaths()`` that may be written to,
    else the user's own. Nothing is downloaded.

    Raises `RMissingError` when R is absent, or when the R package cannot be installed (with what R said).

    >>> install_r(Path(".Rlib"))  # doctest: +SKIP
    PosixPath('.Rlib/shardr')
    """
    if not (shutil.which("R") and shutil.which("Rscript")):
        raise RMissingError("R is not on the PATH", fix=_NEEDS_R)
    library = library or _default_library()
    library.mkdir(parents=True, exist_ok=True)
    with _sources() as sources:
        command = ["R", "CMD", "INSTALL", f"--library={library.resolve()}", str(sources)]
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RMissingError(
            f"the R package shardr could not be installed into {library}",
            why=" ".join(line.strip() for line in done.stdout.splitlines() if "ERROR" in line) or done.stdout.strip(),
            fix='in R, install.packages(c("cli", "jsonlite", "rlang")) brings what it needs (Debian, Ubuntu: '
            "apt-get install r-cran-cli r-cran-jsonlite r-cran-rlang)",
        )
    return library / "shardr"


@contextmanager
def _sources() -> Iterator[Path]:
    """A folder that R takes for the source of the package."""
    if not _PACKAGED.is_dir():
        yield Path(__file__).parents[2]
        return
    with TemporaryDirectory(prefix="shardr-") as scratch:
        folder = Path(scratch) / "shardr"
        shutil.copytree(_PACKAGED, folder)
        shutil.copytree(inst(), folder / "inst")
        yield folder


def _default_library() -> Path:
    """The R library that `install_r` takes when none is named."""
    asked = subprocess.run(["Rscript", "-e", _ASK_LIBRARIES], check=True, capture_output=True, text=True)
    libraries = [Path(line).expanduser() for line in asked.stdout.splitlines() if line not in ("", "NA", "NULL")]
    return next((path for path in libraries if os.access(path, os.W_OK)), libraries[-1])
