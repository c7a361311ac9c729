"""Names of images, as registries and the daemon spell them."""

from __future__ import annotations

import re
from dataclasses import dataclass

PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
HOST = r"(?:[a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
NAME = re.compile(rf"(?:(?P<host>{HOST})/)?(?P<path>{PART}(?:/{PART})*)(?::(?P<tag>{TAG}))?")
DOCKER_HUB = "docker.io"


@dataclass(frozen=True)
class Name:
    """``host/path:tag``; the host is Docker Hub's where none is named, and the tag empty."""

    host: str
    path: str
    tag: str

    @property
    def repository(self) -> str:
        """Without the tag, as the daemon calls it."""
        return self.path if self.host == DOCKER_HUB else f"{self.host}/{self.path}"


def parsed(text: str) -> Name | None:
    """The parts of a name, or None when no image can have it."""
    match = NAME.fullmatch(text)
    if match is None or len(text) > 255:
        return None
    host, path = match["host"] or "", match["path"]
    if host and not ("." in host or ":" in host or host == "localhost"):  # no host then, but a folder of Docker Hub
        if not re.fullmatch(PART, host):
            return None
        host, path = "", f"{host}/{path}"
    return Name(host or DOCKER_HUB, path, match["tag"] or "")


def is_tag(text: str) -> bool:
    """Whether an image can have this tag."""
    return re.fullmatch(TAG, text) is not None


def fitting(text: str) -> str:
    """A name that is like the text: lower case, and hyphens for what names may not hold."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "my-image"
