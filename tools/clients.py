"""Clients of AWS that nobody here wrote, each in an environment of its own: ``python tools/clients.py [NAME ...]``.

Puts them into ``.setup/clients/<name>``, once, and prints the Python of each. A change below, another Python or another
folder makes one anew; two callers at once make it once. The tests of ``tests/clients`` and the benchmarks drive them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CLIENTS = ROOT / ".setup" / "clients"

# What each call of pip installs. The clients themselves are pinned, since they are what is tried; what they stand on
# floats within the bounds that they state, as it does for whoever installs them today.
PACKAGES = {
    "sagemaker-2": [["sagemaker==2.257.7"]],  # the last line that the published examples run with
    # Whole, it is 134 packages and 1 GB: mlflow, pyiceberg, s3fs … for training and serving. The distributions that
    # jobs and pipelines live in import without them: the core with all it asks for, the others beside it with
    # only what their modules import. All of the SDK's own code is there, as published.
    "sagemaker-3": [
        ["sagemaker-core==2.27.0", "deepdiff", "docker", "graphene>=3,<4", "psutil", "tqdm"],
        [
            "--no-deps",
            "sagemaker==3.27.0",
            "sagemaker-mlops==1.27.0",
            "sagemaker-serve==1.27.0",
            "sagemaker-train==1.27.0",
        ],
    ],
    "awscli": [["awscli==1.46.3"]],  # version 2 is not on PyPI
}
# What programs of each import. Many start at the same time, and each would compile it.
IMPORTED = {
    "sagemaker-2": "sagemaker, sagemaker.estimator, sagemaker.processing, sagemaker.workflow.pipeline",
    "sagemaker-3": "sagemaker.core.processing, sagemaker.train.model_trainer, sagemaker.mlops.workflow.pipeline",
    "awscli": "awscli.clidriver, awscli.customizations.s3.subcommands",
}


def python(name: str) -> Path:
    """The Python that has this client; it is installed when it is not there."""
    folder = CLIENTS / name
    inside, stamp, key = folder / "bin" / "python", folder / "installed", _key(name)
    CLIENTS.mkdir(parents=True, exist_ok=True)
    with (CLIENTS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (inside.exists() and stamp.exists() and stamp.read_text() == key):
            _install(name, folder, inside)
            stamp.write_text(key)
    return inside


def _key(name: str) -> str:
    """All that an environment depends on. The folder counts too: a virtual environment cannot be moved."""
    return hashlib.sha256(repr((PACKAGES[name], sys.version, str(CLIENTS))).encode()).hexdigest()


def _install(name: str, folder: Path, inside: Path) -> None:
    start = time.monotonic()
    # The Python that .venv was made of: R can load its library, too.
    _call([sys.executable, "-m", "venv", "--clear", str(folder)])
    # Compiling everything takes longer than compiling what is imported, once.
    pip = [str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    for packages in PACKAGES[name]:
        _call([*pip, *packages])
    _call([str(inside), "-c", f"import {IMPORTED[name]}"])
    print(
        f"set-up: {name} in {folder.relative_to(ROOT)}, {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True
    )


def _call(command: list[str]) -> None:
    # What reaches into .venv would reach into these, too.
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    environment.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # version 3 of the SDK makes a client when it is imported
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"set-up: {' '.join(command)} failed:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")


if __name__ == "__main__":
    for name in sys.argv[1:] or PACKAGES:
        print(python(name))
