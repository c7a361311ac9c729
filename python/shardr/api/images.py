"""Images on this machine: which of shardr's are there, and building them or one's own."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from shardr.api.image_folder import is_folder, of_folder
from shardr.errors import ImageError, Problem
from shardr.local.docker.images import DEFAULT_BASE, IMAGES, found, labelled, required, uri
from shardr.local.docker.names import TAG, is_tag, parsed

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from shardr.local.docker.daemon import APIClient

REFERENCE = rf"([\w.-]+(:\d+)?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:{TAG})?(@sha256:[0-9a-f]{{64}})?"


@dataclass(frozen=True)
class Image:
    """An image: ``built``, or of shardr's also ``outdated`` (made of other files than these) or ``missing``."""

    name: str
    uri: str
    state: str
    id: str | None = None
    size: int | None = None
    """In bytes, with the layers that images share."""
    created: str | None = None
    architecture: str | None = None
    base: str | None = None
    r_version: str | None = None
    r_packages: dict[str, str] = field(default_factory=dict)
    """Of shardr's images; of others nobody knows."""
    python_version: str | None = None
    python_packages: dict[str, str] = field(default_factory=dict)
    """Of shardr's images for Python."""
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def images(tag: str | None = None) -> list[Image]:
    """shardr's images, and those that were built of folders; raises ``RunnerError`` when no Docker daemon answers.

    Of shardr's those of the ``tag`` (default: ``latest``), of others those of the tag, or all.

    >>> [image.state for image in images()]  # doctest: +SKIP
    ['built', 'missing']
    """
    from shardr.local.docker.build import OWN
    from shardr.local.docker.daemon import connect

    check([], tag=tag)
    client = connect()
    own = [name.removeprefix("localhost/") for name in labelled(client, OWN)]  # as podman calls what has no host
    return [
        *(_look(client, name, tag or "latest") for name in IMAGES),
        *(_look_own(client, name) for name in own if tag is None or name.endswith(f":{tag}")),
    ]


def build_image(
    image: str | os.PathLike[str] = "processing",
    *,
    base: str | None = None,
    tag: str | None = None,
    name: str | None = None,
    file: str | os.PathLike[str] | None = None,
    no_cache: bool = False,
    network: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Image:
    """Builds one of shardr's images, or that of a folder with a Dockerfile; what has not changed is not built again.

    Of shardr's, ``base`` is a Debian with its own R packages, or an image that has R in it; it is pulled when it is not
    there. A folder is a path: it has a slash, or is there. Its image is called ``name``, else what ``init_image`` wrote
    into the Dockerfile, else like the folder. ``file`` is a Dockerfile elsewhere. ``.dockerignore`` is heeded, and
    shardr's image that it begins with is built when it is not there. ``network="host"`` lets the build use the network
    as this machine does. ``progress`` is called with each step.

    Raises ``ImageError`` with the last lines of what was printed, and ``RunnerError`` when no Docker daemon answers.

    >>> build_image("analysis/").uri  # doctest: +SKIP
    'analysis:latest'
    """
    from importlib.metadata import version

    from shardr.local.docker.build import Builder
    from shardr.local.docker.daemon import connect

    check([image], base=base, tag=tag, name=name, file=file)
    told = progress or (lambda _: None)
    if is_folder(image):
        build, _ = of_folder(image, base=base, tag=tag, name=name, file=file)
        if build is not None:  # else check() has raised
            build.run(no_cache=no_cache, network=network, progress=told)
            return _look_own(connect(), build.uri, build.folder.burden)
    known = str(image)
    Builder(connect(), base or DEFAULT_BASE, tag or "latest", no_cache, network, told).build(known, version("shardr"))
    return _look(connect(), known, tag or "latest")


def check(
    images: Sequence[str | os.PathLike[str]], *, base: str | None = None, tag: str | None = None,
    name: str | None = None, file: str | os.PathLike[str] | None = None,
) -> None:  # fmt: skip
    """Raises ``ImageError`` with all that no build can begin with."""
    from shardr.spec.problems import did_you_mean

    folders = [image for image in images if is_folder(image)]
    problems = [p for image in folders for p in of_folder(image, base=base, tag=tag, name=name, file=file)[1]]
    known = f"shardr has {', '.join(IMAGES[:-1])} and {IMAGES[-1]}; a folder is named with a slash"
    others = [str(image) for image in images if not is_folder(image)]
    problems += [
        Problem("name", f'there is no image "{image}"{did_you_mean(image, IMAGES)}', known)
        for image in others if image not in IMAGES
    ]  # fmt: skip
    if name is not None and len(images) != 1:
        problems.append(Problem("name", "is that of one folder", "build one after the other"))
    problems += [Problem(word, "is of a folder with a Dockerfile only", "leave it out")
                 for word, given in (("name", name), ("file", file)) if given is not None and others]  # fmt: skip
    if base is not None and not folders and not re.fullmatch(REFERENCE, base, re.ASCII):
        problems.append(Problem("base", f'"{base}" names no image', f"a name such as {DEFAULT_BASE}"))
    if tag is not None and not folders and not is_tag(tag):
        problems.append(Problem("tag", f'"{tag}" is no tag', "at most 128 letters, digits and any of _ . -"))
    if problems:
        what = "the image cannot be built" if len(images) == 1 else "the images cannot be built"
        raise ImageError(what if images else "no image has such a tag or base", problems=list(dict.fromkeys(problems)))


def _look_own(client: APIClient, uri: str, burden: str | None = None) -> Image:
    from shardr.local.docker.build import LABEL

    made = required(client, uri)
    known = parsed(uri)
    return Image(
        name=known.repository if known else uri,
        uri=uri,
        state="built",
        id=made.id,
        size=made.size,
        created=made.created,
        architecture=made.architecture,
        base=made.labels.get("org.opencontainers.image.base.name"),
        r_version=made.labels.get(f"{LABEL}r-version"),
        notes=[burden] if burden else [],
    )


def _look(client: APIClient, name: str, tag: str) -> Image:
    from shardr.local.docker.build import LABEL
    from shardr.local.docker.context import outdated

    there = found(client, uri(name, tag))
    if there is None:
        return Image(name, uri(name, tag), "missing")
    labels = there.labels
    return Image(
        name=name,
        uri=uri(name, tag),
        state="outdated" if outdated(name, labels) else "built",
        id=there.id,
        size=there.size,
        created=there.created,
        architecture=there.architecture,
        base=labels.get("org.opencontainers.image.base.name"),
        r_version=labels.get(f"{LABEL}r-version"),
        r_packages=json.loads(labels.get(f"{LABEL}r-packages", "{}")),
        python_version=labels.get(f"{LABEL}python-version"),
        python_packages=json.loads(labels.get(f"{LABEL}python-packages", "{}")),
    )
