"""Models behind endpoints, on this machine and on SageMaker: the same requests to both."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

from shardr.engines import known
from shardr.errors import NotFoundError, RequestError, RunnerError
from shardr.local import contract
from shardr.local.account import Account
from shardr.local.docker import images
from shardr.local.faults import one_line
from shardr.local.home import Home
from shardr.local.operations import call
from shardr.storage.local import linked_uri

if TYPE_CHECKING:
    from pathlib import Path

RUNTIME = "sagemaker-runtime"


class Hosting(Protocol):
    """A place that serves models."""

    name: str

    @property
    def region(self) -> str:
        """Whose prices count."""

    def role(self) -> str:
        """The ARN of the role that models act as."""

    def image(self, name: str) -> str:
        """The address of an image of shardr's there; any other name is an address already."""

    def keep(self, path: Path) -> str:
        """Where a file of the user's is for the service."""

    def take(self, path: Path) -> str:
        """Where a file of ours is for the service, which is not here for long."""

    def ask(self, operation: str, **request: Any) -> dict[str, Any]:
        """The answer of the service; raises ``NotFoundError`` for what it does not find."""

    def invoke(self, **request: Any) -> dict[str, Any]:
        """The answer of a model, its body as bytes; raises ``InvocationError``."""


class LocalHosting:
    """This machine."""

    name = "local"

    def __init__(self, runner: str | None = None) -> None:
        self._account = Account(Home.default(), runner)

    @property
    def region(self) -> str:
        """That of prices: where this would cost something."""
        return os.environ.get("AWS_REGION") or contract.REGION

    def role(self) -> str:
        """Anyone's: nobody acts as one here."""
        return f"arn:aws:iam::{contract.ACCOUNT}:role/shardr-local"

    def image(self, name: str) -> str:
        """The name that it has on this machine."""
        return images.uri(name) if name in images.IMAGES else name

    def keep(self, path: Path) -> str:
        """Where it is linked."""
        uri = linked_uri(path)
        self._account.home.make()
        self._account.home.storage.link(uri, path)
        return uri

    def take(self, path: Path) -> str:
        """Where it is copied, by its content."""
        self._account.home.make()
        return self._account.home.storage.keep(path)

    def ask(self, operation: str, **request: Any) -> dict[str, Any]:
        """The answer of this process."""
        return self._call("sagemaker", operation, request)

    def invoke(self, **request: Any) -> dict[str, Any]:
        """The answer of a model that is served here."""
        return self._call(RUNTIME, "InvokeEndpoint", request)

    def _call(self, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return call(self._account, service, operation, request)
        except RequestError as error:
            if absent(error.what):
                raise NotFoundError(one_line(error)) from error
            raise


def hosting(name: str | None = None, *, runner: str | None = None, **options: Any) -> Hosting:
    """The place of this name, else that of ``SHARDR_ENGINE``, else this machine; raises ``RunnerError``.

    ``options`` are for SageMaker: ``session``, ``role``, ``bucket``.
    """
    given = {key: value for key, value in options.items() if value is not None}
    if known.asked_for(name, given) == "local":
        return LocalHosting(runner)
    if runner is not None:
        raise RunnerError("a runner starts instances of this machine", fix="leave runner out for SageMaker")
    from shardr.engines.sagemaker.hosting import SageMakerHosting  # loads boto3

    return SageMakerHosting(**given)


def absent(message: str) -> bool:
    """Whether SageMaker says that there is no such thing."""
    return message.startswith("Could not find") or message.endswith(" not found.")
