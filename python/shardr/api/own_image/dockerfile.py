"""The text of a Dockerfile for scripts and what they need: for people to read, and to change.

What changes most seldom comes first and the scripts last, so that a change of a script builds one small layer. What
must be compiled is compiled in a stage of its own, and only the result is copied.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shardr.api.own_image.archive import CRAN
from shardr.local.docker.folder import NAMED

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = "/usr/local/lib/R/site-library"
COMPILED = "/opt/r-packages"
CLEAN = " && apt-get clean && rm -rf /var/lib/apt/lists/* /var/cache/apt/*"
HOME = "/home/shardr/code"
RENV = "https://cloud.r-project.org"
"""Where renv itself comes from: of any age, as it does what the lock says."""


@dataclass
class Contents:
    """What goes into an image."""

    name: str
    base: str
    of_shardr: bool
    """Whether the base is an image of shardr's: it has R, the user, the folders."""
    debian: bool
    """Whether R is Debian's, so that Debian's R packages fit it."""
    title: str
    build: str
    apt: list[str] = field(default_factory=list)
    compiled: list[str] = field(default_factory=list)
    lock: bool = False
    libraries: dict[str, list[str]] = field(default_factory=dict)
    """What is needed to compile, by R package."""
    python: bool = False
    requirements: bool = False
    pip: list[str] = field(default_factory=list)
    copies: list[tuple[list[str], str]] = field(default_factory=list)
    """Patterns of scripts, and the folder they go to."""
    command: list[str] = field(default_factory=list)


def dockerfile(about: Contents) -> str:
    """The Dockerfile."""
    stage = " AS ready" if about.compiled else ""
    parts = [
        f"# The image {about.name}, for {about.title}. `shardr images init` wrote this file; it is yours to change.\n"
        f"# Build it:         {about.build}\n"
        f"{NAMED}{about.name}",
        f"FROM {about.base}{stage}\nUSER root",
        *_apt(about),
        *(_compiled(about) if about.compiled else []),
        *(_python(about) if about.python else []),
        *_scripts(about),
    ]
    return "\n\n".join(parts) + "\n"


def _apt(about: Contents) -> list[str]:
    python = ["ca-certificates", "python3", "python3-venv"] if about.python and "python" not in about.base else []
    wanted = list(dict.fromkeys([*about.apt, *python]))
    return [f"# Built by Debian, with the libraries that they need.\n{_install(wanted)}"] if wanted else []


def _install(packages: list[str]) -> str:
    lines = [
        "RUN apt-get update",
        " && apt-get install --yes --no-install-recommends",
        *(f"      {_quoted(name)}" for name in packages),
        CLEAN,
    ]
    return " \\\n".join(lines)


def _quoted(word: str) -> str:
    return f'"{word}"' if "*" in word else word


def _compiled(about: Contents) -> list[str]:
    compilers = ["r-base-dev"] if about.debian else ["build-essential", "gfortran"]
    libraries = sorted({library for needed in about.libraries.values() for library in needed})
    needs = [f"# {package} needs {', '.join(needed)}." for package, needed in about.libraries.items()]
    said = [
        "# Compiled from source in a stage of its own, so that no compiler stays in the image.",
        *needs,
        "# When a library is missing here, the build stops and names it: add it to this list.",
    ]
    origin = RENV if about.lock else CRAN
    repos = ', repos = Sys.getenv("CRAN")' if about.debian or about.lock else ""
    arg = f"ARG CRAN={origin}\n" if repos else ""
    into = f'lib{"rary" if about.lock else ""} = "{COMPILED}"'
    steps = [f"wanted <- c({', '.join(json.dumps(name) for name in about.compiled)})"]
    if about.lock:
        steps += [
            f'install.packages("renv"{repos})',
            "options(renv.consent = TRUE, renv.config.cache.enabled = FALSE)",
            f'renv::restore(lockfile = "renv.lock", {into}, packages = wanted, prompt = FALSE)',
        ]
    else:
        steps.append(f"install.packages(wanted, {into}{repos})")
    steps.append(f'missing <- setdiff(wanted, rownames(installed.packages("{COMPILED}")))')
    steps.append('if (length(missing)) stop("not installed, see above: ", toString(missing))')
    run = " \\\n".join([f"RUN mkdir -p {COMPILED}", " && Rscript", *(f"      -e '{step}'" for step in steps)])
    lock = "WORKDIR /opt/project\nCOPY renv.lock ./\n" if about.lock else ""
    return [
        "FROM ready AS compiled\n" + "\n".join(said) + "\n" + _install([*compilers, *libraries]),
        f"{arg}{lock}{run}",
        "# Which libraries the compiled code is linked to, and which Debian packages they are in.\n"
        f"RUN find {COMPILED} -name '*.so' -exec ldd '{{}}' + \\\n"
        ' | awk \'$3 ~ "^/" { print $3; print "/usr" $3 }\' | sort -u \\\n'
        " | xargs -r dpkg -S 2>/dev/null | cut -d: -f1 | sort -u > /opt/libraries",
        f"FROM ready\nCOPY --from=compiled {COMPILED} {LIBRARY}\nCOPY --from=compiled /opt/libraries /opt/libraries\n"
        + _install(["$(cat /opt/libraries)"]),
    ]


def _python(about: Contents) -> list[str]:
    lines = []
    what = [*(["--requirement /opt/requirements.txt"] if about.requirements else []), *map(_quoted, about.pip)]
    if about.requirements:
        lines.append("COPY requirements.txt /opt/requirements.txt")
    install = "".join(f" \\\n      {word}" for word in what)
    run = "RUN python3 -m venv /opt/python"
    run += f" \\\n && /opt/python/bin/pip install --no-cache-dir{install}" if what else ""
    return ["\n".join(["# Python, in an environment of its own.", *lines, run, "ENV PATH=/opt/python/bin:$PATH"])]


def _scripts(about: Contents) -> list[str]:
    user = "" if about.of_shardr else "ENV LANG=C.UTF-8\nRUN useradd --create-home --non-unique --uid 1000 shardr\n"
    copies = "\n".join(_copy(patterns, folder) for patterns, folder in about.copies)
    command = f"\nCMD {json.dumps(about.command, ensure_ascii=False)}" if about.command else ""
    return [
        # No WORKDIR: a job begins in the same folder in this image as in others and without any.
        f"# The script runs as a user who is not root.\n{user}RUN mkdir -m 777 {HOME}\nUSER shardr",
        f"# Last, as they change most often.\n{copies}{command}",
    ]


def _copy(patterns: list[str], folder: str) -> str:
    words = [*patterns, folder]
    plain = re.fullmatch(r"[\w./*+-]+", "".join(words))
    return f"COPY {' '.join(words) if plain else json.dumps(words, ensure_ascii=False)}"


def patterns(files: list[Path], *, each: bool) -> list[tuple[list[str], str]]:
    """What to copy: each of the files, or all of their kind in their folders, so that new ones come along."""
    found: dict[str, list[str]] = {}
    for file in files:
        name = file.as_posix() if each else (file.parent / f"*{file.suffix}").as_posix()
        of_folder = found.setdefault(f"{HOME}/" if file.parent.name == "" else f"{HOME}/{file.parent.as_posix()}/", [])
        if name not in of_folder:
            of_folder.append(name)
    return [(names, folder) for folder, names in found.items()]


def ignore(about: Contents) -> str:
    """The ``.dockerignore``: nothing but the scripts reaches the build."""
    kept = [name for names, _ in about.copies for name in names]
    kept += ["renv.lock"] if about.lock else []
    kept += ["requirements.txt"] if about.requirements else []
    return "\n".join(["# Only these reach the build: no data, no secrets.", "*", *(f"!{name}" for name in kept)]) + "\n"
