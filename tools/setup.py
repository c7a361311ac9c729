"""Make this checkout ready to run: ``python3 tools/setup.py demo|test|bench``.

Puts the Python half and what it needs into ``.venv`` and asks the system for R and a few tools; nothing else
outside the checkout is touched. A second call finds its stamp in ``.setup/`` and ends at once. The R half goes
into ``.Rlib`` by the Makefile, which knows when its sources changed. Runs on any python3, with nothing installed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STAMPS = ROOT / ".setup"
VENV = ROOT / ".venv"
LEVELS = ("demo", "test", "bench")  # each holds the ones before it

# What each level adds. R packages come as r-cran-<name in lower case>: built, so no compiler is needed.
R_PACKAGES = {
    "demo": ["cli", "jsonlite", "rlang", "reticulate", "data.table"],
    "test": ["testthat", "withr", "lintr", "roxygen2", "knitr", "rmarkdown", "dbscan", "httpuv", "later", "plumber"],
    "bench": ["readr", "dplyr"],  # the tidyverse scripts that ours are timed against
}
TOOLS = {
    "demo": ["bubblewrap"],
    "test": ["docker-registry", "docker.io", "fuse3", "mmdebstrap", "nginx-light", "pandoc", "procps", "qpdf", "tidy"],
    "bench": ["docker-compose", "wrk"],  # the official SDK's local mode runs containers by it; wrk asks servers
}
SYSTEM_PYTHON = "/usr/bin/python3"
# where the program is not called as its package
PROGRAMS = {
    "bubblewrap": "bwrap",
    "docker.io": "dockerd",
    "fuse3": "fusermount3",
    "nginx-light": "nginx",
    "procps": "ps",
}
LIBRARIES = ["libopenblas0-pthread"]  # products of matrices 24 times as fast as with R's reference BLAS
TESTED = "[fastfile,rpy2,serve,test,xgboost]"
EXTRAS = {"demo": "[serve,xgboost]", "test": TESTED, "bench": TESTED}

# R holds Python by loading libpython: a python3 built without it will not do.
PYTHON_PROBE = """
import sys, sysconfig
shared = sysconfig.get_config_var("Py_ENABLE_SHARED") or sysconfig.get_config_var("PYTHONFRAMEWORK")
sys.exit(0 if sys.version_info >= (3, 10) and shared else 1)
"""


def main() -> None:
    """Bring the checkout to the level asked for, or say precisely what a person has to do."""
    if len(sys.argv) != 2 or sys.argv[1] not in LEVELS:
        sys.exit("usage: python3 tools/setup.py " + "|".join(LEVELS))
    levels = LEVELS[: LEVELS.index(sys.argv[1]) + 1]
    key = digest()
    stamp = STAMPS / levels[-1]
    if (VENV / "bin" / "python").exists() and stamp.exists() and stamp.read_text() == key:
        return
    if shutil.which("apt-get") and r_is_debians():
        apt_install(levels)
    else:
        ask_for(levels)
    check_sandbox()
    python_half(EXTRAS[levels[-1]])
    STAMPS.mkdir(exist_ok=True)
    for level in levels:
        (STAMPS / level).write_text(key)


def digest() -> str:
    """Everything the set-up depends on. The folder counts too: a virtual environment cannot be moved."""
    found = hashlib.sha256(str(ROOT).encode())
    for name in ("pyproject.toml", "DESCRIPTION", "tools/setup.py"):
        found.update((ROOT / name).read_bytes())
    return found.hexdigest()


def say(text: str) -> None:
    """Tell what is being done and why."""
    print(f"set-up: {text}", flush=True)


def call(command: list, **options) -> int:
    """Exit status of a program; its output is shown."""
    return subprocess.run(command, check=False, **options).returncode


def read(command: list) -> str:
    """What a program prints; empty where it is absent or fails."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def r_is_debians() -> bool:
    """Whether apt's r-cran packages would be seen: R is absent, or is the one that apt installs."""
    return not shutil.which("R") or read(["R", "RHOME"]) == "/usr/lib/R"


# ---- systems with apt -----------------------------------------------------------------------------------------


def apt_install(levels: tuple) -> None:
    """Install what dpkg does not have yet."""
    wanted = ["r-base-core", *LIBRARIES]
    for level in levels:
        wanted += TOOLS[level] + ["r-cran-" + name.lower() for name in R_PACKAGES[level]]
    if python_for_venv() in (None, SYSTEM_PYTHON):
        wanted += ["python3", "python3-venv"]
    status = ["dpkg-query", "--show", "--showformat=${db:Status-Status}"]
    if shutil.which("dockerd", path=os.environ["PATH"] + ":/usr/sbin"):
        wanted = [name for name in wanted if name != "docker.io"]  # it would replace Docker's own packages
    apt([name for name in wanted if read([*status, name]) != "installed"])
    if python_for_venv() == SYSTEM_PYTHON:  # R loads libpython to hold Python; its package is named after the version
        load = "import ctypes, sysconfig; ctypes.CDLL(sysconfig.get_config_var('INSTSONAME'))"
        if call([SYSTEM_PYTHON, "-c", load], stderr=subprocess.DEVNULL):
            apt(["libpython" + read([SYSTEM_PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])])


def apt(packages: list) -> None:
    """Install the packages, refreshing the package lists only when they prove to be missing or out of date."""
    if not packages:
        return
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    if sudo and not shutil.which("sudo"):
        sys.exit(
            "set-up: you are not root and there is no sudo; have root run\n  apt-get install " + " ".join(packages)
        )
    say("installing by apt: " + " ".join(packages))
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    # Recommended packages would bring a compiler and LaTeX: 1.6 GB instead of 0.5.
    install = [*sudo, *quiet, "install", "--yes", "--no-install-recommends", *packages]
    STAMPS.mkdir(exist_ok=True)
    path = STAMPS / "apt.log"
    with path.open("w") as log:
        if call(install, stdout=log, stderr=log) == 0:
            return
        say("refreshing the package lists and trying once more")
        if call([*sudo, *quiet, "update"], stdout=log, stderr=log) == 0 and call(install, stdout=log, stderr=log) == 0:
            return
    print(path.read_text()[-2000:])
    sys.exit("set-up: apt could not install the packages, see above; on Ubuntu they are in its part universe")


# ---- other systems --------------------------------------------------------------------------------------------


def ask_for(levels: tuple) -> None:
    """Say what is missing here and how to get it; silent where nothing is."""
    tools = [name for level in levels for name in TOOLS[level]]
    # Where there is no apt, the base image is pulled.
    tools = [name for name in tools if name != "mmdebstrap"]
    if sys.platform != "linux":
        # Namespaces are Linux's: elsewhere scripts run under SHARDR_BASE_DIR, and Docker is an application.
        tools = ["docker" if name == "docker.io" else name for name in tools if name != "bubblewrap"]
    missing = [name for name in tools if not shutil.which(PROGRAMS.get(name, name))]
    if not shutil.which("R"):
        missing.insert(0, "R (4.1 or newer)")
    found = read(["Rscript", "-e", "cat(rownames(installed.packages()))"]).split()
    packages = [name for level in levels for name in R_PACKAGES[level] if name not in found]
    python = python_for_venv()
    if not missing and not packages and python:
        return
    print("shardr needs, on this machine without apt or with an R of its own:")
    for name in missing:
        print(f"  {name}")
    if missing:
        names = " ".join(name.split()[0] for name in missing)
        example = f"brew install {names.lower()}" if sys.platform == "darwin" else f"dnf install {names}"
        print(f"    from your package manager, for example: {example}")
    if packages:
        quoted = ", ".join(f'"{name}"' for name in packages)
        print(f"  R packages; in R: install.packages(c({quoted}))")
    if not python:
        print("  Python 3.10 or newer, built with a shared library, so that R can hold it")
        print("    (brew install python, or PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install 3.12)")
    sys.exit("Then run the same command again.")


# ---- everywhere -----------------------------------------------------------------------------------------------


def check_sandbox() -> None:
    """Name the way out where the system lets no user make a namespace, as Ubuntu 24.04 does."""
    if not shutil.which("bwrap"):
        return
    tried = subprocess.run(["bwrap", "--dev-bind", "/", "/", "true"], check=False, capture_output=True, text=True)
    if tried.returncode:
        say(f"instances cannot have an /opt/ml of their own here: {tried.stderr.strip()}")
        say("on Ubuntu, sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0 allows it;")
        say("in a container, starting it with --privileged, or with --security-opt seccomp=unconfined")


def python_for_venv() -> str | None:
    """The python3 to make .venv of: the system's where it will do, since R and rpy2 can load its library."""
    for python in (SYSTEM_PYTHON, shutil.which("python3")):
        if python and Path(python).exists() and call([python, "-c", PYTHON_PROBE], stderr=subprocess.DEVNULL) == 0:
            return python
    return None


def python_half(extras: str) -> None:
    """Install the Python half, editable, with its dependencies into .venv."""
    inside = VENV / "bin" / "python"
    if not inside.exists() or call([str(inside), "-c", "import pip;" + PYTHON_PROBE]):
        python = python_for_venv()
        if not python:
            sys.exit("set-up: needs Python 3.10 or newer that is built with a shared library, so that R can hold it")
        say(f"making .venv with {python}")
        if call([python, "-m", "venv", "--clear", str(VENV)]):
            sys.exit("set-up: the virtual environment could not be made")
    say(f"installing the Python half with its dependencies into .venv: pip install -e .{extras}")
    # rpy2 in ABI mode reaches R without a compiler and without R's headers.
    environment = dict(os.environ, RPY2_CFFI_MODE="ABI", PIP_DISABLE_PIP_VERSION_CHECK="1")
    pip = [str(inside), "-m", "pip", "install", "--quiet", "--editable", f"{ROOT}{extras}"]
    if call(pip, env=environment):
        sys.exit("set-up: pip could not install; its message is above")


if __name__ == "__main__":
    main()
