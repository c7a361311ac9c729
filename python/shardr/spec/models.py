"""What a job is: the models every door builds and every engine reads.

The JSON Schema in ``inst/schema/job.schema.json`` is exported from here; a test refuses drift. Values are spelled as in
the service (``ShardedByS3Key``); names of fields are the service's own words in snake_case.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from shardr.spec.parts import NAME, ROLE, SOURCE_TAGS, Model, Text, one_or_many
from shardr.spec.processing import ProcessingStep
from shardr.spec.step import STEP_TAGS
from shardr.spec.training import TRAINING_TAGS, TrainingStep
from shardr.spec.transform import TRANSFORM_TAGS, TransformStep


def _step_kind(value: Any) -> str:
    """The kind that a step says it is, or, misspelt, seems to mean: the rest of it is checked as that."""
    found = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    meant = get_close_matches(str(found), ["training", "transform"], n=1)
    return f"<{meant[0]}>" if meant else "<processing>"


AnyStep = Annotated[
    Annotated[ProcessingStep, Tag("<processing>")]
    | Annotated[TrainingStep, Tag("<training>")]
    | Annotated[TransformStep, Tag("<transform>")],
    Discriminator(_step_kind),
]

KINDS: dict[str, type[Model]] = {"processing": ProcessingStep, "training": TrainingStep, "transform": TransformStep}
"""The kinds of step by what they say of their type."""

TAGS = frozenset({*SOURCE_TAGS, *STEP_TAGS, *TRAINING_TAGS, *TRANSFORM_TAGS, *(f"<{kind}>" for kind in KINDS)})
"""What stands in the place of an error beside the names of fields."""


class Parameter(Model):
    """A value of the spec that can be set from outside: ``${name}``."""

    type: Literal["string", "integer", "number", "boolean", "path"] = Field(
        default="string",
        description="path: relative to this file when it is the default, else to where you are.",
    )
    default: str | int | float | bool | None = Field(default=None, description="Value when nothing is set.")
    description: str | None = Field(default=None, description="What it is for.")


class Pipeline(Model):
    """The job spec: named steps, in any order, joined by their outputs and inputs."""

    name: str = Field(description="Name of the pipeline.", pattern=NAME, max_length=63)
    description: str | None = Field(default=None, description="What it is for.")
    parameters: dict[str, Parameter] = Field(default={}, description="Values to set from outside.")
    runner: Literal["auto", "process", "docker"] = Field(
        default="auto",
        description="How the local engine starts an instance: process, a sandboxed process of this machine; docker, a "
        "container of the image; auto, docker when its daemon answers and has the images, else process.",
    )
    role: str | None = Field(
        default=None,
        description="On SageMaker: ARN of the IAM role that the jobs act as. Default: what the engine finds.",
        pattern=ROLE,
        max_length=2048,
    )
    tags: dict[Annotated[str, Field(min_length=1, max_length=128)], Text] = Field(
        default={}, description="Tags of the jobs, for your bills and rules.", max_length=50
    )
    permute: int | None = Field(
        default=None,
        description="Seed that permutes which instance gets which object, to prove that the scripts do not care.",
        ge=0,
    )
    steps: Annotated[list[AnyStep], BeforeValidator(one_or_many), Field(min_length=1)] = Field(description="The steps.")

    def step(self, name: str) -> AnyStep:
        """The step of this name; ``KeyError`` when there is none."""
        return next(step for step in self.steps if step.name == name)

    def in_order(self) -> list[AnyStep]:
        """The steps so that each comes after those it needs; as written where that is already so."""
        done: list[AnyStep] = []
        waiting = list(self.steps)
        while waiting:
            names = {step.name for step in done}
            ready = next((step for step in waiting if names.issuperset(step.needs)), None)
            if ready is None:
                raise ValueError("the steps form a cycle")
            waiting.remove(ready)
            done.append(ready)
        return done
