"""The docker runner: each instance is a container of the image, with only the folders of the contract mounted.

Real images keep code of their own in ``/opt/ml``, so nothing covers it as a whole. The instances of a job share a
network on which ``algo-k`` are names; an instance without peers needs none. The image's own user runs the script, as on
the service, and what it wrote becomes the user's own afterwards.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from shardr.errors import RunnerError
from shardr.local import limits
from shardr.local.builtin import image_here
from shardr.local.contract import Tree
from shardr.local.docker import network, traces
from shardr.local.docker.container import About, Container
from shardr.local.docker.daemon import Address, connect
from shardr.local.docker.given import give
from shardr.local.docker.images import required
from shardr.local.docker.owner import Written
from shardr.local.runners.doors import Door
from shardr.spec.places import ML

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from shardr.local.docker.images import Found
    from shardr.local.limits import Limits
    from shardr.local.runners.base import Instance, Running

STARTED_AT_ONCE = 10
ROOT = frozenset({"", "0", "root"})
"""The user of an image who may do everything in a container."""
INPUT = f"{ML}/input"
BESIDE = ".input"


class DockerRunner:
    """Starts the instances of one job as containers."""

    name = "docker"
    strangers = True
    links = True

    def __init__(
        self, machine: Mapping[str, Any], job: Path, alive: Callable[[str], bool], begun: Callable[[], bool]
    ) -> None:
        """``machine`` tells of the daemon (see ``choice``), ``alive`` whether another job of this home still lives.

        ``begun`` waits for who started the supervisor, and tells whether the job's network is there (see ``network``).
        """
        self._machine, self._job, self._alive, self._begun = machine, job, alive, begun
        self._address = Address(**machine["daemon"])
        self._client = connect(self._address)
        self._images: dict[str, Found] = {}
        self._containers: dict[str, Container] = {}
        self._notice: str | None = None
        self._written: Written | None = None

    def mounts(self) -> bool:
        """Whether the daemon is of this system, and not in a virtual machine that only shares files with it."""
        return bool(self._machine.get("kernel") == os.uname().release)

    def copies(self, image: str) -> bool:
        """Whether the image's user is neither root nor us, and so is refused what only its owner may read."""
        user = self._image(image).user.partition(":")[0]
        return user not in ROOT and (self._machine["rootless"] or user != str(os.getuid()))

    def _image(self, name: str) -> Found:
        """The image, looked up once: all instances get the same, whatever its name comes to mean meanwhile."""
        if name not in self._images:
            self._images[name] = required(self._client, image_here(name))
        return self._images[name]

    def start(self, instances: Sequence[Instance]) -> dict[str, Running]:
        """Starts all, side by side; raises ``RunnerError`` and removes what was made when one cannot start."""
        first = instances[0]
        image = self._image(first.image)
        user = image.user.partition(":")[0]
        if not self._begun():
            network.prepare(self._address, self._job, len(instances), isolated=first.network_isolation)
        folders = [str(folder.relative_to(self._job)) for i in instances for folder in _written(i).values()]
        self._written = Written(folders, image.id, self._machine["rootless"])
        traces.note(self._job, self._address, self._written)
        granted = limits.limits(first.instance_type, len(instances), self._machine["cpus"], self._machine["memory"])
        self._notice = granted.notice
        architectures = (image.architecture, self._machine["architecture"])
        about = About(first.image, image.entrypoint, architectures, _memory(granted, first))

        def one(instance: Instance) -> None:
            if instance.driven:
                _beside(instance)
            for folder in _written(instance).values():
                folder.chmod(0o777)  # whoever the image's user is
            instance.log.parent.mkdir(parents=True, exist_ok=True)
            settings = self._settings(instance, image, granted)
            driven = {path: Tree(instance.root).at(path) for path in instance.driven}

            def ready(id: str) -> None:
                if driven and user not in ROOT:
                    give(self._client, id, user, driven)

            self._containers[instance.host] = Container(self._client, instance, settings, about, ready)

        with ThreadPoolExecutor(STARTED_AT_ONCE) as pool:
            errors = [future.exception() for future in [pool.submit(one, instance) for instance in instances]]
        for error in errors:
            if error is not None:
                self.settle()
                raise error
        return dict(self._containers)

    def _settings(self, instance: Instance, image: Found, granted: Limits) -> dict[str, Any]:
        """What the container is made of."""
        alone = len(instance.hosts) == 1
        name = traces.name(self._job)
        can = self._machine["limits"]
        isolated = instance.network_isolation and not instance.serves  # nobody could ask it anything
        host: dict[str, Any] = {
            "mounts": _mounts(instance),
            "network_mode": ("none" if isolated else "bridge") if alone else name,
            "log_config": {"Type": "none"},  # the log is ours
        }
        if granted.cpus and can["cpus"]:
            host["nano_cpus"] = int(granted.cpus * 1e9)
        if granted.memory_bytes and can["memory"]:
            host |= {"mem_limit": granted.memory_bytes, "memswap_limit": granted.memory_bytes}
        if alone and isolated:
            host["extra_hosts"] = {instance.host: "127.0.0.1"}
        if self._machine["selinux"]:
            host["security_opt"] = ["label=disable"]  # else its policy hides what is mounted
        settings: dict[str, Any] = {
            "use_config_proxy": False,  # the environment is the request's, not of this machine's settings
            "image": image.id,
            "name": f"{name}-{instance.host}",
            "hostname": instance.host,
            "entrypoint": instance.entrypoint,
            "command": instance.arguments,
            "environment": instance.environment,
            "labels": traces.labels(self._job),
            "host_config": self._client.create_host_config(**host),
        }
        if not alone:
            endpoint = self._client.create_endpoint_config(aliases=[instance.host])
            settings["networking_config"] = {"EndpointsConfig": {name: endpoint}}
        return settings

    def door(self, host: str) -> Door:
        """The container's own address."""
        return Door(self._containers[host].address())

    def notices(self) -> list[str]:
        """Where instances got less than their type has."""
        return [self._notice] if self._notice else []

    def settle(self) -> None:
        """Removes containers that are left, and takes what they wrote over from the image's user."""
        for container in self._containers.values():
            container.remove()
        if self._written is not None:
            self._written.take(self._client, self._job, traces.labels(self._job))

    def close(self) -> None:
        """Removes the network, and what dead jobs of this home left behind."""
        self._begun()  # what is being made now could not be found yet
        with suppress(RunnerError):
            traces.remove(self._client, self._job)
        traces.sweep(self._client, self._job.parent, lambda name: name == self._job.name or self._alive(name))


def _mounts(instance: Instance) -> list[Any]:
    """The folders of the contract, one by one."""
    tree = Tree(instance.root)
    places = [(instance.source(path), path, True) for path in [instance.config, *instance.inputs]]
    # the daemon gives nothing to a user in a folder below one that it holds to be read-only
    places += [(str(tree.at(path)), path, not instance.driven) for path in instance.pipes]
    places += [(str(folder), path, False) for path, folder in _written(instance).items()]
    places += [(source, place, True) for source, place in instance.linked.items()]
    places.sort(key=lambda place: len(place[1]))  # a folder before what lies in it
    return [_bind(*place) for place in places]


def _bind(source: str, target: str, read_only: bool = False) -> Any:
    return {"Type": "bind", "Source": source, "Target": target, "ReadOnly": read_only}


def _written(instance: Instance) -> dict[str, Path]:
    """Where the instance writes, and the folder of this machine that it is."""
    tree = Tree(instance.root)
    found = {path: tree.at(path) for path in [f"{ML}/output", *instance.outputs]}
    return found | ({INPUT: instance.root / BESIDE} if instance.driven else {})


def _beside(instance: Instance) -> None:
    """A folder to stand for ``/opt/ml/input``, which would be closed to the image's user, with places to mount on.

    The instance's own will not do: what is written becomes the user's own, and that one has links to files of others.
    """
    for path in (instance.config, *instance.inputs, *instance.pipes, *instance.driven):
        place = instance.root / BESIDE / path.removeprefix(f"{INPUT}/")
        place.mkdir(parents=True, exist_ok=True)
        place.parent.chmod(0o755)  # whoever the image's user is


def _memory(granted: Limits, instance: Instance) -> str:
    if not granted.memory_bytes:
        return "this machine has no more"
    return f"its limit is {granted.memory_bytes / 2**30:.1f} GiB ({granted.notice or instance.instance_type})"
