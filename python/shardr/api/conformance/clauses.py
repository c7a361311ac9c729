"""The clauses of the contract as they are written in ``inst/conformance``, and the job that tries one."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shardr._inst import inst
from shardr.errors import NotFoundError, Problem
from shardr.local import contract
from shardr.requests.found import nearest
from shardr.spec.places import PROCESSING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

COMMANDS = {"r": "Rscript", "python": "python3"}
ENDINGS = {"r": "R", "python": "py"}
LIMIT_SECONDS = 60
"""How long a job may take where its clause says nothing else."""
GRACE_SECONDS = 2
"""Between SIGTERM and SIGKILL: enough for a program of ours, and the suite need not wait two minutes for one."""


@dataclass(frozen=True)
class Then:
    """What must be true of a job at its end."""

    status: str = "Completed"
    message: str | None = None
    reason: str | None = None
    outputs: dict[str, str | None] | None = None
    within: float | None = None


@dataclass(frozen=True)
class Clause:
    """One sentence of the contract, and what it takes to try it; ``clauses.yml`` tells what each field means."""

    id: str
    clause: str
    program: str = ""
    objects: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    output: str = f"{PROCESSING}/output/out"
    instances: int = 1
    arguments: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    command: dict[str, list[str]] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    stop: bool = False
    then: dict[str, Any] = field(default_factory=dict)

    @property
    def expected(self) -> Then:
        """What must be true in the end."""
        return Then(**self.then)


def clauses(folder: Path | None = None, ids: Iterable[str] = (), others: Iterable[str] = ()) -> list[Clause]:
    """All clauses, or those of the ids, in the file's order; raises ``NotFoundError`` naming ids there are not.

    ``others`` are ids of clauses of other kinds.
    """
    import yaml

    text = (folder or inst("conformance")).joinpath("clauses.yml").read_text(encoding="utf-8")
    found = [Clause(**about) for about in yaml.safe_load(text)]
    known = [*(clause.id for clause in found), *others]
    wanted = list(ids) or known
    problems = []
    for name in sorted(set(wanted) - set(known)):
        close = nearest(name, known, 3, cutoff=0.3)
        meant = " or ".join(f'"{one}"' for one in close)
        fix = f"did you mean {meant}?" if close else None
        problems.append(Problem("", f'"{name}" is no clause', fix))
    if problems:
        raise NotFoundError(
            "There are no such clauses:", problems=problems, fix=f"docs/conformance.md has all {len(known)}"
        )
    return [clause for clause in found if clause.id in wanted]


@dataclass(frozen=True)
class Trial:
    """A clause in one language: the request of its job, and the objects that must be there before."""

    clause: Clause
    language: str
    image: str
    port: int
    folder: Path

    @property
    def job(self) -> str:
        """The job's name."""
        return f"{self.clause.id}-{self.language}"

    @property
    def output_uri(self) -> str:
        """Where the job's output goes."""
        return f"s3://conformance/{self.job}/output"

    @property
    def objects(self) -> dict[str, bytes]:
        """Objects by URI: those of the clause, and the program."""
        own = {f"{self._prefix}/{key}": text.encode() for key, text in self._about["objects"].items()}
        return {**own, self._program_uri: (self.folder / self.language / self._program).read_bytes()}

    @property
    def request(self) -> dict[str, Any]:
        """The request as ``CreateProcessingJob`` takes it."""
        about = self._about
        code = f"{PROCESSING}/input/code"
        command = about["command"].get(self.language, [COMMANDS[self.language]])
        inputs = [_input(name, given, self._prefix) for name, given in about["inputs"].items()]
        output = {"S3Uri": self.output_uri, "LocalPath": about["output"], "S3UploadMode": "EndOfJob"}
        request = smallest_request(self.job, self.image, [*command, f"{code}/{self._program}"], about["instances"])
        if about["arguments"]:
            request["AppSpecification"]["ContainerArguments"] = about["arguments"]
        request |= {
            "Environment": about["environment"],
            "ProcessingInputs": [*inputs, _s3_input("code", {"S3Uri": self._program_uri, "LocalPath": code})],
            "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "S3Output": output}]},
            **about["request"],
        }
        return {key: value for key, value in request.items() if value is not None}

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
    """Each clause in each language, one language after the other."""
    where = folder or inst("conformance")
    return [Trial(clause, language, image, _free_port(), where) for language in languages for clause in found]


def smallest_request(job: str, image: str, entrypoint: list[str], instances: int = 1) -> dict[str, Any]:
    """A job without inputs and outputs that ends soon, whatever its program does."""
    return {
        "ProcessingJobName": job,
        "RoleArn": f"arn:aws:iam::{contract.ACCOUNT}:role/conformance",
        "AppSpecification": {"ImageUri": image, "ContainerEntrypoint": entrypoint},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": instances, "InstanceType": "ml.t3.medium", "VolumeSizeInGB": 1}
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": LIMIT_SECONDS},
        "Tags": [{"Key": "shardr:stop-grace-seconds", "Value": str(GRACE_SECONDS)}],
    }


def _input(name: str, given: Any, prefix: str) -> dict[str, Any]:
    about = {"from": given} if isinstance(given, str) else given
    source = {
        "S3Uri": f"{prefix}/{about['from']}",
        "LocalPath": about.get("path", f"{PROCESSING}/input/{name}"),
    }
    if about.get("sharded"):
        source["S3DataDistributionType"] = "ShardedByS3Key"
    return _s3_input(name, source, "ManifestFile" if about.get("manifest") else "S3Prefix")


def _s3_input(name: str, source: dict[str, str], kind: str = "S3Prefix") -> dict[str, Any]:
    return {"InputName": name, "S3Input": {"S3DataType": kind, "S3InputMode": "File", **source}}


def filled(value: Any, words: dict[str, str]) -> Any:
    """The value with these words put in, wherever it has text."""
    if isinstance(value, dict):
        return {key: filled(item, words) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, words) for item in value]
    if isinstance(value, str):
        for word, text in words.items():
            value = value.replace(word, text)
    return value


def _free_port() -> int:
    """A port that nobody listens on: where instances are processes they share the machine's."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
