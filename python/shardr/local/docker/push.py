"""Push an image to a registry: layer by layer as it comes, the digest at the end, a refusal in our words."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shardr.errors import ImageError, RunnerError
from shardr.local.docker.daemon import in_our_words
from shardr.local.docker.images import found
from shardr.local.docker.names import DOCKER_HUB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shardr.local.docker.daemon import APIClient
    from shardr.local.docker.names import Name

SIGN_IN = "`docker login {host}`, or set SHARDR_REGISTRY_USER and SHARDR_REGISTRY_PASSWORD"
REFUSALS = (
    (r"credentials store|docker-credential", "the credential helper of your config.json does not work",
     "repair what credHelpers or credsStore name in ~/.docker/config.json, or take them out"),
    (r"no basic auth|unauthorized|authentication required|incorrect username|\b401\b", "it asks who you are", SIGN_IN),
    (r"denied|forbidden|\b403\b|insufficient_scope", "it does not let you push there",
     "see that the repository exists and that you may write to it; sign in: " + SIGN_IN),
    (r"HTTP response to HTTPS client", "it speaks no HTTPS",
     'use its https address, or trust it: "insecure-registries": ["{host}"] in the daemon\'s daemon.json'),
    (r"x509|certificate", "its certificate is not trusted",
     "put the certificate of who signed it into /etc/docker/certs.d/{host}/ca.crt on the daemon's machine"),
    (r"no such host|lookup .* on|refused|timeout|unreachable|deadline exceeded|proxyconnect|\bEOF\b",
     "it cannot be reached from the Docker daemon",
     "check its name; behind a proxy, the daemon (not this shell) must know HTTPS_PROXY"),
    (r"immutable|cannot be overwritten", "it has this tag already and lets no one change it", "push with another tag"),
    (r"name unknown|repository .* (?:not found|does not exist)|\b404\b", "it has no such repository",
     "make the repository there first"),
)  # fmt: skip


@dataclass(frozen=True)
class Login:
    """Who pushes; used for one call and written nowhere."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Layer:
    """How far a layer is."""

    id: str
    status: str
    """In the daemon's words: Preparing, Pushing, Pushed, Layer already exists."""
    done: int | None = None
    """Bytes, where they are told."""
    total: int | None = None


def push(
    client: APIClient, image: str, to: Name, tag: str, login: Login | None, progress: Callable[[Layer], None]
) -> str:
    """Pushes an image of this machine and gives its digest; raises ``ImageError`` when the registry refuses.

    Without a login, what ``docker login`` or a credential helper keeps for the registry is used.
    """
    target = f"{to.repository}:{tag}"
    before = found(client, target)
    try:
        with in_our_words(f"{image} cannot be pushed"):
            client.tag(image, to.repository, tag, force=True)
            digest = _followed(_said(client, to, tag, login), to, login, progress)
    except BaseException as error:
        _as_before(client, target, before.id if before else None)
        if isinstance(error, RunnerError) and "went away" not in error.what:
            raise _refused(to, error.why or "", login) from None
        raise
    return digest or _digest_here(client, to, tag)


def _said(client: APIClient, to: Name, tag: str, login: Login | None) -> Iterator[dict[str, Any]]:
    if login is not None:
        auth = {"username": login.user, "password": login.password, "serveraddress": to.host}
    else:
        client.reload_config()  # the connection may be older than the last `docker login`
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a helper that is not there is an error, and told as one
            kept = client._auth_configs.resolve_authconfig(to.host)  # type: ignore[attr-defined]
        auth = kept or {}  # some daemons want the header, also of who has no login
    patience = client.timeout
    client.timeout = None  # type: ignore[assignment] # a registry may be silent while it puts a layer away
    try:
        said: Iterator[dict[str, Any]] = client.push(to.repository, tag, stream=True, decode=True, auth_config=auth)
        return said
    finally:
        client.timeout = patience


def _followed(said: Iterator[dict[str, Any]], to: Name, login: Login | None, progress: Callable[[Layer], None]) -> str:
    digest = ""
    for part in said:
        if "error" in part or "errorDetail" in part:
            told = part.get("errorDetail", {}).get("message") or part.get("error", "")
            raise _refused(to, told, login)
        if part.get("id") and part.get("status"):
            about = part.get("progressDetail") or {}
            progress(Layer(part["id"], part["status"], about.get("current"), about.get("total")))
        digest = part.get("aux", {}).get("Digest", digest)
    return digest


def _digest_here(client: APIClient, to: Name, tag: str) -> str:
    """The digest that the daemon has noted, for daemons that do not tell it."""
    with in_our_words("the digest of what was pushed cannot be read"):
        about = client.inspect_image(f"{to.repository}:{tag}")  # type: ignore[no-untyped-call]
    noted = [name.partition("@") for name in about.get("RepoDigests") or []]
    digest = next((digest for repository, _, digest in noted if repository == to.repository), "")
    if not digest:
        raise ImageError(
            f"{to.repository}:{tag} was pushed, and the daemon does not tell its digest",
            fix="use the tag, or look the digest up in the registry",
        )
    return digest


def _as_before(client: APIClient, target: str, id: str | None) -> None:
    """Takes back the name that was given for the push."""
    try:
        with in_our_words("the name cannot be taken back"):
            if id is None and found(client, target) is not None:
                client.remove_image(target, noprune=True)
            elif id is not None:
                repository, _, tag = target.rpartition(":")
                client.tag(id, repository, tag, force=True)
    except RunnerError:
        return  # what went wrong first is what is told


def _refused(to: Name, told: str, login: Login | None) -> ImageError:
    """The refusal: what it means, the registry's words without any password, and what to do."""
    if login and login.password:
        told = told.replace(login.password, "***")
    registry = "Docker Hub" if to.host == DOCKER_HUB else to.host
    host = "" if to.host == DOCKER_HUB else to.host
    for pattern, meaning, fix in REFUSALS:
        if re.search(pattern, told, re.IGNORECASE):
            if fix is SIGN_IN and login:
                meaning = f"it does not know the user {login.user} with this password"
            fix = fix.format(host=host).replace("login `", "login`")
            return ImageError(f"{registry} takes no {to.path}: {meaning}", why=told.strip(), fix=fix)
    return ImageError(f"{registry} takes no {to.path}", why=told.strip())
