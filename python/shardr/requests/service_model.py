"""The service's own description of its requests and answers, as botocore ships it."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class ServiceModel:
    """Operations and shapes of one AWS service.

    A shape is the plain mapping of the model: ``type``, and where they apply ``members``, ``required``,
    ``enum``, ``pattern``, ``min``, ``max``, ``union``, ``document``, ``sensitive``.
    """

    service: str
    operations: Mapping[str, Mapping[str, Any]]
    shapes: Mapping[str, Mapping[str, Any]]

    def shape_of(self, operation: str, direction: str) -> str | None:
        """Name of the ``"input"`` or ``"output"`` shape; None when the operation has none.

        Raises KeyError for an operation the service does not have.
        """
        found = self.operations[operation].get(direction)
        return found["shape"] if found else None


@cache
def service_model(service: str = "sagemaker") -> ServiceModel:
    """The model of a service, read once per process.

    botocore itself is not imported: importing its loader and model classes takes three times the reading of the file.
    The newest API version wins, as in botocore. Raises ModuleNotFoundError without botocore and
    FileNotFoundError for a service it does not describe.

    >>> "CreateProcessingJob" in service_model().operations
    True
    """
    folder = _botocore() / "data" / service
    # Some distributions ship the files unpacked.
    for file in sorted(folder.glob("*/service-2.json*"), reverse=True):
        if file.name in {"service-2.json", "service-2.json.gz"}:
            content = file.read_bytes()
            raw = json.loads(gzip.decompress(content) if file.suffix == ".gz" else content)
            return ServiceModel(service, raw["operations"], raw["shapes"])
    raise FileNotFoundError(f"botocore has no description of the service {service!r} in {folder}")


def certificates() -> Path:
    """The certificate authorities that clients of AWS trust, in one PEM file."""
    return _botocore() / "cacert.pem"


def _botocore() -> Path:
    spec = find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("botocore is not installed: pip install boto3", name="botocore")
    return Path(spec.submodule_search_locations[0])
