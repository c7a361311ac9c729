"""What a job is: the models every door builds and every engine reads.

The JSON Schema in ``inst/schema/job.schema.json`` is exported from here; a test refuses drift. Values are spelled as in
the service (``ShardedByS3Key``); names of fields are the service's own words in snake_case.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

PROCESSING = "/opt/ml/processing"
"""Every channel of a processing job lives below this path, by the service's rule."""

NAME = r"^[a-zA-Z0-9](-*[a-zA-Z0-9])*$"
CHANNEL = r"^[a-zA-Z0-9][a-zA-Z0-9._-]*$"
DURATION = r"^P(([0-9]+[YMWD])+(T([0-9]+[HMS])+)?|T([0-9]+[HMS])+)$"
ROLE = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[a-zA-Z0-9_+=,.@/-]+$"
DEFAULT_RUNTIME_SECONDS = 86_400
INTERPRETERS = {".r": "Rscript", ".py": "python3", ".sh": "bash"}


class Model(BaseModel):
    """A part of the spec: frozen, typed, and it refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=4096)


def _one_or_many(value: Any) -> Any:
    """A statistician writes one input where a list of one is meant."""
    return [value] if isinstance(value, str | dict | BaseModel) else value


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _text(value: Any) -> Any:
    """Numbers and logicals in arguments and environments become text, as the container only ever sees text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_text), Field(max_length=256)]
Words = Annotated[list[Text], BeforeValidator(_one_or_many)]
Ids = Annotated[list[Annotated[str, Field(max_length=32)]], BeforeValidator(_one_or_many)]


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


class Input(Model):
    """A channel of a step: where its data comes from and how it is spread over the instances."""

    name: str = Field(description="Name of the channel.", pattern=CHANNEL, max_length=64)
    source: Source = Field(
        description="A path, a glob, an s3:// prefix, {step, output} of an earlier step, or {manifest}.",
        examples=["dataset/", "s3://bucket/prefix/", {"step": "filter", "output": "filtered"}],
    )
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


class Expect(Model):
    """The row ledger's claim for a step: what must be true of its records, or the job fails."""

    rows: Literal["preserved", "partitioned", "fewer"] = Field(
        description="preserved: as many records out as in. partitioned: every record in exactly one output, none lost, "
        "none repeated. fewer: no more records out than in."
    )
    inputs: list[str] | None = Field(default=None, description="Inputs that count. Default: all.")
    outputs: list[str] | None = Field(default=None, description="Outputs that count. Default: all.")


class ProcessingStep(Model):
    """One processing job: a script, N instances, channels in and out."""

    name: str = Field(description="Name of the step.", pattern=NAME, max_length=63)
    type: Literal["processing"] = Field(default="processing", description="Kind of step.")
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
    max_runtime_seconds: int = Field(
        default=DEFAULT_RUNTIME_SECONDS, description="The job is stopped after this long.", ge=1, le=777_600
    )
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
    depends_on: Annotated[list[str], BeforeValidator(_one_or_many)] = Field(
        default=[], description="Steps that must be complete first, besides those whose outputs are used."
    )
    inputs: Annotated[list[Input], BeforeValidator(_one_or_many), Field(max_length=10)] = Field(
        default=[], description="Channels in; at most 10."
    )
    outputs: Annotated[
        list[Annotated[Output, BeforeValidator(_named)]], BeforeValidator(_one_or_many), Field(max_length=10)
    ] = Field(default=[], description="Outputs, by name or in full; at most 10.")
    expect: Expect | None = Field(default=None, description="What the row ledger must find.")

    @property
    def entrypoint(self) -> list[str]:
        """The command with the script behind it, as the container runs it; empty without code and command."""
        if self.code is None:
            return list(self.command or [])
        return [*self.interpreter, f"{PROCESSING}/input/code/{PurePosixPath(self.code).name}"]

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
        return [channel.source for channel in self.inputs if isinstance(channel.source, StepOutput)]

    @property
    def needs(self) -> list[str]:
        """Names of the steps that must be complete before this one starts, each once, in order of mention."""
        return list(dict.fromkeys([source.step for source in self.sources] + self.depends_on))


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
    steps: Annotated[list[ProcessingStep], BeforeValidator(_one_or_many), Field(min_length=1)] = Field(
        description="The steps."
    )

    def step(self, name: str) -> ProcessingStep:
        """The step of this name; ``KeyError`` when there is none."""
        return next(step for step in self.steps if step.name == name)

    def in_order(self) -> list[ProcessingStep]:
        """The steps so that each comes after those it needs; as written where that is already so."""
        done: list[ProcessingStep] = []
        waiting = list(self.steps)
        while waiting:
            names = {step.name for step in done}
            ready = next((step for step in waiting if names.issuperset(step.needs)), None)
            if ready is None:
                raise ValueError("the steps form a cycle")
            waiting.remove(ready)
            done.append(ready)
        return done
