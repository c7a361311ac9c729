"""The Docker daemon of this machine: which one it is, how to reach it, and its errors in our words.

The only file that loads docker-py. Anything that speaks Docker's API will do: Docker as root or not, Docker Desktop,
colima, podman's service.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.errors import RunnerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import APIClient as APIClient

DEFAULT_SOCKET = "/var/run/docker.sock"
ANSWER_SECONDS = 60
"""How long one answer may take; waiting for a container to end has no limit."""


@dataclass(frozen=True)
class Address:
    """Where a daemon listens; plain data, so that it can be kept with a job."""

    url: str
    certificates: str | None = None
    """Folder with ``ca.pem``, ``cert.pem`` and ``key.pem``; None without TLS."""
    version: str = "auto"
    """Of the API, once the daemon has been asked for it."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @property
    def remote(self) -> bool:
        """Whether the daemon is on another machine, as far as its address tells."""
        if self.url.startswith(("unix://", "npipe://", "/")):
            return False
        host = self.url.partition("://")[2].split("/")[0]
        name = host.rpartition(":")[0] or host
        return name not in {"localhost", "127.0.0.1", "[::1]"}


def address() -> Address | None:
    """The daemon that the ``docker`` command would take, or podman's; None when none can be there.

    ``DOCKER_HOST``, else the current context of the ``docker`` command, else the usual sockets. Looks at files only.
    """
    named = os.environ.get("DOCKER_HOST")
    if named:
        secured = os.environ.get("DOCKER_TLS_VERIFY") or os.environ.get("DOCKER_CERT_PATH")
        return Address(named, os.environ.get("DOCKER_CERT_PATH", str(Path.home() / ".docker")) if secured else None)
    found = _of_context()
    if found:
        return Address(found)
    own = os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
    usual = [
        DEFAULT_SOCKET,
        f"{own}/docker.sock",
        str(Path.home() / ".docker/run/docker.sock"),
        f"{own}/podman/podman.sock",
    ]
    return next((Address(f"unix://{path}") for path in usual if os.path.exists(path)), None)  # noqa: PTH110


def _of_context() -> str | None:
    """Where the context that ``docker context use`` has chosen listens; None for the default one."""
    settings = Path(os.environ.get("DOCKER_CONFIG", Path.home() / ".docker"), "config.json")
    if not os.environ.get("DOCKER_CONTEXT") and not settings.exists():
        return None
    from docker.context import ContextAPI
    from docker.context.config import get_current_context_name
    from docker.errors import DockerException

    name = os.environ.get("DOCKER_CONTEXT") or get_current_context_name()
    if name == "default":
        return None
    try:
        context = ContextAPI.get_context(name)
    except DockerException:
        context = None
    if context is None:
        raise RunnerError(
            f'the docker context "{name}" is not there',
            fix="`docker context ls` lists them; `docker context use` takes one",
        )
    return str(context.Host)


def connect(at: Address | None = None) -> APIClient:
    """A connection to the daemon (default: this machine's) that has answered; raises ``RunnerError`` when none does."""
    return _connected(at or there())


def there() -> Address:
    """The daemon of this machine; raises ``RunnerError`` when none can be there."""
    found = address()
    if found is None:
        raise RunnerError(
            "no Docker daemon is on this machine",
            why=f"there is no {DEFAULT_SOCKET}, and DOCKER_HOST is not set",
            fix=START,
        )
    return found


START = "start Docker (Linux: sudo systemctl start docker), set DOCKER_HOST, or take the runner process"


@lru_cache
def _connected(at: Address) -> APIClient:
    from docker import APIClient as APIClient
    from docker.errors import DockerException
    from docker.tls import TLSConfig
    from requests.exceptions import RequestException

    tls: Any = False
    if at.certificates:
        files = {name: str(Path(at.certificates, f"{name}.pem")) for name in ("ca", "cert", "key")}
        tls = TLSConfig(client_cert=(files["cert"], files["key"]), ca_cert=files["ca"], verify=True)
    try:
        return APIClient(base_url=at.url, version=at.version, timeout=ANSWER_SECONDS, tls=tls)
    except (DockerException, RequestException, OSError, ValueError) as error:
        raise RunnerError(f"no Docker daemon answers at {at.url}", why=_plainly(error), fix=START) from error


@contextmanager
def in_our_words(what: str, fix: str = "") -> Iterator[None]:
    """Turns what the daemon refuses, or its absence, into a ``RunnerError`` that begins with ``what``."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except DockerException as error:  # first: an answer that refuses is a RequestException, too
        raise RunnerError(what, why=_plainly(error), fix=fix) from error
    except (RequestException, HTTPError, OSError) as error:
        raise RunnerError(f"{what}: the Docker daemon went away", why=_plainly(error), fix=START) from error


def _plainly(error: BaseException) -> str:
    """The daemon's own words without the wrapping of three libraries."""
    if getattr(error, "explanation", None):
        return str(error.explanation)  # type: ignore[attr-defined]
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return getattr(error, "strerror", None) or str(error)
