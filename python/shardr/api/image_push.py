"""An image of this machine brought to a registry, where SageMaker or a colleague finds it."""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from shardr.errors import ImageError, Problem
from shardr.local.docker.images import IMAGES, required, uri
from shardr.local.docker.names import Name, is_tag, parsed
from shardr.local.docker.push import Login, push

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardr.engines.ecr import Registry
    from shardr.local.docker.push import Layer

USER, PASSWORD = "SHARDR_REGISTRY_USER", "SHARDR_REGISTRY_PASSWORD"


@dataclass(frozen=True)
class Pushed:
    """An image in a registry."""

    image: str
    repository: str
    tag: str
    digest: str
    uri: str
    """What to put in a spec: ``repository@sha256:…``, which no later push changes."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def push_image(
    image: str,
    repository: str | None = None,
    *,
    tag: str | None = None,
    ecr: bool | str = False,
    progress: Callable[[Layer], None] | None = None,
) -> Pushed:
    """Pushes an image of this machine to a repository of any registry.

    With ``ecr``, a region or True for the one that is set, it goes to Amazon's registry of your account, and
    ``repository`` is the name there (default: the image's own). There, and where the host of ``repository`` is ECR's,
    the repository is made when it is not there, and a token is fetched for this one push. Elsewhere you are who
    ``docker login`` knows, or SHARDR_REGISTRY_USER with SHARDR_REGISTRY_PASSWORD. Nothing is written to any file.

    Raises ``ImageError`` when the image is not there or the registry refuses, ``RunnerError`` without a daemon.

    >>> push_image("processing", ecr="eu-west-1").uri  # doctest: +SKIP
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com/shardr/processing@sha256:…'
    """
    named = uri(image) if image in IMAGES else image
    asked = _asked(named, repository, tag, ecr)
    from shardr.local.docker.daemon import connect

    client = connect()
    required(client, named)
    to, login = _where(asked, ecr)
    tag = tag or asked.tag or _tag_of(named)
    digest = push(client, named, to, tag, login, progress or (lambda _: None))
    return Pushed(named, to.repository, tag, digest, f"{to.repository}@{digest}")


def _asked(image: str, repository: str | None, tag: str | None, ecr: bool | str) -> Name:
    """The repository in its parts; raises ``ImageError`` with all that is wrong."""
    problems = []
    text = repository
    if text is None and ecr:
        own = parsed(image.partition("@")[0])
        text = own.path if own else image
    name = parsed(text) if text else None
    if text is None:
        problems.append(
            Problem("repository", "is not given", "name it, as in registry.example.org/team/name; or --ecr")
        )
    elif name is None:
        problems.append(Problem("repository", f'none can be named "{text}"', "lower case, without https://"))
    elif ecr and name.repository != name.path:
        problems.append(Problem("repository", f"found the host {name.host} beside ecr", "leave one of them out"))
    elif tag and name.tag and tag != name.tag:
        problems.append(Problem("tag", f'found "{tag}" beside "{name.tag}" in the repository', "leave one of them out"))
    if tag is not None and not is_tag(tag):
        problems.append(Problem("tag", f'found "{tag}"', "letters, digits, dots, hyphens; 128 at most"))
    if isinstance(ecr, str) and not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", ecr):
        problems.append(Problem("ecr", f'found "{ecr}", expected a region', "for example eu-west-1"))
    if bool(os.environ.get(USER)) != bool(os.environ.get(PASSWORD)):
        problems.append(Problem(USER, f"works only together with {PASSWORD}", "set both or none"))
    if problems or name is None:
        raise ImageError(f"{image} was not pushed", problems=problems)
    return name


def _where(asked: Name, ecr: bool | str) -> tuple[Name, Login | None]:
    """The repository, which exists now if it is ECR's, and who pushes."""
    registry = _registry(asked, ecr)
    if registry is not None:
        there = parsed(registry.repository(asked.path))
        return there or asked, registry.login()
    user, password = os.environ.get(USER), os.environ.get(PASSWORD)
    return asked, Login(user, password) if user and password else None


def _registry(asked: Name, ecr: bool | str) -> Registry | None:
    if not ecr and ".dkr.ecr" not in asked.host:
        return None
    from shardr.engines.ecr import Registry, default_registry, registry_of

    if ecr:
        return Registry(ecr) if isinstance(ecr, str) else default_registry()
    return registry_of(asked.host)


def _tag_of(image: str) -> str:
    name = parsed(image)
    return name.tag if name and name.tag else "latest"
