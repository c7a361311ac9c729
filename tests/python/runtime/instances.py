"""A world for the runtime: instances of a job as folders, in one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def training(
    base: Path, host: str = "algo-1", hosts: int = 1, hyperparameters: Any = None, channels: tuple[str, ...] = ()
) -> Path:
    """What an instance of a training job finds below ``base``."""
    _config(base / "input/config", "resourceconfig", {"current_host": host, "hosts": names(hosts)})
    _config(base / "input/config", "hyperparameters", hyperparameters or {})
    if channels:
        _config(base / "input/config", "inputdataconfig", {name: {"TrainingInputMode": "File"} for name in channels})
    for name in channels:
        (base / "input/data" / name).mkdir(parents=True)
    return base


def processing(base: Path, host: str = "algo-1", hosts: int = 1) -> Path:
    """What an instance of a processing job finds: the input ``raw``, the script, the output ``kept``."""
    _config(base / "config", "resourceconfig", {"current_host": host, "hosts": names(hosts)})
    inputs = {"raw": "input", "code": "input/code", "by-itself": None}
    job = {
        "ProcessingInputs": [
            {"InputName": name, "S3Input": at and {"LocalPath": f"/opt/ml/processing/{at}"}}
            for name, at in inputs.items()
        ],
        "ProcessingOutputConfig": {
            "Outputs": [{"OutputName": "kept", "S3Output": {"LocalPath": "/opt/ml/processing/output/kept"}}]
        },
    }
    _config(base / "config", "processingjobconfig", job)
    (base / "processing/input/code").mkdir(parents=True)
    return base


def names(hosts: int) -> list[str]:
    """The names of so many hosts, in the order of their numbers."""
    return [f"algo-{i}" for i in range(1, hosts + 1)]


def _config(folder: Path, name: str, content: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
