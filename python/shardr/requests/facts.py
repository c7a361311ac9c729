"""What a request asks for, in words that every kind of job shares: its image, program, channels and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardr.spec.places import CHECKPOINTS, DATA, MODEL_PATH, OUTPUT_PATH

if TYPE_CHECKING:
    from collections.abc import Mapping

ARCHIVE = ".tar.gz"
DATA_NAME, TRANSFORMED = "data", "transformed"
"""What the input and the output of a transform job are called here; the service has no names for them."""
TRANSFORM_SECONDS = 28 * 86_400
MODEL, OUTPUT = "model", "output"
"""The two outputs of every training job."""
DRIVERS = "sm_drivers"
"""The channel in which the ModelTrainer of the SageMaker SDK brings what makes its scripts fit to run."""
CODE = frozenset({"code", DRIVERS})
"""Channels of a training job that the SDK, and shardr, bring scripts in."""
PIPE = "Pipe"
"""The mode in which a channel is streamed."""
FAST_FILE = "FastFile"
"""The mode in which the files of a channel are read as they are opened."""
AUGMENTED = "AugmentedManifestFile"
"""The kind of source whose lines name what is streamed."""
DEFAULT_RUNTIME_SECONDS = 86_400


@dataclass(frozen=True)
class Kind:
    """A kind of job, and what the service calls it."""

    name: str
    noun: str
    """``ProcessingJob``: its operations are CreateProcessingJob and so on, its fields ProcessingJobName and so on."""
    resource: str
    """How its ARN names it."""
    step: str
    """The type of a pipeline's step that makes one."""

    @property
    def create(self) -> str:
        """The operation that makes such a job."""
        return f"Create{self.noun}"

    @property
    def describe(self) -> str:
        """The operation that tells how such a job stands."""
        return f"Describe{self.noun}"

    @property
    def stop(self) -> str:
        """The operation that stops such a job."""
        return f"Stop{self.noun}"

    @property
    def ended(self) -> str:
        """The field of a description that says when the job ended."""
        return f"{self.step}EndTime"

    @property
    def method(self) -> str:
        """How methods of boto3 name it: ``create_<method>``."""
        return f"{self.name}_job"

    @property
    def log_group(self) -> str:
        """Where CloudWatch has what instances print, in a stream each."""
        return f"/aws/sagemaker/{self.noun}s"

    def name_of(self, request: Mapping[str, Any]) -> str:
        """The name of the job that a request makes."""
        name: str = request[f"{self.noun}Name"]
        return name

    def named(self, request: Mapping[str, Any], name: str) -> dict[str, Any]:
        """The request under another name."""
        return {**request, f"{self.noun}Name": name}


PROCESSING = Kind("processing", "ProcessingJob", "processing-job", "Processing")
TRAINING = Kind("training", "TrainingJob", "training-job", "Training")
TRANSFORM = Kind("transform", "TransformJob", "transform-job", "Transform")
KINDS = {kind.name: kind for kind in (PROCESSING, TRAINING, TRANSFORM)}


@dataclass(frozen=True)
class Channel:
    """An input of a job, as its request has it."""

    name: str
    path: str
    """Where the instance finds it."""
    at: str
    """Where it stands in the request."""
    uri: str | None
    """None: data that does not come from S3."""
    data_type: str = "S3Prefix"
    sharded: bool = False
    mode: str = "File"
    written: bool = False
    """Whether the instance changes it: code that whoever starts it makes fit to run."""
    compression: str = "None"
    wrapper: str = "None"
    """RecordIO: each object is one record of what is streamed."""
    shuffle: int | None = None
    """Seed of the order in which objects are streamed; None: that of their keys."""
    attributes: tuple[str, ...] = ()
    """What is streamed of each line of an augmented manifest."""


@dataclass(frozen=True)
class Result:
    """An output of a job, as its request has it."""

    name: str
    path: str
    """Where the instance writes it."""
    uri: str
    """Where it goes: a prefix of files, or the archive of all."""


@dataclass(frozen=True)
class Facts:
    """A request, whichever kind of job it makes."""

    kind: Kind
    name: str
    image: str
    entrypoint: list[str] | None
    """None: the image's own."""
    arguments: list[str] | None
    environment: dict[str, str]
    instances: int
    instance_type: str
    isolated: bool
    max_runtime_seconds: int
    inputs: list[Channel]
    outputs: list[Result]

    @property
    def driven(self) -> bool:
        """Whether the SDK's drivers run first: they need files of their own, and write beside their channels."""
        return any(channel.name == DRIVERS and channel.written for channel in self.inputs)

    def uri(self, output: str) -> str:
        """Where an output goes."""
        return next(result.uri for result in self.outputs if result.name == output)


@dataclass(frozen=True)
class ModelFacts:
    """The request of a model, as far as serving it goes."""

    name: str
    image: str
    environment: dict[str, str]
    data: str | None
    """Where the archive with the model is, or the folder; None: the image has all it needs."""
    isolated: bool


def model_facts(request: Mapping[str, Any]) -> ModelFacts:
    """The facts of a ``CreateModel`` request; what is not there is empty."""
    containers = request.get("Containers", [])
    container = request.get("PrimaryContainer") or (containers[0] if containers else {})
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    return ModelFacts(
        name=request["ModelName"],
        image=container.get("Image", ""),
        environment=container.get("Environment", {}),
        data=container.get("ModelDataUrl", source.get("S3Uri")),
        isolated=request.get("EnableNetworkIsolation", False),
    )


def created_by(request: Mapping[str, Any]) -> str:
    """The operation that a request is for: one that makes a job, or the model that a job asks."""
    return "CreateModel" if "ExecutionRoleArn" in request else kind_of(request).create


def kind_of(request: Mapping[str, Any]) -> Kind:
    """The kind of job that a request makes, or that an answer describes.

    >>> kind_of({"TrainingJobName": "t", "OutputDataConfig": {}}).name
    'training'
    """
    if "TransformJobName" in request or "TransformInput" in request:
        return TRANSFORM
    return TRAINING if "TrainingJobName" in request or "OutputDataConfig" in request else PROCESSING


def facts(request: Mapping[str, Any]) -> Facts:
    """The facts of a request, or of a description of its job; what is not there is empty, or 0."""
    return {PROCESSING: _processing, TRAINING: _training, TRANSFORM: _transform}[kind_of(request)](request)


def _processing(request: Mapping[str, Any]) -> Facts:
    app = request.get("AppSpecification", {})
    cluster = request.get("ProcessingResources", {}).get("ClusterConfig", {})
    outputs = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return Facts(
        kind=PROCESSING,
        name=request.get("ProcessingJobName", ""),
        image=app.get("ImageUri", ""),
        entrypoint=app.get("ContainerEntrypoint"),
        arguments=app.get("ContainerArguments"),
        environment=request.get("Environment", {}),
        instances=cluster.get("InstanceCount", 0),
        instance_type=cluster.get("InstanceType", ""),
        isolated=request.get("NetworkConfig", {}).get("EnableNetworkIsolation", False),
        max_runtime_seconds=_limit(request),
        inputs=[_input(i, item) for i, item in enumerate(request.get("ProcessingInputs", []))],
        outputs=[
            Result(item["OutputName"], item["S3Output"].get("LocalPath", ""), item["S3Output"]["S3Uri"])
            for item in outputs
            if "S3Output" in item
        ],
    )


def _input(i: int, item: Mapping[str, Any]) -> Channel:
    source = item.get("S3Input", {})
    return Channel(
        name=item["InputName"],
        path=source.get("LocalPath", ""),
        at=f"ProcessingInputs[{i}].S3Input",
        uri=source.get("S3Uri"),
        data_type=source.get("S3DataType", ""),
        sharded=source.get("S3DataDistributionType") == "ShardedByS3Key",
        mode=source.get("S3InputMode", "File"),
        compression=source.get("S3CompressionType", "None"),
    )


def _training(request: Mapping[str, Any]) -> Facts:
    name = request.get("TrainingJobName", "")
    algorithm, resources = request.get("AlgorithmSpecification", {}), request.get("ResourceConfig", {})
    entrypoint = algorithm.get("ContainerEntrypoint")
    own = None if entrypoint else ["train"]
    mode = algorithm.get("TrainingInputMode", "File")
    return Facts(
        kind=TRAINING,
        name=name,
        image=algorithm.get("TrainingImage", ""),
        entrypoint=entrypoint,
        arguments=algorithm.get("ContainerArguments", own),
        environment=request.get("Environment", {}),
        instances=resources.get("InstanceCount", 0),
        instance_type=resources.get("InstanceType", ""),
        isolated=request.get("EnableNetworkIsolation", False),
        max_runtime_seconds=_limit(request),
        inputs=[_channel(i, item, mode) for i, item in enumerate(request.get("InputDataConfig", []))],
        outputs=[
            Result(MODEL, MODEL_PATH, artifact(request, MODEL)),
            Result(OUTPUT, OUTPUT_PATH, artifact(request, OUTPUT)),
        ],
    )


def _channel(i: int, item: Mapping[str, Any], mode: str) -> Channel:
    source = item["DataSource"].get("S3DataSource", {})
    return Channel(
        name=item["ChannelName"],
        path=f"{DATA}/{item['ChannelName']}",
        at=f"InputDataConfig[{i}].DataSource.S3DataSource",
        uri=source.get("S3Uri"),
        data_type=source.get("S3DataType", ""),
        sharded=source.get("S3DataDistributionType") == "ShardedByS3Key",
        mode=item.get("InputMode", mode),
        written=item["ChannelName"] in CODE,
        compression=item.get("CompressionType", "None"),
        wrapper=item.get("RecordWrapperType", "None"),
        shuffle=item.get("ShuffleConfig", {}).get("Seed"),
        attributes=tuple(source.get("AttributeNames", ())),
    )


def _transform(request: Mapping[str, Any]) -> Facts:
    """The image is the model's, which the request only names."""
    resources = request.get("TransformResources", {})
    source = request["TransformInput"]["DataSource"]["S3DataSource"]
    at = "TransformInput.DataSource.S3DataSource"
    return Facts(
        kind=TRANSFORM,
        name=request.get("TransformJobName", ""),
        image="",
        entrypoint=None,
        arguments=["serve"],
        environment=request.get("Environment", {}),
        instances=resources.get("InstanceCount", 0),
        instance_type=resources.get("InstanceType", ""),
        isolated=False,
        max_runtime_seconds=TRANSFORM_SECONDS,
        inputs=[Channel(DATA_NAME, "", at, source["S3Uri"], source["S3DataType"], sharded=True)],
        outputs=[Result(TRANSFORMED, "", request["TransformOutput"]["S3OutputPath"])],
    )


def artifact(request: Mapping[str, Any], output: str) -> str:
    """Where the service leaves the model, or the output, of a training job."""
    config = request["OutputDataConfig"]
    folder = f"{config['S3OutputPath'].rstrip('/')}/{request.get('TrainingJobName', '')}/output"
    plain = output == MODEL and config.get("CompressionType") == "NONE"
    return f"{folder}/{output}/" if plain else f"{folder}/{output}{ARCHIVE}"


def checkpoints(request: Mapping[str, Any]) -> tuple[str, str] | None:
    """Where checkpoints are in the instance and on S3; None for a job that keeps none."""
    config = request.get("CheckpointConfig")
    return None if config is None else (config.get("LocalPath", CHECKPOINTS), config["S3Uri"])


def _limit(request: Mapping[str, Any]) -> int:
    given: int = request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", DEFAULT_RUNTIME_SECONDS)
    return given
