"""Which runner: what was asked for, what this machine can do, and what jobs need to know of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from shardr.errors import ImageError, RunnerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from shardr.local.runners.base import Runner

RUNNERS = ("auto", "process", "docker")
VARIABLE = "SHARDR_RUNNER"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""As a daemon names the machine's, and as images name theirs."""


def asked_for(runner: str | None, spec: str = "auto") -> str:
    """The runner as asked for: by the call, else by ``SHARDR_RUNNER``, else by the spec; raises ``RunnerError``."""
    asked = runner or os.environ.get(VARIABLE) or spec
    if asked not in RUNNERS:
        raise RunnerError(f'there is no runner "{asked}"', fix=f"take {', '.join(RUNNERS[:-1])} or {RUNNERS[-1]}")
    return asked


def choose(asked: str, uses: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """The runner to take for these images, each with the program that is to run in it, and why, for people.

    ``auto`` is docker where its daemon answers and has all the images, else process.
    """
    if asked == "docker":
        return "docker", "each instance a container of its image"
    lacks = _lacks(uses) if asked == "auto" else None
    if asked == "auto" and lacks is None:
        return "docker", "auto took docker: its daemon has the image" + ("s" if len(set(uses)) > 1 else "")
    from shardr.local.runners.process import sandbox_problem

    problem = sandbox_problem()
    how = "each instance in a bubblewrap sandbox" if problem is None else f"without a sandbox: {problem}"
    return "process", how if lacks is None else f"auto took process, {how}; docker not, as {lacks}"


def _lacks(uses: Sequence[tuple[str, str]]) -> str | None:
    """Why docker is not taken; None when it can be."""
    from shardr.local.docker.daemon import address
    from shardr.local.docker.images import IMAGES, uri

    try:
        if address() is None:  # looks at files only: docker-py is not loaded for machines without Docker
            return "no daemon is there"
        docker_machine([image for image, _ in uses])
    except (RunnerError, ImageError) as error:
        return error.what
    own = {uri(image) for image in IMAGES}  # of R; what other images have, only they know
    foreign = ((image, program) for image, program in uses if image in own and program.startswith("python"))
    return next((f"the image {image} has no {program}" for image, program in foreign), None)


def machine(runner: str, images: Sequence[str]) -> dict[str, Any]:
    """What jobs need to know of this machine, kept with them so that their supervisors need not look again.

    Raises ``RunnerError`` or ``ImageError`` when the runner cannot be had, or lacks one of the images.
    """
    if runner == "docker":
        return docker_machine(images)
    from shardr.local.runners.process import machine_of_jobs

    return {"runner": "process", **machine_of_jobs()}


def docker_machine(images: Sequence[str]) -> dict[str, Any]:
    """The daemon, and how large and of which kind the machine is that it runs on."""
    from shardr.local.builtin import image_here
    from shardr.local.docker.context import outdated
    from shardr.local.docker.daemon import connect, in_our_words, there
    from shardr.local.docker.images import IMAGES, required, uri

    at = there()
    if at.remote:
        raise RunnerError(
            f"the Docker daemon at {at.url} is on another machine",
            why="instances read and write folders of this one",
            fix="unset DOCKER_HOST, or `docker context use default`",
        )
    client = connect(at)
    with in_our_words("Docker cannot be used"):
        info = client.info()
    there_are = {image: required(client, image) for image in dict.fromkeys(map(image_here, images))}
    own = {uri(image): image for image in IMAGES}
    stale = [own[name] for name, image in there_are.items() if name in own and outdated(own[name], image.labels)]
    options = " ".join(info.get("SecurityOptions") or [])
    return {
        "runner": "docker",
        "outdated": stale,
        "environment": {},
        "daemon": {**at.to_dict(), "version": client.api_version},
        "cpus": info["NCPU"],
        "memory": info["MemTotal"],
        "architecture": ARCHITECTURES.get(info["Architecture"], info["Architecture"]),
        "rootless": info.get("Rootless") is True or "rootless" in options,  # as podman says it, and as Docker does
        "selinux": "selinux" in options,
        "kernel": info.get("KernelVersion"),
        "limits": {"cpus": bool(info.get("CpuCfsQuota")), "memory": bool(info.get("MemoryLimit"))},
    }


def begin(machine: Mapping[str, Any], job: Path, request: Mapping[str, Any]) -> bool:
    """Does for a job, kept in this folder, what can be done while its supervisor starts; whether it is done."""
    if machine.get("runner") != "docker":
        return False
    from shardr.local.docker import network

    return network.begin(machine, job, request)


def runner_of(machine: Mapping[str, Any], job: Path, alive: Callable[[str], bool], begun: Callable[[], bool]) -> Runner:
    """The runner of a job on the machine that was kept with it.

    ``alive`` tells whether another job still lives, ``begun`` waits for what ``begin`` had to say.
    """
    if machine.get("runner") == "docker":
        from shardr.local.runners.docker import DockerRunner

        return DockerRunner(machine, job, alive, begun)
    from shardr.local.runners.process import ProcessRunner

    return ProcessRunner(machine)
