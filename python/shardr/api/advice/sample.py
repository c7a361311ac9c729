"""A spec on a part of its data: of many files some, of few files the first records of each."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from shardr.api.destinations import without_destinations
from shardr.api.sources import locate
from shardr.data.formats import KNOWN, tabular
from shardr.data.split import first_part
from shardr.errors import DataError
from shardr.spec.parts import Channel, Manifest, StepOutput
from shardr.spec.transform import TransformStep
from shardr.storage.local import Listing

if TYPE_CHECKING:
    from pathlib import Path

    from shardr.engines.base import Engine
    from shardr.spec.load import Loaded
    from shardr.spec.models import AnyStep, Pipeline
    from shardr.storage.objects import Objects

MANY_FILES = 64
"""From so many files on a sample is every 16th, 8th or 4th of them; below, the first part of each."""


@dataclass(frozen=True)
class Sample:
    """A spec whose inputs have a part of their data."""

    part: Fraction
    bytes: int
    loaded: Loaded
    whole: bool
    """Whether it is made of whole files."""


class Sampler:
    """Makes samples of the inputs of a spec: of those that are divided among instances, else of all.

    What every instance gets anyway (a table to look things up in, say) stays whole beside data that is divided: a part
    of it would change what the scripts find.
    """

    def __init__(self, loaded: Loaded, engine: Engine) -> None:
        self._loaded = replace(loaded, pipeline=without_destinations(loaded.pipeline)[0])
        channels = {
            (step.name, channel.name): channel
            for step in self._loaded.pipeline.steps
            for channel in step.channels
            if not isinstance(channel.source, StepOutput)
        }
        divided = {place for place, channel in channels.items() if channel.distribution != "FullyReplicated"}
        # the same objects by another home: a sample runs in a home of its own, where no s3:// of yours is
        self._found: dict[tuple[str, str], Listing] = {
            place: _files(locate(channel.source, loaded.base, engine).listing)  # type: ignore[arg-type]
            for place, channel in channels.items()
        }
        self._sampled = divided or set(channels)
        if not self._sampled:
            raise DataError(
                "No step reads data of yours, so there is nothing to take a sample of",
                fix="`shardr estimate` says what the job costs by its last run here",
            )

    @property
    def bytes(self) -> int:
        """All the data that is sampled."""
        return sum(size for listing in self._different() for _, size in listing.sizes())

    @property
    def files(self) -> int:
        """How many files that is."""
        return sum(len(listing.keys) for listing in self._different())

    def sizes(self, step: str, channel: str) -> list[tuple[str, int]]:
        """The keys of an input with their sizes; empty for one that an earlier step makes."""
        listing = self._found.get((step, channel))
        return listing.sizes() if listing else []

    def sample(self, parts: int, to: Path) -> Sample:
        """The spec on the ``1/parts`` of its data, with what that takes below the folder ``to``."""
        made: dict[str, tuple[str | Manifest, int]] = {}
        sources: dict[tuple[str, str], str | Manifest] = {}
        whole = True
        for i, (place, listing) in enumerate(self._found.items()):
            least = 1 if place not in self._sampled else parts
            identity = json.dumps([str(listing.base), listing.keys, least])
            if identity not in made:
                cut = least > 1 and len(listing.keys) < MANY_FILES
                whole &= not cut
                folder = to / str(i)
                folder.mkdir(parents=True)
                made[identity] = _cut(listing, least, folder) if cut else _every(listing, least, folder)
            sources[place] = made[identity][0]
        size = sum(made[json.dumps([str(listing.base), listing.keys, parts])][1] for listing in self._different())
        return Sample(
            Fraction(1, parts), size, replace(self._loaded, pipeline=_pointed(self._loaded.pipeline, sources)), whole
        )

    def _different(self) -> list[Listing]:
        found = {
            (str(self._found[place].base), *self._found[place].keys): self._found[place] for place in self._sampled
        }
        return list(found.values())


def _files(found: Objects) -> Listing:
    """The objects as files of this machine."""
    if isinstance(found, Listing):
        return found
    raise DataError(f"no sample can be made of {found.base}: it is at S3", fix="fetch it first: `aws s3 sync`")


def on_instances(loaded: Loaded, steps: set[str], instances: int) -> Loaded:
    """The spec with these steps on so many instances, the others on one, and no second attempts."""
    changed = [
        step.model_copy(update={"instance_count": instances if step.name in steps else 1, "max_attempts": 1})
        for step in loaded.pipeline.steps
    ]
    return replace(loaded, pipeline=loaded.pipeline.model_copy(update={"steps": changed}))


def _pointed(pipeline: Pipeline, sources: dict[tuple[str, str], str | Manifest]) -> Pipeline:
    def moved(step: str, channel: Channel) -> Channel:
        source = sources.get((step, channel.name))
        return channel if source is None else channel.model_copy(update={"source": source})

    def pointed(step: AnyStep) -> AnyStep:
        if isinstance(step, TransformStep):
            return step.model_copy(update={"input": moved(step.name, step.channels[0]).source})
        return step.model_copy(update={"inputs": [moved(step.name, channel) for channel in step.inputs]})

    steps = [pointed(step) for step in pipeline.steps]
    return pipeline.model_copy(update={"steps": steps})


def _every(listing: Listing, parts: int, folder: Path) -> tuple[Manifest, int]:
    """Whole files, spread over all: nothing is copied."""
    chosen = listing.keys[::parts]
    manifest = folder / "of.manifest"
    lines = [{"prefix": str(listing.base / listing.folder)}, *map(listing.name, chosen)]
    manifest.write_text(json.dumps(lines), encoding="utf-8")
    weight = dict(listing.sizes())
    return Manifest(manifest=str(manifest)), sum(weight[key] for key in chosen)


def _cut(listing: Listing, parts: int, folder: Path) -> tuple[str, int]:
    """The first part of the records of each file."""
    size = 0
    for key in listing.keys:
        source = listing.base / key
        if tabular(source) is None:
            raise DataError(
                f"no sample can be made of {source}: it cannot be cut between records",
                why=f"there are only {len(listing.keys)} files, and tables alone can be cut ({KNOWN})",
                fix=f"give the data in {MANY_FILES} files or more: then whole files are the sample",
            )
        to = folder / listing.name(key)
        to.parent.mkdir(parents=True, exist_ok=True)
        size += first_part(source, parts, to)
    return str(folder), size
