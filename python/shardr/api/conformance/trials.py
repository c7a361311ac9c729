"""The job that tries a clause, or several, in one language: its request and its objects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shardr._inst import inst
from shardr.api.conformance.clauses import COMMANDS, ENDINGS, LIMIT_SECONDS, Clause, content, filled
from shardr.local import contract
from shardr.requests.facts import AUGMENTED, FAST_FILE, PIPE, Kind
from shardr.requests.facts import PROCESSING as PROCESSING_JOB
from shardr.requests.facts import TRAINING as TRAINING_JOB
from shardr.spec.places import DATA, PROCESSING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

GRACE_SECONDS = 2
"""Between SIGTERM and SIGKILL: enough for a program of ours, and the suite need not wait two minutes for one."""
INSTANCE_TYPE = "ml.t3.medium"


@dataclass(frozen=True)
class Trial:
    """A clause in one language, or all that one job tries: its request, and the objects that must be there before."""

    clauses: tuple[Clause, ...]
    language: str
    image: str
    port: int
    folder: Path

    @property
    def clause(self) -> Clause:
        """The first: what the job is like all have in common."""
        return self.clauses[0]

    @property
    def kind(self) -> Kind:
        """What kind of job it is."""
        return TRAINING_JOB if self.clause.training else PROCESSING_JOB

    @property
    def job(self) -> str:
        """The job's name."""
        return f"{self.clause.job or self.clause.id}-{self.language}"

    @property
    def output_uri(self) -> str:
        """Where the job's output goes."""
        return f"s3://conformance/{self.job}/output"

    @property
    def objects(self) -> dict[str, bytes]:
        """Objects by URI: those of the clause, and the program."""
        own = {f"{self._prefix}/{key}": content(about) for key, about in self._about["objects"].items()}
        return {**own, self._program_uri: (self.folder / self.language / self._program).read_bytes()}

    @property
    def request(self) -> dict[str, Any]:
        """The request as ``CreateProcessingJob`` takes it, or ``CreateTrainingJob``."""
        about = self._about
        command = about["command"].get(self.language, [COMMANDS[self.language]])
        request = self._training(command) if self.clause.training else self._processing(command)
        request |= {"Environment": about["environment"], **about["request"]}
        return {key: value for key, value in request.items() if value is not None}

    def _processing(self, command: list[str]) -> dict[str, Any]:
        about, code = self._about, f"{PROCESSING}/input/code"
        inputs = [_input(name, given, self._prefix) for name, given in about["inputs"].items()]
        output = {"S3Uri": self.output_uri, "LocalPath": about["output"], "S3UploadMode": "EndOfJob"}
        request = smallest_request(self.job, self.image, [*command, f"{code}/{self._program}"], about["instances"])
        if about["arguments"]:
            request["AppSpecification"]["ContainerArguments"] = about["arguments"]
        return request | {
            "ProcessingInputs": [*inputs, _s3_input("code", {"S3Uri": self._program_uri, "LocalPath": code})],
            "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "S3Output": output}]},
        }

    def _training(self, command: list[str]) -> dict[str, Any]:
        about = self._about
        return {
            "TrainingJobName": self.job,
            "AlgorithmSpecification": {
                "TrainingImage": self.image,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": [*command, f"{DATA}/code/{self._program}"],
            },
            "InputDataConfig": [
                *(_channel(name, given, self._prefix) for name, given in about["inputs"].items()),
                _channel("code", {"from": f"code/{self._program}"}, f"s3://conformance/{self.job}"),
            ],
            "OutputDataConfig": {"S3OutputPath": self.output_uri},
            "ResourceConfig": {
                "InstanceCount": about["instances"],
                "InstanceType": INSTANCE_TYPE,
                "VolumeSizeInGB": 1,
            },
            **_ending(),
        }

    @property
    def _program(self) -> str:
        return f"{self.clause.program or self.clause.id}.{ENDINGS[self.language]}"

    @property
    def _program_uri(self) -> str:
        return f"s3://conformance/{self.job}/code/{self._program}"

    @property
    def _prefix(self) -> str:
        return f"s3://conformance/{self.job}/given"

    @cached_property
    def _about(self) -> dict[str, Any]:
        """The clause's settings with what is known now put in."""
        words = {"{s3}": self._prefix, "{job}": self.job, "{port}": str(self.port)}
        about: dict[str, Any] = filled(vars(self.clause), words)
        return about


def trials(found: Sequence[Clause], languages: Sequence[str], image: str, folder: Path | None) -> list[Trial]:
    """Each clause in each language, one language after the other; those that one job tries are together."""
    where = folder or inst("conformance")
    jobs: dict[str, list[Clause]] = {}
    for clause in found:
        jobs.setdefault(clause.job or clause.id, []).append(clause)
    return [
        Trial(tuple(together), language, image, _free_port(), where)
        for language in languages
        for together in jobs.values()
    ]


def smallest_request(job: str, image: str, entrypoint: list[str], instances: int = 1) -> dict[str, Any]:
    """A processing job without inputs and outputs that ends soon, whatever its program does."""
    return {
        "ProcessingJobName": job,
        "AppSpecification": {"ImageUri": image, "ContainerEntrypoint": entrypoint},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": instances, "InstanceType": INSTANCE_TYPE, "VolumeSizeInGB": 1}
        },
        **_ending(),
    }


def _ending() -> dict[str, Any]:
    return {
        "RoleArn": f"arn:aws:iam::{contract.ACCOUNT}:role/conformance",
        "StoppingCondition": {"MaxRuntimeInSeconds": LIMIT_SECONDS},
        "Tags": [{"Key": "shardr:stop-grace-seconds", "Value": str(GRACE_SECONDS)}],
    }


def _input(name: str, given: Any, prefix: str) -> dict[str, Any]:
    about = {"from": given} if isinstance(given, str) else given
    source = {
        "S3Uri": f"{prefix}/{about['from']}",
        "LocalPath": about.get("path", f"{PROCESSING}/input/{name}"),
    }
    if about.get("pipe"):
        source["S3InputMode"] = PIPE
    if about.get("gzip"):
        source["S3CompressionType"] = "Gzip"
    if about.get("sharded"):
        source["S3DataDistributionType"] = "ShardedByS3Key"
    return _s3_input(name, source, "ManifestFile" if about.get("manifest") else "S3Prefix")


def _s3_input(name: str, source: dict[str, str], kind: str = "S3Prefix") -> dict[str, Any]:
    return {"InputName": name, "S3Input": {"S3DataType": kind, "S3InputMode": "File", **source}}


def _channel(name: str, given: Any, prefix: str) -> dict[str, Any]:
    """A channel of a training job."""
    about = {"from": given} if isinstance(given, str) else given
    source = {"S3DataType": "S3Prefix", "S3Uri": f"{prefix}/{about['from']}"}
    if about.get("attributes"):
        source |= {"S3DataType": AUGMENTED, "AttributeNames": about["attributes"]}
    channel: dict[str, Any] = {"ChannelName": name, "DataSource": {"S3DataSource": source}}
    if about.get("pipe"):
        channel["InputMode"] = PIPE
    if about.get("fast"):
        channel["InputMode"] = FAST_FILE
    if about.get("gzip"):
        channel["CompressionType"] = "Gzip"
    if about.get("records"):
        channel["RecordWrapperType"] = "RecordIO"
    if "seed" in about:
        channel["ShuffleConfig"] = {"Seed": about["seed"]}
    return channel


def _free_port() -> int:
    """A port that nobody listens on: where instances are processes they share the machine's."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
