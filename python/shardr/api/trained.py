"""Models that training steps of runs have made: where each is, and what serves it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardr.errors import JobFailedError, SpecError

if TYPE_CHECKING:
    from shardr.engines.base import Engine

SPECS = frozenset({".yml", ".yaml", ".json"})
"""How the names of specs end."""
ONLY_TRAINS = re.compile(r"(^|/)shardr/processing(?=[:@]|$)")
"""The image of shardr's that R scripts train in; models of it are served by the image ``serving``."""


@dataclass(frozen=True)
class Trained:
    """A model that was trained."""

    engine: Engine
    """Where."""
    uri: str
    trained_in: str
    """The image that trained it."""
    files: list[str]

    @property
    def image(self) -> str:
        """What serves it: what trained it, as a rule."""
        return serving(self.trained_in)

    def here(self) -> Path:
        """The archive as a file of this machine."""
        (file,) = self.engine.fetch(self.files)
        return file


def serving(address: str) -> str:
    """The image that serves the models of the one at an address: the same, as a rule.

    >>> serving("123456789012.dkr.ecr.eu-west-1.amazonaws.com/shardr/processing:latest")
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com/shardr/serving:latest'
    """
    return ONLY_TRAINS.sub(r"\1shardr/serving", address)


def trained(id: str, step: str) -> Trained:
    """The model of a training step of a run; raises ``NotFoundError``, ``JobFailedError`` or ``SpecError``."""
    from shardr.api.jobs import describe
    from shardr.api.run import Run
    from shardr.engines.known import engine_of

    about = Run(id).step(step)
    if about.status != "Completed":
        raise JobFailedError(f'step "{step}" of run {id} is {about.status}: it has no model', why=about.failure)
    job = describe(about.job or "")
    if "ModelArtifacts" not in job:
        raise SpecError(f'step "{step}" of run {id} trains no model', fix="name a training step: RUN.STEP")
    image = str(job["AlgorithmSpecification"]["TrainingImage"])
    return Trained(engine_of(id), str(job["ModelArtifacts"]["S3ModelArtifacts"]), image, about.outputs["model"].files)


def is_spec(model: str | Path) -> bool:
    """Whether what is said to be a model is the file of a spec."""
    path = Path(model).expanduser()
    return path.suffix.lower() in SPECS and path.is_file()


def train(spec: str | Path, **where: Any) -> str:
    """The model, as ``RUN.STEP``, of a spec that is run first; ``where`` is as in ``run``.

    Raises ``SpecError`` before anything runs for a spec that does not have one training step, and as ``run`` does.
    """
    from shardr.api.runs import run, validate
    from shardr.spec.training import TrainingStep

    path = Path(spec).expanduser()
    steps = [step.name for step in validate(path).steps if isinstance(step, TrainingStep)]
    if len(steps) != 1:
        what = f"has the training steps {', '.join(steps)}" if steps else "has no training step"
        raise SpecError(f"{spec} {what}, and one model can be served", fix="run it, and name its model as RUN.STEP")
    return f"{run(path, **where).id}.{steps[0]}"


def trained_by(id: str) -> Trained | None:
    """The model behind an id: ``RUN.STEP``, a run with one training step, or a job; None where there is no such run.

    Raises as ``trained`` does, and ``SpecError`` for a run with several models, or with none.
    """
    from shardr.api.jobs import run_of
    from shardr.errors import NotFoundError

    run, dot, step = id.rpartition(".")
    try:
        found, of_job = run_of(run if dot else id)
    except NotFoundError:
        return None
    if dot or of_job:
        return trained(found.id, step if dot else of_job or "")
    steps = [one.name for one in found.refresh().steps if "model" in one.outputs]
    if len(steps) != 1:
        what = f"has {len(steps)} models" if steps else "has no model"
        known = ", ".join(f"{id}.{step}" for step in steps or [one.name for one in found.steps])
        raise SpecError(f"run {id} {what}", fix=f"name a training step: {known}")
    return trained(found.id, steps[0])
