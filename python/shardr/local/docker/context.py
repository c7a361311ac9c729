"""What the daemon gets to build an image of: the image's own folder, and of the R half what is installed into it."""

from __future__ import annotations

import hashlib
import io
import tarfile
from typing import TYPE_CHECKING

from shardr._inst import docker_folder, inst, r_sources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BASE = "base"
"""The folder of ``docker/`` with what all images share."""
LABEL = "org.shardr.context"
"""Says of an image what it was made of."""


def files(image: str) -> dict[str, Path]:
    """The files of an image by their names in the build, in order."""
    folder = docker_folder()
    found = _below(folder / image, image)
    if image == BASE:
        found["r-packages.txt"] = folder / "r-packages.txt"
    else:
        half = {name: r_sources() / name for name in ("DESCRIPTION", "NAMESPACE", "LICENSE")}
        half |= _below(r_sources() / "R", "R")
        half |= _below(inst("container"), "inst/container") | _below(inst("schema"), "inst/schema")
        found |= {f"r-half/{name}": path for name, path in half.items()}
    return dict(sorted(found.items()))


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
    return hashlib.sha256(packed(files(BASE)) + packed(files(image))).hexdigest()


def outdated(image: str, labels: Mapping[str, str]) -> bool:
    """Whether an image with these labels was made of other files than this shardr has."""
    return labels.get(LABEL) != digest(image)


def _below(folder: Path, name: str) -> dict[str, Path]:
    found = {f"{name}/{path.relative_to(folder).as_posix()}": path for path in folder.rglob("*") if path.is_file()}
    return {name: path for name, path in found.items() if "/." not in name and "__pycache__" not in name}
