"""What must hold between the parts of a transform step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardr.errors import Problem
from shardr.spec.problems import did_you_mean
from shardr.spec.training import TrainingStep
from shardr.spec.transform import MOST_IN_FLIGHT_MB, KnownModel, TrainedModel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardr.spec.models import Pipeline
    from shardr.spec.transform import TransformStep


def of_transform(at: str, step: TransformStep, pipeline: Pipeline) -> Iterator[Problem]:
    """Every problem between the fields of a transform step, and with the step that makes its model."""
    yield from _asked(at, step, pipeline)
    if step.csv_lines and step.split_type != "Line":
        yield Problem(f"{at}.csv_lines", f"is about lines, and split_type is {step.split_type}", "set split_type: Line")
    payload, at_once = step.max_payload_mb or 0, step.max_concurrent_transforms or 0
    if payload * at_once > MOST_IN_FLIGHT_MB:
        product = f"{at_once} requests at once of {payload} MB, at most {MOST_IN_FLIGHT_MB} MB are allowed"
        yield Problem(f"{at}.max_payload_mb", product)


def _asked(at: str, step: TransformStep, pipeline: Pipeline) -> Iterator[Problem]:
    """What is wrong with the model of a transform step."""
    if isinstance(step.model, TrainedModel):
        trained = {other.name for other in pipeline.steps if isinstance(other, TrainingStep)}
        if step.model.step not in trained:
            known = f"; it is a {pipeline.step(step.model.step).type} step" if _has(pipeline, step.model.step) else ""
            hint = known or did_you_mean(step.model.step, trained)
            yield Problem(f"{at}.model.step", f'"{step.model.step}" is not a training step{hint}')
    elif isinstance(step.model, KnownModel):
        for field in ("image", "network_isolation", "subnets", "security_group_ids"):
            if getattr(step, field):
                yield Problem(
                    f"{at}.{field}", f"is for a model that the step makes; {step.model.model_name} is there already"
                )
    elif step.image is None:
        yield Problem(f"{at}.image", "is required: an archive does not say which image serves it",
                      fix="the one that trained it, as a rule")  # fmt: skip


def _has(pipeline: Pipeline, name: str) -> bool:
    return any(step.name == name for step in pipeline.steps)
