"""Training steps: a script or an image's own algorithm, channels in, a model out."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from shardr.runtime.metrics import metric_regex
from shardr.runtime.values import as_text
from shardr.spec.foreign import refuse
from shardr.spec.parts import DEFAULT_RUNTIME_SECONDS, Channel, Result, one_or_many
from shardr.spec.places import DATA, MODEL_PATH, OUTPUT_PATH
from shardr.spec.script_step import ScriptStep
from shardr.spec.step import SAID_BY_CLASS

Collision = Literal["error", "prefix_host", "last_wins"]


def _hyperparameter(value: Any) -> Any:
    """The service takes text only; logicals are spelled as in JSON, and so are lists and maps, in canonical form."""
    return as_text(value) if isinstance(value, bool | int | float | list | dict) else value


Hyperparameter = Annotated[
    str,
    BeforeValidator(_hyperparameter),
    Field(max_length=2500),
    WithJsonSchema({"type": ["string", "number", "boolean", "array", "object"], "maxLength": 2500}),
]
Metrics = Annotated[
    Annotated[list[str], Field(max_length=40), Tag("<names>")]
    | Annotated[dict[str, str], Field(max_length=40), Tag("<expressions>")],
    Discriminator(lambda value: "<expressions>" if isinstance(value, dict) else "<names>"),
]
Checkpoints = Annotated[
    Annotated[str, Tag("<prefix>")] | Annotated[bool, Tag("<switch>")],
    Discriminator(lambda value: "<switch>" if isinstance(value, bool) else "<prefix>"),
]
TRAINING_TAGS = frozenset({"<names>", "<expressions>", "<prefix>"})
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False), AfterValidator(lambda v: int(v) if v.is_integer() else v)]
"""Whole ones without a point, as R writes them."""


class TrainingInput(Channel):
    """A channel of a training step, and how it is spread over the instances."""

    distribution: Literal["FullyReplicated", "ShardedByS3Key"] = Field(
        default="FullyReplicated",
        description="FullyReplicated: every instance gets all objects. ShardedByS3Key: object i goes to instance "
        "i mod n.",
    )
    input_mode: Literal["File", "FastFile", "Pipe"] = Field(
        default="File",
        description="File: copied before the job starts. FastFile: read when it is opened. Pipe: streamed, by the FIFO "
        "<name>_0 for the first epoch, then <name>_1 …",
    )
    compression_type: Literal["None", "Gzip"] = Field(
        default="None", description="In mode Pipe. Gzip: objects are expanded on their way."
    )
    record_wrapper_type: Literal["None", "RecordIO"] = Field(
        default="None", description="In mode Pipe. RecordIO: each object, or attribute, comes as one record."
    )
    shuffle_seed: int | None = Field(
        default=None,
        description="Objects, or lines of an augmented manifest, come in an order that this decides, anew each epoch.",
        ge=0,
        le=2**53,
    )
    attribute_names: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=256)]], BeforeValidator(one_or_many), Field(max_length=16)
    ] = Field(
        default=[],
        description="In mode Pipe: the source is an augmented manifest, a file with a JSON object on each line, of "
        "which these attributes come in this order. Of those whose name ends with -ref, the object that they name.",
    )
    content_type: str | None = Field(
        default=None, description="What the data is, as text/csv; algorithms of the service ask for it.", max_length=256
    )

    @property
    def local_path(self) -> str:
        """Where the script finds the channel."""
        return f"{DATA}/{self.name}"


class TrainingStep(ScriptStep):
    """One training job: a script or the image's algorithm, N instances, channels in, and one model of all of them."""

    type: Literal["training"] = Field(default=SAID_BY_CLASS, description="Kind of step.")
    source_dir: str | None = Field(
        default=None, description="A folder that goes with the script: code is a path in it, then.", min_length=1
    )
    hyperparameters: dict[Annotated[str, Field(max_length=256)], Hyperparameter] = Field(
        default={}, description="What the algorithm is told; all values are text to it.", max_length=100
    )
    max_runtime_seconds: int = Field(
        default=DEFAULT_RUNTIME_SECONDS, description="The job is stopped after this long.", ge=1, le=2_419_200
    )
    inputs: Annotated[
        list[Annotated[TrainingInput, BeforeValidator(refuse)]], BeforeValidator(one_or_many), Field(max_length=20)
    ] = Field(default=[], description="Channels in; at most 20.")
    metrics: Annotated[Metrics, BeforeValidator(lambda v: [v] if isinstance(v, str) else v)] = Field(
        default=[],
        description="Metrics to look for in the log: names that the script logs with log_metric(), or a regular "
        "expression for each name, whose first group is the value.",
    )
    destination: str | None = Field(
        default=None, description="Folder or s3:// prefix to leave the model in. Default: a fresh place for each run."
    )
    on_collision: Collision = Field(
        default="error", description="What to do when two instances write a file of the same name to the model."
    )
    checkpoints: Checkpoints = Field(
        default=False,
        description="true: what the script writes to /opt/ml/checkpoints outlives an interruption. An s3:// prefix: it "
        "outlives the run, too, and the next run goes on from it.",
    )
    spot: bool = Field(default=False, description="On SageMaker: spare instances that may be taken away, for less.")
    max_wait_seconds: int | None = Field(
        default=None, description="How long a spot job may wait and run together. Default: max_runtime_seconds.", ge=1
    )
    interruptions: Annotated[list[Seconds], BeforeValidator(lambda v: v if isinstance(v, list) else [v])] = Field(
        default=[],
        description="On this machine: after how many seconds the instances are taken away, as spot instances are, each "
        "time that they have started; to rehearse it.",
    )
    keep_alive_seconds: int | None = Field(
        default=None,
        description="On SageMaker: how long the instances wait, billed, for the next job.",
        ge=1,
        le=3600,
    )
    retry_attempts: int | None = Field(
        default=None, description="On SageMaker: how often a job is tried again after an internal error.", ge=1, le=30
    )

    @property
    def channels(self) -> list[Channel]:
        """What comes in."""
        return list(self.inputs)

    @property
    def results(self) -> list[Result]:
        """What goes out: the model, and other output."""
        paths = {"model": MODEL_PATH, "output": OUTPUT_PATH}
        return [Result(name, path, self.destination) for name, path in paths.items()]

    @property
    def destinations(self) -> list[tuple[str, str, str]]:
        """Where in the step a destination is named, what goes there, and the destination."""
        return [("destination", "the model", self.destination)] if self.destination is not None else []

    def without_destinations(self) -> TrainingStep:
        """The step with a fresh place for the model."""
        return self.model_copy(update={"destination": None})

    @property
    def code_path(self) -> str:
        """The folder of the instance that has the code."""
        return f"{DATA}/code"

    @property
    def entrypoint(self) -> list[str]:
        """The command with the script behind it, as the container runs it; empty without code and command."""
        if self.code is None or self.source_dir is None:
            return super().entrypoint
        return [*self.interpreter, f"{self.code_path}/{PurePosixPath(self.code)}"]

    @property
    def metric_definitions(self) -> dict[str, str]:
        """The regular expression of each metric."""
        if isinstance(self.metrics, dict):
            return self.metrics
        return {name: metric_regex(name) for name in self.metrics}
