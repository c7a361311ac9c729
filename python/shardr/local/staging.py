"""From a request to instances that are ready to start: folders, config files, shards, and links to the data."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardr.local import contract
from shardr.local.channels import channels, stage
from shardr.local.contract import Tree
from shardr.local.runners.base import Instance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from shardr.local.home import JobFolder
    from shardr.local.runners.base import Runner
    from shardr.local.work import Work
    from shardr.storage.local import LocalStorage


@dataclass(frozen=True)
class Staged:
    """The instances of a job, and what they hold."""

    instances: list[Instance]
    inputs: dict[str, list[Path]]
    """The files of each input as the instances hold them, each once."""
    objects: dict[str, dict[str, int]]
    """How many objects each host got of each input."""


def stage_job(
    work: Work, seed: int | None, job: JobFolder, storage: LocalStorage, runner: Runner, environment: Mapping[str, str]
) -> Staged:
    """The instances of a job, ready to start; raises ``DataError`` for an input without objects.

    ``seed`` permutes which instance gets which object, ``environment`` is what the runner gives every instance.
    """
    about = work.facts
    hosts = contract.hosts(about.instances)
    inputs = channels(about.inputs, storage)
    assigned = {c.name: c.shards(hosts, seed) for c in inputs}
    folders = {c.name: {host: Tree(job.instance(host)).at(c.path) for host in hosts} for c in inputs}
    copies = runner.copies(about.image)
    written = [channel.path for channel in inputs if channel.written]
    instances = []
    with _open_to_strangers():
        for host in hosts:
            root = job.instance(host)
            work.prepare(Tree(root), host, hosts)
            linked: dict[str, str] = {}
            for channel in inputs:
                keys, at = assigned[channel.name][host], folders[channel.name][host]
                how = {"links": runner.links, "copies": copies, "own": channel.written}
                linked |= stage(channel.listing, keys, at, **how)
            instances.append(
                Instance(
                    job=about.name,
                    host=host,
                    hosts=hosts,
                    root=root,
                    image=about.image,
                    instance_type=about.instance_type,
                    config=work.config,
                    inputs=[channel.path for channel in inputs if not channel.written],
                    outputs=[*work.written(), *written],
                    driven=written if about.driven else [],
                    linked=linked,
                    entrypoint=about.entrypoint,
                    arguments=about.arguments,
                    environment={
                        **environment,
                        "AWS_REGION": contract.REGION,
                        **work.environment,
                        **about.environment,
                    },
                    network_isolation=about.isolated,
                    log=job.log(host),
                )
            )
    held = {c.name: list(c.held(assigned[c.name], folders[c.name])) for c in inputs}
    return Staged(instances, held, {host: {c.name: len(assigned[c.name][host]) for c in inputs} for host in hosts})


@contextmanager
def _open_to_strangers() -> Iterator[None]:
    """What is made here may be read by every user: an instance may be another, and the home is closed around it all."""
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)
