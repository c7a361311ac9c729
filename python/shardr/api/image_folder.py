"""An image of one's own: built of a folder that has a Dockerfile, under the name that the Dockerfile tells."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shardr.errors import Problem
from shardr.local.docker.folder import Folder
from shardr.local.docker.images import IMAGES, OURS
from shardr.local.docker.names import is_tag, parsed

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Build:
    """What is built of a folder, and how its image will be called."""

    folder: Folder
    uri: str

    def run(self, *, no_cache: bool, network: str | None, progress: Callable[[str], None]) -> None:
        """Builds it; raises ``ImageError`` with the last lines of what was printed."""
        from importlib.metadata import version

        from shardr.local.docker.build import Builder
        from shardr.local.docker.daemon import connect
        from shardr.local.docker.images import DEFAULT_BASE

        builder = Builder(connect(), DEFAULT_BASE, no_cache=no_cache, network=network, progress=progress)
        builder.build_folder(self.folder, self.uri, version("shardr"))


def is_folder(image: str | os.PathLike[str]) -> bool:
    """Whether this means a folder, not an image of shardr's: it is a path, has a slash or dots, or is there."""
    if not isinstance(image, str):
        return True
    return "/" in image or image in {".", "..", "~"} or (image not in IMAGES and Path(image).is_dir())


def as_folder(path: str) -> str:
    """The path so that nobody takes it for the name of an image, or for an option."""
    path = f"./{path}" if path.startswith("-") else path
    return path if "/" in path or path == "." else f"{path}/"


def of_folder(
    at: str | os.PathLike[str], *,
    base: str | None, tag: str | None, name: str | None, file: str | os.PathLike[str] | None,
) -> tuple[Build | None, list[Problem]]:  # fmt: skip
    """What is to be built, or all that is in the way."""
    where = os.fspath(at)
    folder = Path(at).expanduser()
    if not folder.is_dir():
        return None, [
            Problem(where, "is no folder" if folder.exists() else "is not there", "a folder with a Dockerfile")
        ]
    dockerfile = Path(file).expanduser() if file else folder / "Dockerfile"
    problems = []
    if base is not None:
        problems.append(Problem("base", "is what the Dockerfile says", f"change FROM in {os.fspath(dockerfile)}"))
    if not dockerfile.is_file():
        fix = f"`shardr images init {where}` writes one" if file is None else ""
        return None, [*problems, Problem(os.fspath(dockerfile), "is not there", fix)]
    about = Folder(folder, dockerfile)
    named = name or about.name
    problems += bad_name(named)
    parts = parsed(named)
    own_tag = parts.tag if parts else ""
    if tag is not None and not is_tag(tag):
        problems.append(Problem("tag", f'"{tag}" is no tag', "at most 128 letters, digits and any of _ . -"))
    elif tag and own_tag and tag != own_tag:
        problems.append(Problem("tag", f'found "{tag}" beside "{own_tag}" in the name', "leave one of them out"))
    return Build(about, named if own_tag else f"{named}:{tag or 'latest'}"), problems


def bad_name(name: str) -> list[Problem]:
    """Why an image of one's own cannot have this name."""
    if parsed(name) is None:
        return [Problem("name", f'no image can be named "{name}"', "lower case, digits, hyphens")]
    if name.partition(":")[0] in IMAGES or name.startswith(OURS):
        return [Problem("name", f'"{name}" is an image of shardr\'s own', "give yours another name")]
    return []
