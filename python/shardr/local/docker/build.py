"""Build an image: the daemon gets the files, its steps are told as they come, a failure shows what was printed last."""

from __future__ import annotations

import io
import json
import os
import re
import tarfile
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any

from shardr.errors import ImageError, RunnerError
from shardr.local.docker.build_failure import failed, shortened
from shardr.local.docker.context import LABEL as CONTEXT
from shardr.local.docker.context import digest, files, packed, shared
from shardr.local.docker.daemon import in_our_words
from shardr.local.docker.images import IMAGES, OURS, found, own, uri

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from shardr.local.docker.daemon import APIClient
    from shardr.local.docker.folder import Folder


VERSIONS = "/usr/share/shardr/versions.json"
"""Where an image says which R or Python and which packages it holds."""
LABEL = "org.shardr."
OWN = "org.shardr.own"
"""The label of images that were built of a user's folder: by it they are listed."""
NOISE = r" *---> |Removing intermediate container |Successfully (built|tagged) "
"""What the daemon prints of itself between the lines of a step."""
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "FTP_PROXY", "ALL_PROXY")


@dataclass(frozen=True)
class Builder:
    """How images are built on this machine."""

    client: APIClient
    base: str
    tag: str = "latest"
    no_cache: bool = False
    network: str | None = None
    progress: Callable[[str], None] = lambda _: None

    def build(self, image: str, version: str) -> str:
        """Builds an image of shardr's with the layer that it shares with others, and gives its name."""
        self._have(self.base)
        layer = shared(image)
        begun = uri(layer, self.tag)
        self._run(layer, files(layer), f"{layer}/Dockerfile", {"BASE": self.base}, tag=begun)
        about = {f"{LABEL}version": version, CONTEXT: digest(image)}
        made = self._run(image, files(image), f"{image}/Dockerfile", {"BASE": begun})
        # which packages are inside is known only now
        versions = self._versions(made)
        language = "R" if "R" in versions else "Python"
        about |= {f"{LABEL}{language.lower()}-version": versions[language]}
        about |= {f"{LABEL}{language.lower()}-packages": json.dumps(versions["packages"])}
        standard = {"title": f"shardr/{image}", "version": version, "base.name": self.base}
        about |= {f"org.opencontainers.image.{key}": value for key, value in standard.items()}
        self._run(image, {"Dockerfile": _labelled(made, about)}, "Dockerfile", {}, tag=uri(image, self.tag), quiet=True)
        return uri(image, self.tag)

    def build_folder(self, folder: Folder, name: str, version: str) -> None:
        """Builds the image of a folder with a Dockerfile, and first the image of shardr's that it begins with."""
        for base in folder.bases:
            ours = None if found(self.client, base) else own(base)
            if ours:
                replace(self, tag="latest", no_cache=False).build(ours, version)
            elif base.startswith(OURS):  # what others call so is not ours: never pulled
                self._require(base)
            else:
                self._have(base)
        if folder.burden:
            self.progress(folder.burden)
        with folder.packed() as packed:
            begun = {"org.opencontainers.image.base.name": folder.bases[0]} if folder.bases else {}
            self._send(name, packed, folder.dockerfile, {}, tag=name, labels={OWN: "true", **begun})

    def _require(self, base: str) -> None:
        if found(self.client, base) is None:
            image, _, tag = base.removeprefix(OURS).partition(":")
            fix = f"`shardr images build {image}` makes it, with a base of your choice and the tag {tag}"
            fix = fix if image in IMAGES else "shardr has no image of this name: change FROM in the Dockerfile"
            raise ImageError(f"the base image {base} is not on this machine", fix=fix)

    def _have(self, base: str) -> None:
        """Pulls the base image when the machine lacks it."""
        if found(self.client, base) is not None:
            return
        self.progress(f"pull {base}")
        try:
            with in_our_words("pull"):
                for said in self.client.pull(base, stream=True, decode=True):
                    if "error" in said:
                        raise ImageError(_NO_BASE.format(base), why=said["error"], fix=_BASE_FIX)
        except RunnerError as error:
            if not hasattr(error.__cause__, "explanation"):
                raise
            raise ImageError(_NO_BASE.format(base), why=error.why, fix=_BASE_FIX) from error

    def _run(
        self, image: str, context: Mapping[str, Path | bytes], dockerfile: str, args: dict[str, str], *,
        tag: str | None = None, quiet: bool = False,
    ) -> str:  # fmt: skip
        """One build of files of shardr's; gives the id of what was made."""
        name = uri(image, self.tag)
        return self._send(name, io.BytesIO(packed(context)), dockerfile, args, tag=tag, quiet=quiet)

    def _send(
        self, name: str, packed: IO[bytes], dockerfile: str, args: dict[str, str], *,
        tag: str | None = None, quiet: bool = False, labels: dict[str, str] | None = None,
    ) -> str:  # fmt: skip
        try:
            with in_our_words(f"the image {name} cannot be built"):
                said = self.client.build(
                    fileobj=packed, custom_context=True, dockerfile=dockerfile, tag=tag,
                    buildargs=args | _proxies(), use_config_proxy=True, nocache=self.no_cache,
                    network_mode=self.network, labels=labels, rm=True, forcerm=True, timeout=None, decode=True,
                )  # fmt: skip
                return self._followed(name, said, quiet=quiet)
        except RunnerError as error:
            if not hasattr(error.__cause__, "explanation"):
                raise
            raise ImageError(error.what, why=error.why) from error  # the daemon is well, the Dockerfile is not

    def _followed(self, name: str, said: Iterator[dict[str, Any]], *, quiet: bool) -> str:
        lines: list[str] = []
        made = at = ""
        for part in said:
            made = part.get("aux", {}).get("ID", made)
            for line in _plain(part.get("stream", "")).splitlines():
                if step := re.match(r"(?i)Step (\d+/\d+) ?: (.*)", " ".join(line.split())):
                    at, lines = f"{step[1]} {step[2]}", []
                    if not quiet:
                        self.progress(shortened(f"{re.sub(':[^/]*$', '', name)} {at}"))
                elif line.strip() and not re.match(NOISE, line):
                    lines.append(line)
            if "error" in part:
                raise failed(name, at, lines, _plain(part["error"]))
        return made

    def _versions(self, image: str) -> dict[str, Any]:
        """Which R or Python and which packages are inside; nothing is run for it."""
        with in_our_words(f"the image {image} cannot be looked into"):
            container = self.client.create_container(image)["Id"]
            try:
                stream, _ = self.client.get_archive(container, VERSIONS)
                with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
                    held = archive.extractfile(archive.getmembers()[0])
                    told: dict[str, Any] = json.loads(held.read()) if held else {}
            finally:
                self.client.remove_container(container, v=True)
        return told


_NO_BASE = "the base image {} is not on this machine and cannot be pulled"
_BASE_FIX = "`docker pull` it where its registry answers, load it (`docker load`), or take another base"


def _labelled(image: str, labels: dict[str, str]) -> bytes:
    """A Dockerfile that adds labels, all in one step."""
    quoted = {key: re.sub(r'(["$\\])', r"\\\1", value) for key, value in labels.items()}
    words = " ".join(f'{key}="{value}"' for key, value in quoted.items())
    return f"FROM {image.removeprefix('sha256:')}\nLABEL {words}\n".encode()


def _proxies() -> dict[str, str]:
    """The caller's proxies, under the names that a build knows by itself: they reach no layer and no label."""
    names = [name for proxy in PROXIES for name in (proxy, proxy.lower())]
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def _plain(text: str) -> str:
    """Without the colours of a terminal."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
