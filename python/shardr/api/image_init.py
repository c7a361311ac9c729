"""A Dockerfile for the user's own scripts: what they use is found, and where it comes from."""

from __future__ import annotations

import os
import shlex
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from shardr.api.image_folder import as_folder, bad_name
from shardr.api.own_image import archive, dockerfile, py_code, renv_lock, scripts
from shardr.errors import ImageError, Problem
from shardr.local.docker.names import fitting, parsed

SHARDR = "shardr/processing"
DEBIAN = "debian:bookworm-slim"


@dataclass(frozen=True)
class ImageDraft:
    """A Dockerfile that was written, what is in it and why, and the command that builds the image."""

    name: str
    base: str
    dockerfile: Path
    ignore: Path
    """Its ``.dockerignore``: nothing but the scripts reaches the build."""
    scripts: list[str]
    debian: list[str]
    """R packages that Debian has built."""
    compiled: list[str]
    """R packages that the build compiles."""
    python: list[str]
    libraries: dict[str, list[str]]
    """System libraries that compiling needs, by R package."""
    command: str
    """Builds the image."""
    docker: str
    """The same for the ``docker`` command, which needs shardr's image to be there."""
    folder: Path
    """What is built."""
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        paths = {name: os.fspath(getattr(self, name)) for name in ("dockerfile", "ignore", "folder")}
        return asdict(self) | paths


def init_image(
    source: str | Path = ".",
    *,
    base: str | None = None,
    name: str | None = None,
    output: str | Path | None = None,
    force: bool = False,
) -> ImageDraft:
    """Writes a Dockerfile for a script, or for all scripts of a folder, with the packages that they use.

    R packages are those of ``renv.lock`` when there is one, else those that the code names; Python's those of
    ``requirements.txt``, else those that the code imports. ``base`` is the image to begin with: ``shardr/processing``,
    or for Python alone Debian. Files go to ``output`` (default: where the scripts are), over others with ``force``.

    Raises ``ImageError`` with all that is in the way.

    >>> init_image("analysis/").command  # doctest: +SKIP
    'shardr images build analysis/'
    """
    at = Path(source).expanduser()
    found = scripts.read(at)
    lock, problems = _lock(found.folder)
    problems = [*found.problems, *problems]
    folder = Path(output).expanduser() if output else found.folder
    files = [folder / "Dockerfile", folder / ("Dockerfile.dockerignore" if output else ".dockerignore")]
    if not force:
        problems += [Problem(os.fspath(file), "exists already") for file in files if file.exists()]
    named = name or fitting(at.absolute().stem if found.single else at.absolute().name)
    problems += bad_name(named)
    begun = base or (SHARDR if found.r else DEBIAN)
    if parsed(begun.partition("@")[0]) is None:
        problems.append(Problem("base", f'no image is named "{begun}"', "for example debian:bookworm-slim"))
    if _of_shardr(begun) is False and "shardr" in found.r_packages:
        fix = f"build {SHARDR} with {begun} as its base and with a tag of your own, and name that here"
        problems.append(Problem(found.r_packages["shardr"], f"shardr is not in {begun}", fix))
    if problems:
        over = any(problem.message == "exists already" for problem in problems)
        raise ImageError(
            "the Dockerfile was not written", problems=problems,
            fix="write over it: force=True (R: force = TRUE, shell: --force)" if over else None,
        )  # fmt: skip
    about, notes = _contents(found, lock, begun, named)
    command = _build(found.folder, files[0] if output else None)
    about.build = command if output else _build(Path(), None)  # the file tells it as seen from where it is
    folder.mkdir(parents=True, exist_ok=True)
    files[0].write_text(dockerfile.dockerfile(about), encoding="utf-8")
    files[1].write_text(dockerfile.ignore(about), encoding="utf-8")
    return ImageDraft(
        name=named,
        base=begun,
        dockerfile=files[0],
        ignore=files[1],
        scripts=[file.as_posix() for file in found.files],
        debian=[word.partition("=")[0] for word in about.apt if word.startswith("r-")],
        compiled=about.compiled,
        python=about.pip,
        libraries=about.libraries,
        command=command,
        docker=_docker(named, found.folder, files[0] if output else None),
        folder=found.folder,
        notes=notes,
    )


def _lock(folder: Path) -> tuple[renv_lock.Lock | None, list[Problem]]:
    path = folder / "renv.lock"
    if not path.is_file():
        return None, []
    try:
        return renv_lock.read(path), []
    except ImageError as error:
        found = [Problem(f"renv.lock: {p.path}", p.message, renv_lock.FIX) for p in error.problems]
        return None, found or [Problem("renv.lock", f"cannot be read: {error.why}", renv_lock.FIX)]


def _of_shardr(base: str) -> bool:
    return base.startswith("shardr/")


def _debian(base: str) -> bool:
    """Whether the R of an image is that of Debian bookworm, as far as its name tells: a tag of one's own says no."""
    name, _, tag = base.partition(":")
    return (_of_shardr(base) and tag in {"", "latest"}) or (name == "debian" and tag.startswith(("bookworm", "12")))


def _contents(
    found: scripts.Scripts, lock: renv_lock.Lock | None, base: str, name: str
) -> tuple[dockerfile.Contents, list[str]]:
    """What goes into the image, and what its user should know."""
    title = found.single.name if found.single else f"the {len(found.files)} scripts of this folder"
    about = dockerfile.Contents(name, base, _of_shardr(base), _debian(base), title, "")
    about.copies = dockerfile.patterns(found.files, each=found.single is not None)
    if len(found.files) == 1 or found.single:
        about.command = _command(found.single or found.files[0], loads=len(found.files) > 1)
    notes = [f"{place}: which package is loaded is known only when it runs: name it by library()"
             for place in found.open]  # fmt: skip
    notes += [f"{file}: Quarto itself is not in Debian: install it in the Dockerfile"
              for file in found.files if file.suffix.lower() == ".qmd"]  # fmt: skip
    if found.r:
        notes += _r(about, found, lock)
    if found.python:
        notes += _python(about, found)
    return about, notes


def _r(about: dockerfile.Contents, found: scripts.Scripts, lock: renv_lock.Lock | None) -> list[str]:
    wanted: dict[str, str] = dict.fromkeys(found.r_packages, "") if lock is None else lock.packages
    notes = []
    there = archive.debian() if about.debian else {}
    if about.debian and not about.of_shardr:
        about.apt += ["ca-certificates", "r-base-core"]
    for package, version in sorted(wanted.items()):
        debian = there.get(package)
        in_base = about.of_shardr and package in archive.IN_SHARDR
        if in_base and (package == "shardr" or not version or (debian and debian.upstream == version)):
            continue
        if debian and version in {"", debian.upstream}:
            about.apt.append(debian.apt)
            continue
        about.compiled.append(package)
        about.apt += [program for program in archive.programs_to_run(package) if program not in about.apt]
        if archive.libraries_to_build(package):
            about.libraries[package] = archive.libraries_to_build(package)
        near = archive.nearest(package) if lock is None else None
        if near:
            notes.append(f"{found.r_packages[package]}: {package}: not in Debian; did you mean {near}?")
    if lock is None:
        return notes
    about.lock = bool(about.compiled)
    lacking = [package for package in found.r_packages if package not in lock.packages and package != "shardr"]
    if about.debian and lock.r.split(".")[:2] != archive.DEBIAN_R.split(".")[:2]:
        notes.append(f"renv.lock is of R {lock.r}, the image has R {archive.DEBIAN_R}: for the same R take"
                     f" --base rocker/r-ver:{lock.r}")  # fmt: skip
    notes += [f"{found.r_packages[package]}: {package} is not in renv.lock, so it is not in the image;"
              " renv::snapshot() adds it" for package in lacking]  # fmt: skip
    return notes


def _python(about: dockerfile.Contents, found: scripts.Scripts) -> list[str]:
    about.python = True
    about.requirements = (found.folder / "requirements.txt").is_file()
    if about.requirements:
        return []
    about.pip = py_code.distributions([module for module in found.modules if module != "shardr"])
    loose = [word for word in about.pip if "==" not in word]
    notes = (
        [f"{', '.join(loose)}: not installed here, so no version is pinned; a requirements.txt would"] if loose else []
    )
    if "shardr" in found.modules:
        notes.append(f"{found.modules['shardr']}: the Python package shardr is left out: jobs are run from outside")
    return notes


def _command(script: Path, *, loads: bool) -> list[str]:
    """What runs a script, wherever it is begun; one that ``loads`` others finds them from their own folder."""
    name = f"{dockerfile.HOME}/{script.as_posix()}"
    if script.suffix.lower() in scripts.PYTHON:
        return ["python3", name]
    if script.suffix.lower() == ".rmd":
        return ["Rscript", "-e", f"rmarkdown::render({name!r})"]
    if script.suffix.lower() == ".qmd":
        return ["quarto", "render", name]
    if loads:  # R's source() looks from where R was begun
        return ["sh", "-c", f"cd {dockerfile.HOME} && exec Rscript {shlex.quote(script.as_posix())}"]
    return ["Rscript", name]


def _build(folder: Path, file: Path | None) -> str:
    elsewhere = ["--file", os.fspath(file)] if file else []
    return shlex.join(["shardr", "images", "build", as_folder(os.fspath(folder)), *elsewhere])


def _docker(name: str, folder: Path, file: Path | None) -> str:
    elsewhere = ["-f", os.fspath(file)] if file else []
    return shlex.join(["docker", "build", "-t", name, *elsewhere, os.fspath(folder)])
