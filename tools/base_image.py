"""The base of our images at a daemon: pulled where a registry answers, else made of Debian's packages."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker import APIClient

BASE = "debian:bookworm-slim"
KEPT = Path(__file__).resolve().parents[1] / ".setup" / "base.tar"
AUTHORITIES = Path("/usr/local/share/ca-certificates")
"""Where Debian and its kin keep the certificates of those whom this machine trusts beside the public ones."""
TRUSTING = "org.shardr.authorities"
"""The label that says which of them a base image has."""
PULL_SECONDS = 20  # without a word from the registry
SLIM = ["/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*"]  # as Debian's own image


def ensure_base(host: str, *, ours: bool) -> None:
    """See to it that the daemon has the base image; does nothing when it has.

    At a daemon of ours it trusts whom this machine trusts, as a proxy that looks into HTTPS may stand before PyPI.
    """
    from docker import APIClient

    client = APIClient(base_url=host, version="auto", timeout=PULL_SECONDS)
    have_base(client)
    client.timeout = 300
    found = {path.name: path.read_bytes() for path in sorted(AUTHORITIES.rglob("*.crt"))}
    wanted = hashlib.sha256(repr(found).encode()).hexdigest()
    if ours and found and (client.inspect_image(BASE)["Config"].get("Labels") or {}).get(TRUSTING) != wanted:
        trust(client, found, wanted)


def trust(client: APIClient, certificates: dict[str, bytes], digest: str) -> None:
    """Put certificates where ca-certificates finds them once it is installed."""
    dockerfile = f"FROM {BASE}\nCOPY *.crt {AUTHORITIES}/\nLABEL {TRUSTING}={digest}\n".encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in {**certificates, "Dockerfile": dockerfile}.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    packed.seek(0)
    said = list(client.build(fileobj=packed, custom_context=True, tag=BASE, rm=True, forcerm=True, decode=True))
    if trouble := [line["error"] for line in said if "error" in line]:
        sys.exit(f"docker: {BASE} cannot be given the certificates of {AUTHORITIES}: {trouble[0]}")


def have_base(client: APIClient) -> None:
    """Pull the base image where the daemon lacks it, else make it."""
    from docker.errors import DockerException, ImageNotFound
    from requests.exceptions import RequestException

    try:
        client.inspect_image(BASE)
        return
    except ImageNotFound:
        pass
    try:
        for _ in client.pull(BASE.split(":")[0], BASE.split(":")[1], stream=True):
            pass
        client.inspect_image(BASE)  # a pull that fails half-way says so in its stream only
        return
    except (DockerException, RequestException):
        print(f"docker: {BASE} cannot be pulled here: making it of Debian's packages", file=sys.stderr, flush=True)
    if not KEPT.exists():
        bootstrap(KEPT)
    client.timeout = 300
    client.import_image_from_file(str(KEPT), repository=BASE.split(":")[0], tag=BASE.split(":")[1])
    client.inspect_image(BASE)


def bootstrap(tar: Path) -> None:
    """Debian's smallest system with apt as a tar file, without man pages and translations: 121 MB in 16 s."""
    if not shutil.which("mmdebstrap"):
        sys.exit(f"docker: {BASE} is neither there nor can be pulled, and mmdebstrap to make it is not installed")
    tar.parent.mkdir(parents=True, exist_ok=True)
    hidden = tar.with_name("partial.tar")
    command = ["mmdebstrap", "--quiet", "--variant=minbase"]
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in SLIM]
    command += ["--dpkgopt=path-include=/usr/share/doc/*/copyright"]
    command += ['--customize-hook=rm -rf "$1"/var/lib/apt/lists/*', "bookworm", str(hidden)]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"docker: {BASE} could not be made; mmdebstrap's message is above")
    hidden.replace(tar)
