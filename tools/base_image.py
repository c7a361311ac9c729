"""The base of our images at a daemon: pulled where a registry answers, else made of Debian's packages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

BASE = "debian:bookworm-slim"
KEPT = Path(__file__).resolve().parents[1] / ".setup" / "base.tar"
PULL_SECONDS = 20  # without a word from the registry
SLIM = ["/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*"]  # as Debian's own image


def ensure_base(host: str) -> None:
    """See to it that the daemon has the base image; does nothing when it has."""
    from docker import APIClient
    from docker.errors import DockerException, ImageNotFound
    from requests.exceptions import RequestException

    client = APIClient(base_url=host, version="auto", timeout=PULL_SECONDS)
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
