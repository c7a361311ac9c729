"""Images of this machine: what the daemon knows of one, and the names of shardr's own."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from shardr.errors import ImageError, RunnerError
from shardr.local.docker.daemon import in_our_words

if TYPE_CHECKING:
    from shardr.local.docker.daemon import APIClient

IMAGES = ("processing", "serving", "dbscan", "python", "kmeans", "pca", "xgboost")
"""Folders of ``docker/`` that make an image one can name in a spec."""
DEFAULT_BASE = "debian:bookworm-slim"
OURS = "shardr/"
"""How the names of shardr's images begin."""


def uri(image: str, tag: str = "latest") -> str:
    """The name that an image of shardr's has on this machine."""
    return f"{OURS}{image}:{tag}"


def own(name: str) -> str | None:
    """Which image of shardr's has this name, if one has."""
    return next((image for image in IMAGES if uri(image) in {name, f"{name}:latest"}), None)


@dataclass(frozen=True)
class Found:
    """An image that is on this machine; empty where it states nothing."""

    id: str
    architecture: str
    user: str
    entrypoint: list[str]
    labels: dict[str, str]
    size: int
    created: str


def found(client: APIClient, name: str) -> Found | None:
    """The image of this name, digest or id, or None when the machine has none; nothing is pulled."""
    try:
        with in_our_words(f"the image {name} cannot be looked at"):
            about: dict[str, Any] = client.inspect_image(name)  # type: ignore[no-untyped-call]
    except RunnerError as error:
        if getattr(error.__cause__, "status_code", None) == 404:
            return None
        raise
    config = about.get("Config") or {}
    return Found(
        id=about["Id"],
        architecture=about["Architecture"],
        user=config.get("User") or "",
        entrypoint=config.get("Entrypoint") or [],
        labels=config.get("Labels") or {},
        size=about["Size"],
        created=about["Created"][:19] + "+00:00",  # as others write times: neither Z nor nanoseconds
    )


def labelled(client: APIClient, label: str) -> list[str]:
    """The names of all images that have this label, in order."""
    with in_our_words("the images cannot be listed"):
        listed = client.images(filters={"label": label})
    return sorted(name for image in listed for name in image["RepoTags"] or [] if "<none>" not in name)


def required(client: APIClient, name: str) -> Found:
    """The image of this name; raises ``ImageError``, which says how to get it, when the machine has none."""
    image = found(client, name)
    if image is None:
        raise ImageError(f"the image {name} is not on this machine", fix=_how_to_get(name))
    return image


def _how_to_get(name: str) -> str:
    repository, _, tag = name.partition(":")
    ours = own(f"{repository}:latest")
    if ours:
        return f"`shardr images build {ours}" + (f" --tag {tag}" if tag not in {"", "latest"} else "") + "` makes it"
    near = get_close_matches(name, IMAGES, 1)
    mean = f'did you mean "{near[0]}"? Else ' if near else ""
    return f"{mean}`shardr images build FOLDER` makes it of a folder with a Dockerfile, `docker pull {name}` gets it"
