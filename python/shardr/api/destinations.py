"""Where outputs go, checked: no output may write over another one, or over what a step reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from shardr.api.sources import place_of
from shardr.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.spec.models import Pipeline


def destination_problems(pipeline: Pipeline, base: Path) -> Iterator[Problem]:
    """What is wrong with the destinations of a spec whose relative paths start from ``base``.

    Folders that lie in one another are refused like equal ones: whoever lists the outer one finds the files of both.
    """
    taken: dict[str, str] = {}
    for step in pipeline.steps:
        for channel in step.channels:
            source = channel.source
            if isinstance(source, str) and (source.startswith("s3://") or place_of(source, base).is_dir()):
                taken.setdefault(_place(source, base), f'what input {channel.name} of step "{step.name}" reads')
    for i, step in enumerate(pipeline.steps):
        for where, output, destination in step.destinations:
            at, place = f"steps[{i}].{where}", _place(destination, base)
            for other, what in taken.items():
                if place.startswith(other) or other.startswith(place):
                    how = "is" if place == other else "lies in" if place.startswith(other) else "holds"
                    yield Problem(at, f'"{destination}" {how} {what}', fix="name a folder of its own")
            taken.setdefault(place, f'the destination of {output} of step "{step.name}"')
            folder = Path(place)
            while not place.startswith("s3://") and not folder.exists():
                folder = folder.parent
            if not place.startswith("s3://") and not (folder.is_dir() and os.access(folder, os.W_OK)):
                reason = "cannot be written" if folder.is_dir() else "is a file"
                yield Problem(at, f'"{destination}" cannot be made: {folder} {reason}')


def without_destinations(pipeline: Pipeline) -> tuple[Pipeline, list[tuple[str, str]]]:
    """The spec without places of the user's, so that a run on the side writes to none of them, and which those were."""
    moved = [
        (f"{step.name}: {what}", destination) for step in pipeline.steps for _, what, destination in step.destinations
    ]
    steps = [step.without_destinations() for step in pipeline.steps]
    return pipeline.model_copy(update={"steps": steps}), moved


def _place(named: str, base: Path) -> str:
    if named.startswith("s3://"):
        return named.rstrip("/") + "/"
    return os.path.realpath(place_of(named, base)).rstrip("/") + "/"
