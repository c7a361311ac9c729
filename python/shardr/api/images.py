"""shardr's own images on this machine: what is there, and building it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from shardr.errors import ImageError, Problem
from shardr.local.docker.images import IMAGES, found, uri

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shardr.local.docker.daemon import APIClient


DEFAULT_BASE = "debian:bookworm-slim"
TAG = r"\w[\w.-]{0,127}"
REFERENCE = rf"([\w.-]+(:\d+)?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:{TAG})?(@sha256:[0-9a-f]{{64}})?"


@dataclass(frozen=True)
class Image:
    """One of shardr's images: ``built``, ``outdated`` (made of other files than these), or ``missing``."""

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

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def images(tag: str = "latest") -> list[Image]:
    """shardr's images as they are on this machine; raises ``RunnerError`` when no Docker daemon answers.

    >>> [image.state for image in images()]  # doctest: +SKIP
    ['built', 'missing']
    """
    from shardr.local.docker.daemon import connect

    check([], tag=tag)
    client = connect()
    return [_look(client, name, tag) for name in IMAGES]


def build_image(
    name: str = "processing",
    *,
    base: str = DEFAULT_BASE,
    tag: str = "latest",
    no_cache: bool = False,
    network: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Image:
    """Builds one of shardr's images; what has not changed since the last time is not built again.

    ``base`` is a Debian with its own R packages, or an image that has R in it; it is pulled when it is not there.
    ``network="host"`` lets the build use the network as this machine does. ``progress`` is called with each step.

    Raises ``ImageError`` with the last lines of what was printed, and ``RunnerError`` when no Docker daemon answers.
    """
    from importlib.metadata import version

    from shardr.local.docker.build import Builder
    from shardr.local.docker.daemon import connect

    check([name], base=base, tag=tag)
    client = connect()
    builder = Builder(client, base, tag, no_cache, network, progress or (lambda _: None))
    builder.build(name, version("shardr"))
    return _look(client, name, tag)


def check(names: Sequence[str], *, base: str = DEFAULT_BASE, tag: str = "latest") -> None:
    """Raises ``ImageError`` with all that no build can begin with."""
    own = f"shardr has {' and '.join(IMAGES)}"
    problems = [Problem("name", f'there is no image "{name}"', own) for name in names if name not in IMAGES]
    if not re.fullmatch(REFERENCE, base, re.ASCII):
        problems.append(Problem("base", f'"{base}" names no image', f"a name such as {DEFAULT_BASE}"))
    if not re.fullmatch(TAG, tag, re.ASCII):
        problems.append(Problem("tag", f'"{tag}" is no tag', "at most 128 letters, digits and any of _ . -"))
    if problems:
        raise ImageError("no image of shardr's is named by this", problems=problems)


def _look(client: APIClient, name: str, tag: str) -> Image:
    from shardr.local.docker.build import LABEL
    from shardr.local.docker.context import digest

    there = found(client, uri(name, tag))
    if there is None:
        return Image(name, uri(name, tag), "missing")
    labels = there.labels
    return Image(
        name=name,
        uri=uri(name, tag),
        state="built" if labels.get(f"{LABEL}context") == digest(name) else "outdated",
        id=there.id,
        size=there.size,
        created=there.created,
        architecture=there.architecture,
        base=labels.get("org.opencontainers.image.base.name"),
        r_version=labels.get(f"{LABEL}r-version"),
        r_packages=json.loads(labels.get(f"{LABEL}r-packages", "{}")),
    )
