"""What runs here in place of an image: the program of an algorithm, or what serves a model by its own code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from shardr._inst import inst
from shardr.errors import Problem, RunnerError
from shardr.local.builtin import builtin, not_in_r
from shardr.local.docker.images import own
from shardr.local.runners.interpreter import python
from shardr.local.runners.machine import which

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SERVE = "serve"
"""What the service starts a container with that is to serve a model."""
OF_R = ("httpuv", "jsonlite", "shardr")
"""Packages that answer requests in R; plumber is asked for by a model that has a plumber.R."""


class Program(Protocol):
    """What keeps the contract of an image without it."""

    @property
    def folders(self) -> list[Path]:
        """What the process runner must show to the instance."""

    def command(self, arguments: Sequence[str]) -> list[str]:
        """What runs when the image would be started with these arguments."""

    def check(self) -> None:
        """Raises ``RunnerError`` where this machine lacks what it needs."""


@dataclass(frozen=True)
class ModelServer:
    """The command ``serve`` of the images ``serving`` and ``python``: both find the code in the model's archive."""

    of_r: bool

    @property
    def folders(self) -> list[Path]:
        """For R the program that starts it; Python's is where scripts find the runtime anyway."""
        return [inst("container")] if self.of_r else []

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The program, with what follows ``serve``: the file of the code, where it is not in the archive."""
        program = ["bash", str(inst("container", "serve.sh"))] if self.of_r else [python(), "-m", SERVING]
        return [*program, *arguments[1:]]

    def check(self) -> None:
        """Raises ``RunnerError`` where nginx or packages of R are missing; for Python all is there."""
        if not self.of_r:
            return
        instead = ", or take the runner docker, whose image serving has it"
        if which("nginx") is None:
            raise RunnerError("R models are served behind nginx, which is not installed", fix=f"{NGINX}{instead}")
        missing = not_in_r(OF_R)
        if missing:
            what = f"R models are served by the R package {' and '.join(missing)}, which is not installed"
            first = "shardr" if "shardr" in missing else missing[0]
            how = "R CMD INSTALL . in its checkout" if first == "shardr" else f'install.packages("{first}") in R'
            raise RunnerError(what, fix=f"{how}{instead}")


SERVING = "shardr.runtime.serving"
NGINX = "apt-get install nginx-light (macOS: brew install nginx)"
SERVERS = {"serving": ModelServer(of_r=True), "python": ModelServer(of_r=False)}


def program(image_uri: str, arguments: Sequence[str] | None) -> Program | None:
    """What does here what this image does with these arguments; None where only the image itself knows.

    >>> program("shardr/python:latest", ["serve"]).command(["serve"])[1:]
    ['-m', 'shardr.runtime.serving']
    >>> program("shardr/python:latest", ["train"]) is None
    True
    """
    known = builtin(image_uri)
    if known is not None:
        return known
    return SERVERS.get(own(image_uri) or "") if list(arguments or [])[:1] == [SERVE] else None


def unserved(at: str, image: str) -> Iterator[Problem]:
    """Why a model cannot be served without its image, if it cannot."""
    known = program(image, [SERVE])
    if known is None:
        fix = "take the image serving (R) or python, which find code in the model's archive, or the runner docker"
        yield Problem(at, f"its image {image} is needed to serve it: only the image itself knows how", fix)
        return
    try:
        known.check()
    except RunnerError as error:
        yield Problem(at, error.what, error.fix)
