"""The parts of which steps are made: names, texts, inputs, outputs, claims."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

from shardr.spec.foreign import refuse
from shardr.spec.places import PROCESSING

NAME = r"^[a-zA-Z0-9](-*[a-zA-Z0-9])*$"
CHANNEL = r"^[a-zA-Z0-9][a-zA-Z0-9._-]*$"
DURATION = r"^P(([0-9]+[YMWD])+(T([0-9]+[HMS])+)?|T([0-9]+[HMS])+)$"
ROLE = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[a-zA-Z0-9_+=,.@/-]+$"
DEFAULT_RUNTIME_SECONDS = 86_400
INTERPRETERS = {".r": "Rscript", ".py": "python3", ".sh": "bash"}


class Model(BaseModel):
    """A part of the spec: frozen, typed, and it refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=4096)


def one_or_many(value: Any) -> Any:
    """A statistician writes one input where a list of one is meant."""
    return [value] if isinstance(value, str | dict | BaseModel) else value


def named(value: Any) -> Any:
    """An output may be written as its name alone."""
    return {"name": value} if isinstance(value, str) else refuse(value)


def plain_text(value: Any) -> Any:
    """Numbers and logicals in arguments and environments become text, as the container only ever sees text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[
    str,
    BeforeValidator(plain_text),
    Field(max_length=256),
    WithJsonSchema({"type": ["string", "number", "boolean"], "maxLength": 256}),
]
Words = Annotated[list[Text], BeforeValidator(one_or_many)]


class StepOutput(Model):
    """The output of an earlier step, used as an input."""

    step: str = Field(description="Name of the step that makes the data.")
    output: str = Field(description="Name of that step's output.")


class Manifest(Model):
    """A list of objects: a JSON manifest file as the service reads it."""

    manifest: str = Field(description="Path or s3:// URI of the manifest file.", min_length=1)


def _source_kind(value: Any) -> str:
    if isinstance(value, str):
        return "<path>"
    if isinstance(value, Manifest) or (isinstance(value, dict) and "manifest" in value):
        return "<manifest>"
    return "<step_output>"


Source = Annotated[
    Annotated[str, Field(min_length=1), Tag("<path>")]
    | Annotated[StepOutput, Tag("<step_output>")]
    | Annotated[Manifest, Tag("<manifest>")],
    Discriminator(_source_kind),
]
SOURCE_TAGS = frozenset({"<path>", "<step_output>", "<manifest>"})

Distribution = Literal["FullyReplicated", "ShardedByS3Key", "balanced"]


class Channel(Model):
    """What comes into a step of any kind: a name, and where its data comes from."""

    name: str = Field(description="Name of the channel.", pattern=CHANNEL, max_length=64)
    source: Source = Field(
        description="A path, a glob, an s3:// prefix, {step, output} of an earlier step, or {manifest}.",
        examples=["dataset/", "s3://bucket/prefix/", {"step": "filter", "output": "filtered"}],
    )
    distribution: Distribution = "FullyReplicated"

    @property
    @abstractmethod
    def local_path(self) -> str:
        """Where the script finds the channel."""


class Input(Channel):
    """A channel of a processing step, and how it is spread over the instances."""

    distribution: Distribution = Field(
        default="FullyReplicated",
        description="FullyReplicated: every instance gets all objects. ShardedByS3Key: object i goes to instance "
        "i mod n. balanced: shards of even size in bytes, each its own single-instance job.",
    )
    path: str | None = Field(
        default=None,
        description="Where the script finds it. Default: /opt/ml/processing/input/<name>.",
        pattern=rf"^{PROCESSING}/.+",
        max_length=256,
    )
    input_mode: Literal["File", "Pipe"] = Field(
        default="File", description="File: a folder of files. Pipe: streamed, by the FIFO <path>_0, then <path>_1 …"
    )
    compression_type: Literal["None", "Gzip"] = Field(
        default="None", description="In mode Pipe. Gzip: objects are expanded on their way."
    )

    @property
    def local_path(self) -> str:
        """Where the script finds the channel."""
        return self.path or f"{PROCESSING}/input/{self.name}"


class Output(Model):
    """What a step leaves behind: everything the script wrote below ``path``."""

    name: str = Field(description="Name of the output.", pattern=CHANNEL, max_length=64)
    path: str | None = Field(
        default=None,
        description="Where the script writes it. Default: /opt/ml/processing/output/<name>.",
        pattern=rf"^{PROCESSING}/.+",
        max_length=256,
    )
    destination: str | None = Field(
        default=None,
        description="Folder or s3:// prefix to leave it in. Default: a fresh place for each run.",
    )
    on_collision: Literal["error", "prefix_host", "last_wins"] = Field(
        default="error", description="What to do when two instances write a file of the same name."
    )

    @property
    def local_path(self) -> str:
        """Where the script writes the output."""
        return self.path or f"{PROCESSING}/output/{self.name}"


class Result(NamedTuple):
    """What a step of any kind leaves behind, by its name."""

    name: str
    local_path: str
    destination: str | None


class Expect(Model):
    """The row ledger's claim for a step: what must be true of its records, or the job fails."""

    rows: Literal["preserved", "partitioned", "fewer"] = Field(
        description="preserved: as many records out as in. partitioned: every record in exactly one output, none lost, "
        "none repeated. fewer: no more records out than in."
    )
    inputs: list[str] | None = Field(default=None, description="Inputs that count. Default: all.")
    outputs: list[str] | None = Field(default=None, description="Outputs that count. Default: all.")
