"""The scripts that an image is for: found, read, and what they use of R and of Python."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from shardr.api.own_image import py_code, r_code
from shardr.api.own_image.r_tokens import NotRError
from shardr.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

R, DOCUMENT, PYTHON = {".r"}, {".rmd", ".qmd"}, {".py"}
ASIDE = {"renv", "packrat", "venv", "node_modules", "__pycache__", "site-packages"}
"""Folders of other people's code."""


@dataclass
class Scripts:
    """Scripts of a folder and what they use; each package and module with the place that names it first."""

    folder: Path
    single: Path | None = None
    """The one that was named, relative to the folder; None when all of the folder are meant."""
    files: list[Path] = field(default_factory=list)
    """Relative to the folder, in order."""
    r_packages: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    """Places that load a package which only the running script knows."""
    problems: list[Problem] = field(default_factory=list)

    @property
    def r(self) -> bool:
        """Whether R is needed."""
        return any(file.suffix.lower() in R | DOCUMENT for file in self.files)

    @property
    def python(self) -> bool:
        """Whether Python is needed."""
        return bool(self.modules) or any(file.suffix.lower() in PYTHON for file in self.files)


def read(at: Path) -> Scripts:
    """The scripts at a path, a script or a folder; what is wrong with them is among the ``problems``."""
    if not at.exists():
        return Scripts(at, problems=[Problem(str(at), "is not there", _beside(at))])
    folder, single = (at, None) if at.is_dir() else (at.parent, Path(at.name))
    found = Scripts(folder, single)
    if single and single.suffix.lower() not in R | DOCUMENT | PYTHON:
        found.problems.append(Problem(str(at), "is no script", "name a .R, .Rmd, .qmd or .py file, or a folder"))
        return found
    waiting = [single] if single else list(_of_folder(folder))
    if not waiting:
        found.problems.append(Problem(str(at), "holds no script", "put a .R, .Rmd, .qmd or .py file there"))
    while waiting:
        file = waiting.pop(0)
        if file not in found.files:
            found.files.append(file)
            waiting += [other for other in _read(found, file) if (folder / other).is_file()]
    found.files.sort(key=os.fspath)
    local = {name for file in found.files for name in (file.stem, *file.parts[:-1])}
    found.modules = {name: place for name, place in found.modules.items() if name not in local}
    return found


def _beside(at: Path) -> str:
    """What there is instead of a script that is not there."""
    from shardr.spec.problems import did_you_mean

    kinds = R | DOCUMENT | PYTHON
    there = sorted(path.name for path in at.parent.glob("*") if path.suffix.lower() in kinds)
    near = did_you_mean(at.name, there).removeprefix("; ")
    some = f"in its folder there {'is' if len(there) == 1 else 'are'} {', '.join(there[:5])}" if there else ""
    return near or some or "name a .R, .Rmd, .qmd or .py file that is there, or a folder of them"


def _of_folder(folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in ASIDE and not name.startswith("."))
        for name in sorted(files):
            if Path(name).suffix.lower() in R | DOCUMENT | PYTHON and not name.startswith("."):
                yield Path(at, name).relative_to(folder)


def _read(found: Scripts, file: Path) -> list[Path]:
    """Takes down what a script uses; gives the scripts beside it that it loads."""
    try:
        code = (found.folder / file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        code = (found.folder / file).read_text(encoding="latin-1")
    except OSError as error:
        found.problems.append(Problem(str(file), f"cannot be read: {error.strerror}"))
        return []
    kind = file.suffix.lower()
    try:
        if kind in PYTHON:
            return _python(found, file, code)
        loads = _r(found, file, r_code.chunks(code, "r") if kind in DOCUMENT else code)
        if kind in DOCUMENT:
            found.r_packages.setdefault("rmarkdown", str(file))  # Quarto takes it, too
            loads += _python(found, file, r_code.chunks(code, "python"))
    except NotRError as error:
        found.problems.append(Problem(f"{file}, line {error.line}", str(error)))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        found.problems.append(Problem(f"{file}, line {line}", getattr(error, "msg", None) or str(error)))
    else:
        return loads
    return []


def _r(found: Scripts, file: Path, code: str) -> list[Path]:
    used = r_code.used(code)
    for name, line in used.packages.items():
        found.r_packages.setdefault(name, f"{file}, line {line}")
    found.open += [f"{file}, line {line}" for line in used.open]
    # R looks from the working directory, which is the folder's top
    return [Path(name) for name in used.sources if not Path(name).is_absolute() and ".." not in Path(name).parts]


def _python(found: Scripts, file: Path, code: str) -> list[Path]:
    loads = []
    for name, line in py_code.used(code).items():
        found.modules.setdefault(name, f"{file}, line {line}")
        loads += [file.parent / f"{name}.py", file.parent / name / "__init__.py"]
    return loads
