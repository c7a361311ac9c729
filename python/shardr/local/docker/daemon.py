"""The Docker daemon of this machine: which one it is, how to reach it, and its errors in our words.

The only file that loads docker-py. Anything that speaks Docker's API will do: Docker as root or not, Docker Desktop,
colima, podman's service.
"""

from __future__ import annotations

import os
import re
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
FIRST_ANSWER_SECONDS = 5
"""How long a daemon may take to say that it is there."""
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
        scheme, _, rest = self.url.partition("://")
        host = re.sub(r":\d+$", "", rest.split("/")[0])
        return scheme in {"tcp", "http", "https", "ssh"} and host not in {"", "localhost", "127.0.0.1", "[::1]"}


def address() -> Address | None:
    """The daemon that the ``docker`` command would take, or podman's; None when none can be there.

    ``DOCKER_HOST``, else the current context of the ``docker`` command, else the usual sockets. Looks at files only.
    """
    named = os.environ.get("DOCKER_HOST")
    if named:
        secured = os.environ.get("DOCKER_TLS_VERIFY") or os.environ.get("DOCKER_CERT_PATH")
        return Address(named, os.environ.get("DOCKER_CERT_PATH") or _docker_folder() if secured else None)
    if found := _of_context():
        return found
    own = os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
    usual = [
        DEFAULT_SOCKET,
        f"{own}/docker.sock",
        f"{_docker_folder()}/run/docker.sock",
        f"{own}/podman/podman.sock",
    ]
    return next((Address(f"unix://{path}") for path in usual if os.path.exists(path)), None)  # noqa: PTH110


def _of_context() -> Address | None:
    """Where the context that ``docker context use`` has chosen listens; None for the default one."""
    folder = os.environ.get("DOCKER_CONFIG") or _docker_folder()
    name = os.environ.get("DOCKER_CONTEXT") or _in_json(f"{folder}/config.json", "currentContext")
    if not name or name == "default":
        return None
    import hashlib

    key = hashlib.sha256(str(name).encode()).hexdigest()
    url = _in_json(f"{folder}/contexts/meta/{key}/meta.json", "Endpoints", "docker", "Host")
    if not url:
        raise RunnerError(
            f'the docker context "{name}" is not there',
            fix="`docker context ls` lists them; `docker context use` takes one",
        )
    certificates = f"{folder}/contexts/tls/{key}/docker"
    return Address(str(url), certificates if os.path.isdir(certificates) else None)  # noqa: PTH112


def _in_json(path: str, *keys: str) -> Any:
    """What a file has at these keys; None when it has no such thing, or is not there, or holds no JSON."""
    import json

    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        for key in keys:
            found = found[key]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return found


def _docker_folder() -> str:
    return os.path.expanduser("~/.docker")  # noqa: PTH111 - Path.home() raises for who has none


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
    from docker.constants import MINIMUM_DOCKER_API_VERSION
    from docker.tls import TLSConfig

    def client(version: str) -> APIClient:
        made = APIClient(base_url=at.url, version=version, timeout=ANSWER_SECONDS, tls=tls)
        made.trust_env = False  # a proxy leads away from this machine
        return made

    try:
        tls: Any = False
        if at.certificates:
            files = {name: str(Path(at.certificates, f"{name}.pem")) for name in ("ca", "cert", "key")}
            tls = TLSConfig(client_cert=(files["cert"], files["key"]), ca_cert=files["ca"], verify=True)
        if at.version != "auto":
            return client(at.version)
        first = client(MINIMUM_DOCKER_API_VERSION)
        first.timeout = FIRST_ANSWER_SECONDS
        return client(first.version(api_version=False)["ApiVersion"])
    except Exception as error:  # docker-py raises whatever Python does over settings and answers that are none
        denied = isinstance(_root(error), PermissionError)
        fix = "have root run `usermod --append --groups docker YOUR_NAME`, and log in anew" if denied else START
        raise RunnerError(f"no Docker daemon answers at {at.url}", why=_plainly(error), fix=fix) from error


def not_ignored(folder: Path, patterns: list[str], dockerfile: str) -> set[str]:
    """What the patterns of a ``.dockerignore`` leave of a folder, and the Dockerfile in any case."""
    from docker.utils.build import exclude_paths

    return set(exclude_paths(os.path.abspath(folder), list(patterns), dockerfile))  # noqa: PTH100


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
    root = _root(error)
    return getattr(root, "strerror", None) or str(root)


def _root(error: BaseException) -> BaseException:
    """What all began with."""
    cause = error.__cause__ or error.__context__
    return _root(cause) if cause else error
