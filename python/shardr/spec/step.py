"""A step: one job of the service, whichever kind it is."""

from __future__ import annotations

import re
from abc import abstractmethod
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from shardr.spec.foreign import refuse
from shardr.spec.foreign_step import plain_step
from shardr.spec.parts import DURATION, INTERPRETERS, NAME, Channel, Model, Result, StepOutput, Text, Words, one_or_many

Ids = Annotated[list[Annotated[str, Field(max_length=32)]], BeforeValidator(one_or_many)]

WHEN = r"^(\$\{[A-Za-z_][A-Za-z0-9_]*\}|[^=!]*[=!]=[^=!]*)$"
When = Annotated[
    Annotated[str, Field(pattern=WHEN), Tag("<comparison>")] | Annotated[bool, Tag("<switch>")],
    Discriminator(lambda value: "<switch>" if isinstance(value, bool) else "<comparison>"),
]
STEP_TAGS = frozenset({"<comparison>", "<switch>"})


class Step(Model):
    """What every kind of step has: a program in an image, instances, and what it waits for."""

    name: str = Field(description="Name of the step.", pattern=NAME, max_length=63)
    image: str = Field(
        default="processing",
        description="An image of shardr's, or any image URI.",
        min_length=1,
        max_length=255,
    )
    command: Annotated[Words | None, Field(min_length=1, max_length=99)] = Field(
        default=None,
        description="What runs the code. Default: by the code's ending (.R: Rscript, .py: python3).",
    )
    code: str | None = Field(
        default=None,
        description="The script, relative to this file. Without it the image's own program runs.",
    )
    arguments: Annotated[Words, Field(max_length=100)] = Field(default=[], description="Arguments of the script.")
    environment: dict[Annotated[str, Field(max_length=256)], Text] = Field(
        default={}, description="Environment variables of the script.", max_length=100
    )
    instance_count: int = Field(default=1, description="Number of instances.", ge=1, le=100, strict=True)
    instance_type: str = Field(default="ml.m5.large", description="Kind of instance.")
    volume_size_gb: int = Field(default=30, description="Disk of an instance, in GB.", ge=1, le=16384)
    max_attempts: int = Field(
        default=1, description="How often a job of this step is tried before it counts as failed.", ge=1, le=10
    )
    network_isolation: bool = Field(default=False, description="Cut the instances off the network.")
    encrypt_traffic: bool = Field(default=False, description="On SageMaker: encrypt what instances tell each other.")
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
        return refuse(plain_step(value))

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

    @property
    @abstractmethod
    def code_path(self) -> str:
        """The folder of the instance that has the code."""

    @property
    def entrypoint(self) -> list[str]:
        """The command with the script behind it, as the container runs it; empty without code and command."""
        if self.code is None:
            return list(self.command or [])
        return [*self.interpreter, f"{self.code_path}/{PurePosixPath(self.code).name}"]

    @property
    def interpreter(self) -> list[str]:
        """What runs the code: ``command``, or what the code's ending says."""
        if self.command is not None:
            return list(self.command)
        ending = PurePosixPath(self.code or "").suffix.lower()
        return [INTERPRETERS[ending]] if ending in INTERPRETERS else []

    @property
    def sources(self) -> list[StepOutput]:
        """The outputs of earlier steps that this step reads."""
        return [channel.source for channel in self.channels if isinstance(channel.source, StepOutput)]

    @property
    def needs(self) -> list[str]:
        """Names of the steps that must be complete before this one starts, each once, in order of mention."""
        return list(dict.fromkeys([source.step for source in self.sources] + self.depends_on))
