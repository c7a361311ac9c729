"""Transform steps on their way to requests: the model that is asked, and the job that asks it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shardr.api.sources import NotLocatedError, not_there, place_of
from shardr.api.trained import serving
from shardr.data.joining import Joining
from shardr.engines.base import Deposit, PlannedJob
from shardr.errors import NotFoundError, Problem
from shardr.requests.transform import model_request, transform_request
from shardr.spec.transform import TRAINED, KnownModel, TrainedModel
from shardr.storage.local import list_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shardr.engines.base import Engine
    from shardr.requests.placed import Placed
    from shardr.spec.models import AnyStep, Pipeline
    from shardr.spec.transform import TransformStep

FIELDS = {
    "TransformInput.ContentType": "content_type",
    "TransformInput.SplitType": "split_type",
    "TransformOutput.Accept": "accept",
    "TransformOutput.AssembleWith": "assemble_with",
    "DataProcessing.InputFilter": "input_filter",
    "DataProcessing.OutputFilter": "output_filter",
    "DataProcessing.JoinSource": "join_source",
}
"""What fields of a spec are called in the request."""


@dataclass(frozen=True)
class Asked:
    """A model that is asked: the image that serves it, None where that is not known, and where the model lies."""

    image: str | None
    data: str = ""
    deposits: list[Deposit] = field(default_factory=list)


def asked(
    step: TransformStep, pipeline: Pipeline, base: Path, engine: Engine, made: Callable[[AnyStep, str], str]
) -> Asked:
    """The model of a step; ``made`` says where an output of a step goes. Raises ``NotLocatedError``."""
    if isinstance(step.model, TrainedModel):
        trained = pipeline.step(step.model.step)
        image = engine.image_uri(step.image) if step.image else serving(engine.image_uri(trained.image or ""))
        return Asked(image, made(trained, TRAINED))
    if isinstance(step.model, KnownModel):
        try:
            return Asked(engine.model_image(step.model.model_name))
        except NotFoundError as error:
            raise NotLocatedError(error.what, error.fix) from error
    image = engine.image_uri(step.image or "")
    if step.model.startswith("s3://"):
        return Asked(image, step.model)
    path = place_of(step.model, base)
    if not path.exists():
        raise not_there(step.model, path)
    uri = engine.input_uri(path, list_files(path) if path.is_dir() else None)
    return Asked(image, uri, [Deposit(uri, path=path)])


def transform_job(
    name: str, step: TransformStep, found: Asked, role: str, source: Placed, output: str, given: dict[str, Any]
) -> PlannedJob:
    """The job of a step, with its model, which is called like it where it is not there already."""
    if isinstance(step.model, KnownModel):
        known = step.model.model_name
        request = transform_request(step, job=name, model=known, source=source, output=output, **given)
        return PlannedJob(name, request, known_image=found.image)
    model = model_request(step, model=name, image_uri=found.image or "", role=role, data=found.data, **given)
    request = transform_request(step, job=name, model=name, source=source, output=output, **given)
    return PlannedJob(name, request, model)


def joining_problems(at: str, step: TransformStep) -> tuple[list[Problem], list[Problem]]:
    """What cannot be filtered or joined, and what the service may do otherwise, by fields of the spec."""
    how = Joining(
        step.content_type, step.accept, step.split_type, step.assemble_with,
        step.input_filter or "$", step.output_filter or "$", step.join_source,
    )  # fmt: skip
    return list(_placed(at, how.checked())), list(_placed(at, how.doubtful()))


def _placed(at: str, found: list[Problem]) -> Iterator[Problem]:
    for problem in found:
        yield Problem(f"{at}.{FIELDS[problem.path]}", problem.message, problem.fix)
