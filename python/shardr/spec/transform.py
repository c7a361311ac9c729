"""Transform steps: a model that is asked about every record of its input, and its answers beside them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from shardr.spec.parts import NAME, Channel, Distribution, Model, Result, Source, StepOutput, plain_text
from shardr.spec.step import SAID_BY_CLASS, Step

DATA, TRANSFORMED, TRAINED = "data", "transformed", "model"
"""What the one input and the one output of a transform job are called, and the output of a training job it takes."""
MOST_IN_FLIGHT_MB = 100
"""Payload times concurrency may not be more, by the service's rule."""


Text = Annotated[
    str,
    BeforeValidator(plain_text),
    Field(max_length=10240),
    WithJsonSchema({"type": ["string", "number", "boolean"], "maxLength": 10240}),
]


class TrainedModel(Model):
    """The model that a training step of the same spec makes."""

    step: str = Field(description="Name of the training step.")
    output: Literal["model"] = Field(default="model", description="Its output.")


class KnownModel(Model):
    """A model that is there already, by its name."""

    model_name: str = Field(description="Name of a model, as CreateModel made it.", pattern=NAME, max_length=63)


def _model_kind(value: Any) -> str:
    if isinstance(value, str):
        return "<archive>"
    if isinstance(value, KnownModel) or (isinstance(value, dict) and "model_name" in value):
        return "<known>"
    return "<trained>"


Asked = Annotated[
    Annotated[str, Field(min_length=1), Tag("<archive>")]
    | Annotated[TrainedModel, Tag("<trained>")]
    | Annotated[KnownModel, Tag("<known>")],
    Discriminator(_model_kind),
]
TRANSFORM_TAGS = frozenset({"<archive>", "<trained>", "<known>"})


class TransformInput(Channel):
    """The one channel of a transform step: each object goes to one instance."""

    distribution: Distribution = "ShardedByS3Key"

    @property
    def local_path(self) -> str:
        """Nowhere: instances are asked about it, they have no files of it."""
        return ""


class TransformStep(Step):
    """One transform job: a model served on N instances, objects in, and for each an object with the answers."""

    type: Literal["transform"] = Field(default=SAID_BY_CLASS, description="Kind of step.")
    model: Asked = Field(
        description="The model: {step} of a training step; a model.tar.gz, a folder or an s3:// URI of one; or "
        "{model_name} of one that is there already.",
        examples=[{"step": "train"}, "model.tar.gz", {"model_name": "prices"}],
    )
    image: str | None = Field(
        default=None,
        description="What serves the model: an image of shardr's, or any image URI. Default: that of the training "
        "step, and serving where that is processing.",
        min_length=1,
        max_length=255,
    )
    input: Source = Field(
        description="A path, a glob, an s3:// prefix, {step, output} of an earlier step, or {manifest}.",
        examples=["dataset/", "s3://bucket/prefix/", {"step": "prepare", "output": "test"}],
    )
    content_type: str | None = Field(default=None, description="What the data is, as text/csv.", max_length=256)
    split_type: Literal["None", "Line", "RecordIO", "TFRecord"] = Field(
        default="None", description="What a record is. None: the whole object is one."
    )
    compression: Literal["None", "Gzip"] = Field(default="None", description="Gzip: objects are expanded first.")
    csv_lines: bool = Field(
        default=False,
        description="On this machine: a newline inside quotes does not end a Line. SageMaker does not look at quotes.",
    )
    strategy: Literal["MultiRecord", "SingleRecord"] | None = Field(
        default=None,
        description="How many records a request has: as many as the payload holds, or one. Default: what the container "
        "says, else MultiRecord.",
    )
    max_payload_mb: int | None = Field(
        default=None,
        description="How large a request may be, in MB. Default: what the container says, else 6.",
        ge=0,
        le=MOST_IN_FLIGHT_MB,
    )
    max_concurrent_transforms: int | None = Field(
        default=None,
        description="How many requests an instance gets at once. Default: what the container says, else 1.",
        ge=0,
        le=1000,
    )
    invocations_timeout_seconds: int | None = Field(
        default=None, description="How long an answer may take. Default: 600.", ge=1, le=3600
    )
    invocations_max_retries: int | None = Field(
        default=None, description="How often a request is sent again that the server failed at. Default: 3.", ge=0, le=3
    )
    accept: str | None = Field(
        default=None, description="What the answers are to be. Default: as the model likes.", max_length=256
    )
    assemble_with: Literal["None", "Line"] = Field(
        default="None", description="What stands between answers. Line: each ends with a newline."
    )
    input_filter: str | None = Field(
        default=None, description="JSONPath to what of a record the model gets, as $[1:]. Default: all.", max_length=63
    )
    join_source: Literal["None", "Input"] = Field(
        default="None", description="Input: each answer stands behind the record that it is to."
    )
    output_filter: str | None = Field(
        default=None, description="JSONPath to what of the joined record is kept. Default: all.", max_length=63
    )
    environment: dict[Annotated[str, Field(max_length=1024)], Text] = Field(
        default={}, description="Environment variables of the instances.", max_length=16
    )
    destination: str | None = Field(
        default=None, description="Folder or s3:// prefix to leave the answers in. Default: a fresh place for each run."
    )

    @property
    def channels(self) -> list[Channel]:
        """What comes in."""
        return [TransformInput(name=DATA, source=self.input)]

    @property
    def results(self) -> list[Result]:
        """What goes out: an object with the ending .out for each that came in."""
        return [Result(TRANSFORMED, "", self.destination)]

    @property
    def destinations(self) -> list[tuple[str, str, str]]:
        """Where in the step a destination is named, what goes there, and the destination."""
        return [("destination", "the answers", self.destination)] if self.destination is not None else []

    def without_destinations(self) -> TransformStep:
        """The step with a fresh place for the answers."""
        return self.model_copy(update={"destination": None})

    def source_at(self, i: int) -> str:  # noqa: ARG002 - there is one
        """Where in the step the source of its channel is written."""
        return "input"

    @property
    def sources(self) -> list[StepOutput]:
        """The outputs of earlier steps that this step reads, its model first."""
        trained = [StepOutput(step=self.model.step, output=TRAINED)] if isinstance(self.model, TrainedModel) else []
        return [*trained, *super().sources]
