"""What an instance finds below ``/opt/ml`` and what it leaves there: the service's contract, seen from outside."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

ML = "/opt/ml"
PROCESSING = f"{ML}/processing"
LOG_GROUP = "/aws/sagemaker/ProcessingJobs"
"""Where CloudWatch has what instances print, in a stream each."""
REGION = "us-east-1"
ACCOUNT = "000000000000"
DEFAULT_RUNTIME_SECONDS = 86_400
STOP_GRACE_SECONDS = 120
MESSAGE_BYTES = 1024
NAME_CHARACTERS = 63
REASON_CHARACTERS = 1024


def hosts(count: int) -> list[str]:
    """The names of the instances, in lexicographic order: algo-10 comes before algo-2."""
    return sorted(f"algo-{i}" for i in range(1, count + 1))


def attempt_name(name: str, attempt: int) -> str:
    """The name of a job's further attempt, cut with a digest where the service would not take the whole."""
    ending = f"-r{attempt}"
    if len(name) + len(ending) > NAME_CHARACTERS:
        import hashlib

        ending = f"-{hashlib.sha256(name.encode()).hexdigest()[:8]}{ending}"
    return name[: NAME_CHARACTERS - len(ending)] + ending


def processing_arn(name: str) -> str:
    """The name of a processing job as the service writes it in full."""
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:processing-job/{name}"


@dataclass(frozen=True)
class Tree:
    """One instance's ``/opt/ml``, kept in a folder of this machine."""

    root: Path

    def at(self, path: str) -> Path:
        """Where ``/opt/ml/…`` of the instance lies on this machine."""
        return self.root / os.path.relpath(path, ML)

    def prepare(self, request: dict[str, Any], name: str, host: str, peers: list[str]) -> None:
        """Makes the folders and writes the config files that the entrypoint may rely on."""
        for local in output_paths(request).values():
            self.at(local).mkdir(parents=True, exist_ok=True)
        for folder in ("config", "output"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        _write_json(self.root / "config/resourceconfig.json", {"current_host": host, "hosts": peers})
        _write_json(self.root / "config/processingjobconfig.json", job_config(request, name))

    def linked(self, path: str) -> bool:
        """Whether a script has put a symbolic link on the way to a path of the instance: it leads anywhere."""
        return self.at(path).resolve() != self.root.resolve() / os.path.relpath(path, ML)

    def message(self) -> bytes:
        """What the instance wrote to ``output/message``; empty when it wrote nothing."""
        folder, path = self.root / "output", self.root / "output/message"
        if self.linked(f"{ML}/output"):
            return b""
        with suppress(OSError):  # a script may have closed them to us
            folder.chmod(0o700)
            if not self.linked(f"{ML}/output/message") and path.is_file():
                if not os.access(path, os.R_OK):
                    path.chmod(0o600)
                with path.open("rb") as stream:
                    return stream.read(MESSAGE_BYTES + 4)  # enough to know whether a character is cut
        return b""


def job_config(request: dict[str, Any], name: str) -> dict[str, Any]:
    """The request as ``processingjobconfig.json`` echoes it, with the service's defaults filled in."""
    app = request["AppSpecification"]
    cluster = request["ProcessingResources"]["ClusterConfig"]
    outputs = request.get("ProcessingOutputConfig", {"Outputs": []})
    return {
        **{key: value for key, value in request.items() if key != "Tags"},
        "ProcessingJobArn": processing_arn(name),
        "AppSpecification": {"ContainerEntrypoint": None, "ContainerArguments": None, **app},
        "ProcessingInputs": [
            {**item, "S3Input": {**item["S3Input"], "S3DownloadMode": "StartOfJob"}} if "S3Input" in item else item
            for item in request.get("ProcessingInputs", [])
        ],
        "ProcessingOutputConfig": {"KmsKeyId": None, **outputs},
        "ProcessingResources": {"ClusterConfig": {"VolumeKmsKeyId": None, **cluster}},
        "StoppingCondition": {"MaxRuntimeInSeconds": max_runtime(request)},
    }


def max_runtime(request: dict[str, Any]) -> int:
    """Seconds the job may take: as given, else the service's one day."""
    given: int = request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", DEFAULT_RUNTIME_SECONDS)
    return given


def input_paths(request: dict[str, Any]) -> dict[str, str]:
    """Where each input is found in the instance, by its name."""
    inputs = [item for item in request.get("ProcessingInputs", []) if "S3Input" in item]
    return {item["InputName"]: item["S3Input"].get("LocalPath", "") for item in inputs}


def output_paths(request: dict[str, Any]) -> dict[str, str]:
    """Where each output is written in the instance, by its name."""
    outputs = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return {item["OutputName"]: item["S3Output"].get("LocalPath", "") for item in outputs if "S3Output" in item}


def output_uris(request: dict[str, Any]) -> dict[str, str]:
    """Where each output goes, by its name."""
    outputs = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    return {item["OutputName"]: item["S3Output"]["S3Uri"] for item in outputs if "S3Output" in item}


def tag(request: dict[str, Any], key: str, default: str = "") -> str:
    """A setting of ours that the service has no field for: it travels as the tag ``shardr:<key>``."""
    found: str = next((t["Value"] for t in request.get("Tags", []) if t["Key"] == f"shardr:{key}"), default)
    return found


def exit_message(messages: list[bytes]) -> str:
    """The job's exit message: those of all instances in order, cut at 1 KB where a character ends.

    Raises ``UnicodeDecodeError`` for what is no UTF-8; the service fails such a job.
    """
    joined = b"".join(messages)
    cut = joined[:MESSAGE_BYTES]
    if len(joined) > MESSAGE_BYTES:
        while cut and (joined[len(cut)] & 0xC0) == 0x80:  # the next byte continues a character: step back
            cut = cut[:-1]
    return cut.decode("utf-8")


def failure_reason(text: str) -> str:
    """A failure reason at the length the service keeps, counted in UTF-16 as Java does; odd file names made legible."""
    found = text.encode("utf-8", "backslashreplace").decode().encode("utf-16-le")
    if len(found) <= 2 * REASON_CHARACTERS:
        return found.decode("utf-16-le")
    return found[: 2 * REASON_CHARACTERS - 2].decode("utf-16-le", "ignore") + "…"


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
