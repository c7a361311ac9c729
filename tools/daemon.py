"""A Docker daemon for the tests: the machine's when one answers, else one of our own that ends with them.

``python tools/daemon.py COMMAND ...`` runs a command with ``DOCKER_HOST`` naming it; in Python: ``with daemon() as
found:``. It has the base image of our images. What our own daemon stores stays in ``.setup/docker``, which makes the
next run quicker and may be removed at any time.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SETUP = Path(__file__).resolve().parents[1] / ".setup"
KEPT = SETUP / "docker"
START_SECONDS = 60
END_SECONDS = 30
SYSTEM_PATH = "/usr/sbin:/sbin:/usr/local/sbin"  # where dockerd is and a user's PATH is not


@dataclass(frozen=True)
class Daemon:
    """A daemon that answers."""

    host: str
    """What ``DOCKER_HOST`` is for it."""
    ours: bool
    """Whether it was started by us, so that all it has is of the tests."""


def say(text: str) -> None:
    """Tell what is being done and why."""
    print(f"docker: {text}", file=sys.stderr, flush=True)


@contextmanager
def daemon() -> Iterator[Daemon]:
    """A daemon with the base image."""
    from base_image import ensure_base

    with nullcontext(there) if (there := answering()) else own(KEPT) as found:
        ensure_base(found.host, ours=found.ours)
        yield found


def answering() -> Daemon | None:
    """The daemon that shardr itself would take; None when none answers."""
    from shardr.local.docker.daemon import address

    found = address()
    if found is None:
        return None
    trouble = silence(found.url)
    if isinstance(trouble, PermissionError):
        sys.exit(
            f"docker: a daemon is at {found.url}, and you may not use it; have root run\n"
            "  usermod --append --groups docker YOUR_NAME\nand log in anew, or start the tests as root"
        )
    if trouble is None:
        return Daemon(found.url, ours=False)
    say(f"nothing answers at {found.url}")
    return None


def silence(url: str) -> BaseException | None:
    """Why no daemon answers there; None when one does."""
    from docker import APIClient
    from docker.errors import DockerException

    try:
        APIClient(base_url=url, version="auto", timeout=10).close()
    except (DockerException, OSError) as error:
        return rooted(error)
    return None


def rooted(error: BaseException) -> BaseException:
    """The first of a chain of errors."""
    cause = error.__cause__ or error.__context__
    return rooted(cause) if cause else error


@contextmanager
def own(kept: Path, within: Sequence[str] = ()) -> Iterator[Daemon]:
    """A daemon of our own with its data in ``kept``; whoever comes second waits, for a data folder serves one only.

    ``within`` is a command that runs it, such as ``unshare --net``.
    """
    kept.mkdir(parents=True, exist_ok=True)
    with (kept / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another run of the tests, which has the daemon of this checkout")
            fcntl.flock(lock, fcntl.LOCK_EX)
        end(kept)  # of a run that was killed
        # The path of a socket may have 107 bytes, and that of a checkout be long.
        run = Path(tempfile.mkdtemp(prefix="dockerd-", dir="/tmp"))
        run.chmod(0o711)  # who may use the socket need not be who runs the tests
        (kept / "run").write_text(str(run))
        try:
            host = start(kept, run, within)
            tidy(host)
            yield Daemon(host, ours=True)
        finally:
            end(kept)


def start(kept: Path, run: Path, within: Sequence[str]) -> str:
    """Start it and wait for its first answer; its address."""
    program = shutil.which("dockerd", path=os.environ.get("PATH", "") + ":" + SYSTEM_PATH)
    if not program:
        sys.exit("docker: no daemon answers and dockerd is not installed: start Docker, or set DOCKER_HOST")
    host = f"unix://{run}/socket"
    # A run of the tests that is killed takes the daemon along; its folder and mounts go with the next one's start.
    command = [*root(), *within, "setpriv", "--pdeathsig", "TERM", program]
    command += ["--data-root", str(kept / "data"), "--exec-root", str(run / "exec")]
    command += ["--pidfile", str(run / "pid"), "--host", host, "--group", str(os.getgid())]
    # Images are what is kept. A network that was half made when the daemon was killed keeps the next one from starting.
    subprocess.run([*root(), "rm", "-rf", str(kept / "data" / "network")], check=True)
    say(f"no daemon answers: starting one for the tests, see {kept / 'log'}")
    with (kept / "log").open("w") as log:
        # A session of its own: Ctrl-C is for the tests, which still need it to clean up.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=os.geteuid() == 0
        )
    until = time.monotonic() + START_SECONDS
    while trouble := silence(host):
        if process.poll() is not None or time.monotonic() > until:
            print("".join((kept / "log").read_text().splitlines(keepends=True)[-15:]), file=sys.stderr)
            sys.exit(f"docker: dockerd does not start here ({trouble}); in a container it needs --privileged")
        time.sleep(0.1)
    return host


def tidy(host: str) -> None:
    """Remove what a run that was killed has left, and layers of images that nobody can name any more."""
    from docker import APIClient

    client = APIClient(base_url=host, version="auto")
    client.prune_containers()
    client.prune_networks()
    for volume in client.volumes()["Volumes"] or []:  # prune leaves those that have a name
        client.remove_volume(volume["Name"])
    client.prune_images({"dangling": True})
    client.close()


def end(kept: Path) -> None:
    """End the daemon last started with this data, if it is still there, and remove what it has mounted."""
    note = kept / "run"
    if not note.exists():
        return
    run = note.read_text()
    for signal in ("TERM", "KILL"):
        # The daemon ends its containers and its containerd itself; only when it was killed are others left.
        pids = started(run) if signal == "KILL" else started(run, "dockerd")
        for pid in pids:
            subprocess.run([*root(), "kill", f"-{signal}", str(pid)], check=False, stderr=subprocess.DEVNULL)
        until = time.monotonic() + END_SECONDS
        while started(run) and time.monotonic() < until:
            time.sleep(0.05)
    for place in mounted([run, str(kept / "data")]):
        subprocess.run([*root(), "umount", "--lazy", place], check=False)
    subprocess.run([*root(), "rm", "-rf", run], check=True)
    note.unlink()


def started(run: str, name: str = "") -> list[int]:
    """Processes of the daemon that has its folder at ``run``: they all are told where it is."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            program = Path(words[0]).name
            if program.startswith(name or ("dockerd", "containerd")) and any(run + "/" in word for word in words):
                found.append(int(process.name))
    return found


def mounted(folders: list[str]) -> list[str]:
    """What is mounted below the folders, the innermost first."""
    table = Path("/proc/self/mounts").read_text().splitlines()
    places = [line.split()[1].encode().decode("unicode_escape") for line in table]
    return sorted((p for p in places if p.startswith(tuple(f"{folder}/" for folder in folders))), reverse=True)


def root() -> list[str]:
    """What goes before a command that only root may run."""
    if os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        sys.exit("docker: no daemon answers, only root can start one, and there is no sudo: start Docker as root")
    return ["sudo"]


def main() -> None:
    """Run a command with a daemon."""
    if len(sys.argv) < 2:
        sys.exit("usage: python tools/daemon.py COMMAND ...")
    with daemon() as found:
        status = subprocess.run(sys.argv[1:], env=os.environ | {"DOCKER_HOST": found.host}, check=False).returncode
    sys.exit(status)


if __name__ == "__main__":
    main()
