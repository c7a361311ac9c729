"""The clauses of inference and batch transform as ``inst/conformance/served.yml`` has them, and the model they ask."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shardr._inst import inst
from shardr.api.conformance.clauses import LIMIT_SECONDS, Then, content, filled
from shardr.local import contract

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"deep/about.txt": b"as it was packed\n"}
"""Of the archive, beside the code."""
ENVIRONMENT = {"ANSWER": "forty two", "SAGEMAKER_MODEL_SERVER_WORKERS": "1"}
"""Of the model."""


@dataclass(frozen=True)
class Ask:
    """A request to an endpoint's instance, and what must come back."""

    get: str | None = None
    post: str | None = None
    body: str = ""
    type: str = ""
    accept: str = ""
    status: int = 200
    answer: str | None = None
    within: float | None = None
    meanwhile: str | None = None
    stop: bool = False


@dataclass(frozen=True)
class ServedClause:
    """One sentence about what is served; ``served.yml`` tells what each field means."""

    id: str
    clause: str
    asks: list[dict[str, Any]] = field(default_factory=list)
    objects: dict[str, Any] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    instances: int = 1
    stop: bool = False
    then: dict[str, Any] = field(default_factory=dict)

    @property
    def asked(self) -> list[Ask]:
        """The requests to an endpoint; none where a transform job tries the clause."""
        return [Ask(**about) for about in self.asks]

    @property
    def expected(self) -> Then:
        """What must be true of a transform job in the end."""
        return Then(**self.then)


def served_clauses(folder: Path | None = None) -> list[ServedClause]:
    """All of them, in the file's order."""
    import yaml

    text = (folder or inst("conformance")).joinpath("served.yml").read_text(encoding="utf-8")
    return [ServedClause(**about) for about in yaml.safe_load(text)]


@dataclass(frozen=True)
class Transform:
    """A clause that a transform job tries: the objects that must be there, and the request."""

    clause: ServedClause
    job: str
    model: str

    @property
    def prefix(self) -> str:
        """Where all of it is."""
        return f"s3://conformance/{self.job}"

    @property
    def objects(self) -> dict[str, bytes]:
        """Objects by URI."""
        told: dict[str, Any] = filled(self.clause.objects, {"{s3}": self.prefix})
        return {f"{self.prefix}/in/{key}": content(about) for key, about in told.items()}

    @property
    def request(self) -> dict[str, Any]:
        """The request as ``CreateTransformJob`` takes it."""
        given = filled(self.clause.request, {"{s3}": self.prefix})
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{self.prefix}/in/"}}
        return {
            "TransformJobName": self.job,
            "ModelName": self.model,
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": self.clause.instances},
            **given,
            "TransformInput": {"DataSource": source, "ContentType": "text/csv", **given.get("TransformInput", {})},
            "TransformOutput": {"S3OutputPath": f"{self.prefix}/output/", **given.get("TransformOutput", {})},
        }


def model_request(name: str, image: str, uri: str) -> dict[str, Any]:
    """The request that makes the model, as ``CreateModel`` takes it."""
    return {
        "ModelName": name,
        "ExecutionRoleArn": f"arn:aws:iam::{contract.ACCOUNT}:role/conformance",
        "PrimaryContainer": {"Image": image, "ModelDataUrl": uri, "Environment": ENVIRONMENT},
    }


def variant(model: str) -> dict[str, Any]:
    """The model on one instance, which must be well in time."""
    return {
        "VariantName": "AllTraffic",
        "ModelName": model,
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
        "ContainerStartupHealthCheckTimeoutInSeconds": LIMIT_SECONDS,
    }


def archive(folder: Path | None) -> bytes:
    """The model's archive, with the code in each language: a server takes the one that it reads."""
    place = (folder or inst("conformance")) / "served"
    files = {**FILES, **{f"code/{path.name}": path.read_bytes() for path in sorted(place.glob("inference.*"))}}
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, data in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(data)
            tar.addfile(about, io.BytesIO(data))
    return made.getvalue()
