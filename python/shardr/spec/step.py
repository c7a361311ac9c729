"""A step: one job of the service, whichever kind it is."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from shardr.spec.foreign import refuse
from shardr.spec.foreign_step import plain_step
from shardr.spec.parts import DURATION, NAME, Channel, Model, Result, StepOutput, one_or_many

Ids = Annotated[list[Annotated[str, Field(max_length=32)]], BeforeValidator(one_or_many)]

WHEN = r"^(\$\{[A-Za-z_][A-Za-z0-9_]*\}|[^=!]*[=!]=[^=!]*)$"
When = Annotated[
    Annotated[str, Field(pattern=WHEN), Tag("<comparison>")] | Annotated[bool, Tag("<switch>")],
    Discriminator(lambda value: "<switch>" if isinstance(value, bool) else "<comparison>"),
]
STEP_TAGS = frozenset({"<comparison>", "<switch>"})


SAID_BY_CLASS: Any = ...
"""The default of ``type`` in ``TrainingStep(…)``: the class says it; a spec has to, so to pydantic there is none."""


class Named(Model):
    """What every step begins with."""

    name: str = Field(description="Name of the step.", pattern=NAME, max_length=63)


class Step(Named):
    """What every kind of step has: instances, and what it waits for."""

    instance_count: int = Field(default=1, description="Number of instances.", ge=1, le=100, strict=True)
    instance_type: str = Field(default="ml.m5.large", description="Kind of instance.")
    max_attempts: int = Field(
        default=1, description="How often a job of this step is tried before it counts as failed.", ge=1, le=10
    )
    network_isolation: bool = Field(default=False, description="Cut the instances off the network.")
    subnets: Annotated[Ids, Field(max_length=16)] = Field(
        default=[], description="On SageMaker: subnets of your VPC that the instances join; with security_group_ids."
    )
    security_group_ids: Annotated[Ids, Field(max_length=5)] = Field(
        default=[], description="On SageMaker: security groups of the instances in your VPC; with subnets."
    )
    volume_kms_key: str | None = Field(
        default=None,
        description="On SageMaker: KMS key (id, ARN or alias) that encrypts the disks of the instances.",
        min_length=1,
        max_length=2048,
    )
    output_kms_key: str | None = Field(
        default=None,
        description="On SageMaker: KMS key (id, ARN or alias) that encrypts the outputs.",
        min_length=1,
        max_length=2048,
    )
    cache: str | None = Field(
        default=None,
        description="On SageMaker: for how long an equal job that completed stands for this step, as P30D or PT12H. "
        "Equal are its code, command, arguments, environment, image and inputs, by their addresses.",
        pattern=DURATION,
    )
    when: When = Field(
        default=True,
        description="Whether the step is part of the run: true, false, or a comparison, as ${mode} == script.",
    )
    depends_on: Annotated[list[str], BeforeValidator(one_or_many)] = Field(
        default=[], description="Steps that must be complete first, besides those whose outputs are used."
    )

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        """Objects of the SageMaker SDK are taken for what they say; ``network_config=`` and ``processor=``, too."""
        found = refuse(plain_step(value))
        kind = cls.model_fields.get("type")
        if kind is None or not kind.is_required() or not isinstance(found, dict):
            return found
        return {"type": get_args(kind.annotation)[0], **found}

    @property
    def wanted(self) -> bool:
        """Whether the step is part of the run."""
        if isinstance(self.when, bool):
            return self.when
        one, *comparison, other = (part.strip() for part in re.split(r"([=!]=)", self.when, maxsplit=1))
        return (one == other) == (comparison == ["=="])

    @property
    @abstractmethod
    def channels(self) -> list[Channel]:
        """What comes in."""

    @property
    @abstractmethod
    def results(self) -> list[Result]:
        """What goes out."""

    @property
    @abstractmethod
    def destinations(self) -> list[tuple[str, str, str]]:
        """Where in the step a destination is named, what goes there, and the destination."""

    def source_at(self, i: int) -> str:
        """Where in the step the source of its i-th channel is written."""
        return f"inputs[{i}].source"

    @property
    def sources(self) -> list[StepOutput]:
        """The outputs of earlier steps that this step reads."""
        return [channel.source for channel in self.channels if isinstance(channel.source, StepOutput)]

    @property
    def needs(self) -> list[str]:
        """Names of the steps that must be complete before this one starts, each once, in order of mention."""
        return list(dict.fromkeys([source.step for source in self.sources] + self.depends_on))
