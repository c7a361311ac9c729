"""The process runner: each instance is a process of this machine in a bubblewrap sandbox with its own ``/opt/ml``.

The script sees programs and libraries read-only, its channels, a ``/tmp`` of its own, and the names of its peers; no
home folder, no other job, and no environment but the job's. Without bubblewrap (macOS) there is no sandbox: then
``SHARDR_BASE_DIR`` stands for ``/opt/ml``, and a script that spells ``/opt/ml`` out is refused.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import zlib
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from shardr.errors import RunnerError
from shardr.local.programs import program
from shardr.local.runners.doors import Door, Keeper
from shardr.local.runners.machine import SYSTEM, this_machine
from shardr.local.runners.started import Process, Sandboxed
from shardr.spec.places import ML

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shardr.local.runners.base import Instance, Running

OF_SHELLS = ("PWD", "OLDPWD", "SHLVL", "_")
"""What a shell adds to the environment, and a container has not."""
GUARD = [
    "/bin/sh",
    "-c",
    f'flock -sn 0 && exit 1; exec /usr/bin/env {" ".join(f"-u {name}" for name in OF_SHELLS)} "$@" </dev/null',
    "sh",
]
"""In front of the script: ends where the lock on its input is free, so the supervisor that holds it has died.

bubblewrap ends with its parent, unless that one has died before bubblewrap could ask for it.
"""


class ProcessRunner:
    """Starts instances as sandboxed processes, or as plain ones where there is no bubblewrap."""

    strangers = False

    def __init__(self, machine: Mapping[str, Any]) -> None:
        self._visible: list[str] = machine["visible"]
        self.links: bool = machine["sandboxed"]
        self._alive: IO[bytes] | None = None
        self._started: dict[str, tuple[Instance, Process]] = {}
        self._keepers: dict[str, Keeper] = {}
        self.name = "process" if self.links else "process without a sandbox"

    def mounts(self) -> bool:
        """True: all is this machine's."""
        return True

    def copies(self, image: str) -> bool:  # noqa: ARG002 - the same for every image
        """False: the script runs as the user."""
        return False

    def start(self, instances: Sequence[Instance]) -> dict[str, Running]:
        """Starts all, one after the other; raises ``RunnerError`` when the program is not there."""
        started: dict[str, Running] = {}
        try:
            for instance in instances:
                process = self._start(instance)
                started[instance.host] = process
                self._started[instance.host] = instance, process
        except BaseException:
            for running in started.values():
                running.kill()
            raise
        return started

    def door(self, host: str) -> Door:
        """A socket that hands out connections to the instance's own network; without a sandbox its port."""
        instance, process = self._started[host]
        if not isinstance(process, Sandboxed):
            return Door("127.0.0.1")
        if host not in self._keepers:
            path = instance.root.parent / "tmp" / f"{host}.door"
            self._keepers[host] = Keeper(path, process.first())
        return self._keepers[host].door

    def notices(self) -> list[str]:
        """None: a process takes what it needs."""
        return []

    def settle(self) -> None:
        """Closes the doors; what a script wrote is the user's."""
        for keeper in self._keepers.values():
            keeper.close()
        self._keepers.clear()

    def close(self) -> None:
        """Nothing: all that was made lies in the job's folder."""

    def _start(self, instance: Instance) -> Process:
        first = _command(instance)[0]
        if shutil.which(first, path=instance.environment["PATH"]) is None:
            raise RunnerError(
                f'{instance.host}: the program "{first}" is not on this machine',
                fix=f"install it, or name another in the step's command; searched {instance.environment['PATH']}",
            )
        (instance.root.parent / "tmp" / instance.host).mkdir(parents=True, exist_ok=True)
        instance.log.parent.mkdir(parents=True, exist_ok=True)
        with instance.log.open("ab") as log:
            if self.links:
                return self._in_sandbox(instance, log)
            command, environment = _plain(instance)
            return Process(
                subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=environment,
                    cwd=instance.root,
                    start_new_session=True,
                )
            )

    def _in_sandbox(self, instance: Instance, log: IO[bytes]) -> Process:
        """Starts bubblewrap; its settings go by a file in memory, as any user may read a command line."""
        info = os.fdopen(os.memfd_create("info"), "rb")  # no pipe: bubblewrap would end half-way for want of a reader
        with os.fdopen(os.memfd_create("settings"), "wb") as settings:
            words = [*self._settings(instance), "--info-fd", str(info.fileno())]
            settings.write(b"".join(os.fsencode(word) + b"\0" for word in words))
            settings.seek(0)
            with self._proof_of_life(instance) as proof:
                popen = subprocess.Popen(
                    ["bwrap", "--args", str(settings.fileno()), "--", *GUARD, *_command(instance)],
                    stdin=proof,
                    stdout=log,
                    stderr=log,
                    env={"PATH": os.environ.get("PATH", os.defpath)},
                    cwd="/",
                    start_new_session=True,
                    pass_fds=[settings.fileno(), info.fileno()],
                )
        return Sandboxed(popen, info)

    def _proof_of_life(self, instance: Instance) -> IO[bytes]:
        """A file that is locked for as long as this process lives, opened anew."""
        path = instance.root.parent / "tmp" / "alive"
        if self._alive is None:
            self._alive = path.open("wb")
            fcntl.flock(self._alive, fcntl.LOCK_EX)
        return path.open("rb")

    def _settings(self, instance: Instance) -> list[str]:
        scratch = instance.root.parent / "tmp" / instance.host
        hosts = scratch.with_suffix(".hosts")
        hosts.write_text(_hosts_file(instance), encoding="ascii")
        command = ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--hostname", instance.host]
        command += ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
        command += ["--unshare-net"] if instance.network_isolation or instance.serves else []
        command += _system_mounts()
        home = instance.root.parents[2]
        if any(home.is_relative_to(folder) for folder in SYSTEM):
            command += ["--tmpfs", str(home)]  # other jobs stay unseen, wherever they are kept
        command += ["--proc", "/proc", "--dev", "/dev", "--dir", "/run", "--dir", "/var", "--dir", "/root"]
        command += ["--bind", str(scratch), "/tmp", "--symlink", "/tmp", "/var/tmp"]  # noqa: S108 - its own
        command += ["--ro-bind", str(hosts), "/etc/hosts", *_host_name(scratch, instance), *_resolver()]
        known = program(instance.image, instance.arguments)
        for path in [*self._visible, *(map(str, known.folders) if known else [])]:
            command += ["--ro-bind", path, path]
        for path, place in sorted(instance.linked.items(), key=lambda item: len(item[1])):
            command += ["--ro-bind", path, place]
        command += ["--bind", str(instance.root), ML]
        # where FIFOs come and go is written from outside only, or a script could put something else in their place
        closed = [(path, "--ro-bind") for path in [instance.config, *instance.inputs, *instance.pipes]]
        within = [path for path in instance.outputs if any(path.startswith(f"{folder}/") for folder in instance.pipes)]
        for path, how in sorted([*closed, *((path, "--bind") for path in within)], key=lambda place: len(place[0])):
            command += [how, instance.source(path), path]
        for name, value in {"HOSTNAME": instance.host, **instance.environment}.items():
            command += ["--setenv", name, value]
        return [*command, "--chdir", "/"]


def _command(instance: Instance) -> list[str]:
    """What runs, by the contract's table; without an image there is no ENTRYPOINT to add arguments to."""
    known = program(instance.image, instance.arguments) if instance.entrypoint is None else None
    if known is not None:
        return known.command(instance.arguments or [])
    if instance.entrypoint is None:
        raise RunnerError(
            "only the image itself knows what it runs, and the process runner has no image",
            fix="name the program in the step's command, or take the runner docker",
        )
    return [*instance.entrypoint, *(instance.arguments or [])]


def machine_of_jobs() -> dict[str, Any]:
    """What jobs need to know of this machine, kept with them so that their supervisors need not look again."""
    return {**this_machine().to_dict(), "sandboxed": sandbox_problem() is None}


@lru_cache
def sandbox_problem() -> str | None:
    """Why bubblewrap cannot be used here; None when it can. Tried once, in the way instances are started."""
    if shutil.which("bwrap") is None:
        return "bubblewrap (bwrap) is not installed"
    probe = ["bwrap", *_system_mounts(), "--proc", "/proc", "--dev", "/dev", "--unshare-pid", "--unshare-uts", "true"]
    # whoever ignores the end of children hands that down, and bubblewrap would wait for its own in vain
    ignored = signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN
    try:
        tried = subprocess.run(
            probe, capture_output=True, text=True, check=False, timeout=30, preexec_fn=_heed if ignored else None
        )
    except subprocess.TimeoutExpired:
        return "bwrap does not end"
    return None if tried.returncode == 0 else tried.stderr.strip() or f"bwrap ended with {tried.returncode}"


def _heed() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def hard_coded(code: Path) -> bool:
    """Whether a script spells ``/opt/ml`` out, so that it can only run where that path is its own."""
    return ML.encode() in code.read_bytes()


def _system_mounts() -> list[str]:
    """The folders with programs, read-only; child by child where something of an instance must lie in one."""
    # a system without /etc/hosts offers no file to put the instance's over
    by_child = {Path("/opt"), *([] if Path("/etc/hosts").exists() else [Path("/etc")])}
    mounts: list[str] = []
    for folder in map(Path, SYSTEM):
        children = sorted(folder.iterdir()) if folder in by_child and folder.is_dir() else [folder]
        for path in children:
            if path.is_symlink():
                mounts += ["--symlink", str(path.readlink()), str(path)]
            elif path.exists() and path != Path(ML):
                mounts += ["--ro-bind-try", str(path), str(path)]  # what is in /opt may be gone by then
    return mounts


def _resolver() -> list[str]:
    """The file that ``/etc/resolv.conf`` points to, where a service keeps it outside ``/etc``."""
    target = Path("/etc/resolv.conf").resolve()
    return ["--ro-bind", str(target), str(target)] if target.is_file() and target.parts[1] != "etc" else []


def _host_name(scratch: Path, instance: Instance) -> list[str]:
    """The file ``/etc/hostname`` with the instance's name in it, where this machine has one to put it over."""
    if not Path("/etc/hostname").is_file() or Path("/etc/hostname").is_symlink():
        return []
    named = scratch.with_suffix(".hostname")
    named.write_text(f"{instance.host}\n", encoding="ascii")
    return ["--ro-bind", str(named), "/etc/hostname"]


def _hosts_file(instance: Instance) -> str:
    """Each peer has a loopback address of its own, so that all can listen on the same port."""
    number = zlib.crc32(instance.job.encode())
    net = f"127.{1 + number % 254}.{number // 254 % 256}"
    peers = "".join(f"{net}.{int(host.removeprefix('algo-'))}\t{host}\n" for host in instance.hosts)
    return f"127.0.0.1\tlocalhost\n{peers}"


def _plain(instance: Instance) -> tuple[list[str], dict[str, str]]:
    here = [str(instance.root / os.path.relpath(word, ML)) if word.startswith(f"{ML}/") else word
            for word in _command(instance)]  # fmt: skip
    home = {"HOME": str(instance.root.parent / "tmp" / instance.host), "SHARDR_BASE_DIR": str(instance.root)}
    door = {"SHARDR_BIND_HOST": "127.0.0.1"} if instance.serves else {}  # the machine's own network: for it alone
    return here, {**instance.environment, **home, **door}
