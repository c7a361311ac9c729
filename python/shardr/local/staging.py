"""From a request to instances that are ready to start: folders, config files, shards, and links to the data."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardr.local import contract
from shardr.local.channels import channel, show, stage
from shardr.local.contract import Tree
from shardr.local.runners.base import Instance
from shardr.requests.facts import PIPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from shardr.local.fetching import Supply
    from shardr.local.home import JobFolder
    from shardr.local.pipes.feeding import Piped
    from shardr.local.runners.base import Runner
    from shardr.local.work import Work
    from shardr.requests.facts import Facts
    from shardr.storage.sources import Sources


@dataclass(frozen=True)
class Staged:
    """The instances of a job, and what they hold."""

    instances: list[Instance]
    inputs: dict[str, list[Path]]
    """The files of each input as the instances hold them, each once."""
    objects: dict[str, dict[str, int]]
    """How many objects each host got of each input."""
    piped: list[Piped]
    """The inputs that are streamed."""


def stage_job(
    work: Work, seed: int | None, job: JobFolder, supply: Supply, runner: Runner, environment: Mapping[str, str]
) -> Staged:
    """The instances of a job, ready to start; raises ``DataError`` for an input without objects.

    ``seed`` permutes which instance gets which object, ``environment`` is what the runner gives every instance.
    """
    about = work.facts
    hosts = contract.hosts(about.instances)
    inputs = [channel(wanted, supply.sources) for wanted in about.inputs if wanted.mode != PIPE]
    piped = _piped(about, supply.sources, hosts, seed)
    assigned = {c.name: c.shards(hosts, seed) for c in inputs}
    inputs = supply.files(inputs, assigned)
    folders = {c.name: {host: Tree(job.instance(host)).at(c.path) for host in hosts} for c in inputs}
    copies = runner.copies(about.image)
    written = [c.path for c in inputs if c.written]
    pipes = sorted({p.wanted.path.rstrip("/").rpartition("/")[0] for p in piped})
    instances = []
    with _open_to_strangers():
        for host in hosts:
            root = job.instance(host)
            work.prepare(Tree(root), host, hosts)
            Tree(root).make(*pipes)
            linked: dict[str, str] = {}
            shown: dict[str, str] = {}
            for c in inputs:
                if (place := supply.shown(c, host)) is not None:
                    shown[c.path] = show(place, folders[c.name][host], links=runner.links)
                    continue
                how = {"links": runner.links, "copies": copies, "own": c.written}
                linked |= stage(c.files, assigned[c.name][host], folders[c.name][host], **how)
            instances.append(
                Instance(
                    job=about.name,
                    host=host,
                    hosts=hosts,
                    root=root,
                    image=about.image,
                    instance_type=about.instance_type,
                    config=work.config,
                    inputs=[c.path for c in inputs if not c.written],
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
                    pipes=pipes,
                    shown=shown,
                )
            )
    here = [c for c in inputs if supply.shown(c, hosts[0]) is None]
    held = {c.name: list(c.held(assigned[c.name], folders[c.name])) for c in here}
    held |= {p.wanted.name: p.files for p in piped}
    objects = {
        host: {c.name: len(assigned[c.name][host]) for c in inputs} | {p.wanted.name: p.count(host) for p in piped}
        for host in hosts
    }
    return Staged(instances, held, objects, piped)


def _piped(about: Facts, sources: Sources, hosts: list[str], seed: int | None) -> list[Piped]:
    found = [wanted for wanted in about.inputs if wanted.mode == PIPE]
    if not found:
        return []
    from shardr.local.pipes.feeding import Piped  # few jobs stream

    return [Piped(wanted, sources, hosts, seed) for wanted in found]


@contextmanager
def _open_to_strangers() -> Iterator[None]:
    """What is made here may be read by every user: an instance may be another, and the home is closed around it all."""
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)
