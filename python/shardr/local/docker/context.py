"""What the daemon gets to build an image of: the image's own folder, and of shardr's halves what is put into it."""

from __future__ import annotations

import hashlib
import io
import tarfile
from typing import TYPE_CHECKING

from shardr._inst import docker_folder, inst, python_half, r_sources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BASE, PYTHON_BASE = "base", "python-base"
"""The folders of ``docker/`` with what images share: those with R, and those with Python."""
PROGRAMS = ("kmeans", "pca", "xgboost")
"""Folders of ``inst/container/`` that are the program of the image of that name, and of no use in others."""
PROGRAMS_SHARE = "builtin"
"""The folder beside them with what they have in common."""
LABEL = "org.shardr.context"
"""Says of an image what it was made of."""


def shared(image: str) -> str:
    """The layer that an image is built on."""
    return PYTHON_BASE if image in {"python", *PROGRAMS} else BASE


def files(image: str) -> dict[str, Path]:
    """The files of an image by their names in the build, in order."""
    folder = docker_folder()
    found = _below(folder / image, image)
    if image == BASE:
        found["r-packages.txt"] = folder / "r-packages.txt"
    elif image == PYTHON_BASE:
        found |= {name: folder / name for name in ("python-packages.txt", f"{BASE}/without-manuals")}
    elif shared(image) == PYTHON_BASE:
        found |= {f"python-half/{name}": path for name, path in python_half().items()}
        for name in (image, PROGRAMS_SHARE) if image in PROGRAMS else ():
            found |= _below(inst("container", name), f"program/{name}")
    else:
        found |= {f"r-half/{name}": path for name, path in _r_half().items()}
    return dict(sorted(found.items()))


def _r_half() -> dict[str, Path]:
    half = {name: r_sources() / name for name in ("DESCRIPTION", "NAMESPACE", "LICENSE")}
    half |= _below(r_sources() / "R", "R")
    half |= _below(inst("container"), "inst/container") | _below(inst("schema"), "inst/schema")
    others = tuple(f"inst/container/{program}/" for program in (*PROGRAMS, PROGRAMS_SHARE))
    return {name: path for name, path in half.items() if not name.startswith(others)}


def packed(files: Mapping[str, Path | bytes]) -> bytes:
    """A tar that is the same for the same files: neither times nor owners of this machine are in it."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, held in files.items():
            content = held if isinstance(held, bytes) else held.read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def digest(image: str) -> str:
    """What an image is made of in one word, that of the shared layer with it."""
    return hashlib.sha256(packed(files(shared(image))) + packed(files(image))).hexdigest()


def outdated(image: str, labels: Mapping[str, str]) -> bool:
    """Whether an image with these labels was made of other files than this shardr has."""
    return labels.get(LABEL) != digest(image)


def _below(folder: Path, name: str) -> dict[str, Path]:
    found = {f"{name}/{path.relative_to(folder).as_posix()}": path for path in folder.rglob("*") if path.is_file()}
    return {name: path for name, path in found.items() if "/." not in name and "__pycache__" not in name}
